"""The command line: each command parses its arguments, calls one function and prints.

Heavy libraries are imported inside the commands that need them, so that `check` stays quick.
Results go to standard output, everything said on the way to standard error.
"""

from __future__ import annotations

from typing import Annotated

import typer

from circuitdsl import __version__
from circuitdsl.cli import (
    atlas,
    checking,
    circuits,
    comparisons,
    editors,
    edits,
    fitting,
    images,
    looking,
    matching,
    networks,
    pages,
    visualizing,
)
from circuitdsl.cli.failures import Commands
from circuitdsl.run.opening.compiled import keep_compiled

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(checking.check)
app.command("format")(circuits.format_files)
app.command("lower")(circuits.lower)
app.command("explain")(circuits.explain)
app.command("draw")(circuits.draw)
app.command("report")(pages.report)
app.command("microscope")(pages.microscope)
app.command("activation-atlas")(pages.activation_atlas)
app.add_typer(networks.models_app, name="models")
app.add_typer(images.images_app, name="images")
app.command("accuracy")(networks.accuracy)
app.command("find")(comparisons.find)
app.command("score")(comparisons.score)
app.command("match")(matching.match)
app.command("coverage")(atlas.coverage)
app.command("visualize")(visualizing.visualize)
app.command("look")(looking.look)
app.command("grid")(looking.grid)
app.command("use")(looking.use)
app.command("cleanroom")(atlas.cleanroom)
app.command("examples")(visualizing.examples)
app.command("joint")(visualizing.joint)
app.command("weights")(visualizing.weights)
app.command("fit")(fitting.fit)
app.command("fit-all")(fitting.fit_all)
app.command("effect")(edits.effect)
app.command("edit")(edits.edit)
app.command("sweep")(edits.sweep)
app.command("lsp")(editors.lsp)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"circuitdsl {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an internal error.")
    ] = False,
    cache: Annotated[
        bool,
        typer.Option(
            "--cache/--no-cache", help="Keep compiled programs for the next run, 512 MB at most."
        ),
    ] = True,
) -> None:
    """Write a vision network's circuits as text and compare them with trained neurons."""
    del version, debug  # `_print_version` and `Commands` read them
    keep_compiled(wanted=cache)


def main() -> None:
    """Run the command line."""
    app()
