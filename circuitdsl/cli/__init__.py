"""The command line: each command parses its arguments, calls one function and prints.

Heavy libraries are imported inside the commands that need them, so that `check` stays quick.
Results go to standard output, everything said on the way to standard error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer

from circuitdsl import __version__
from circuitdsl.cli.failures import Commands
from circuitdsl.run.opening.compiled import keep_compiled

COMMANDS = {
    "check": "checking:check",
    "format": "circuits:format_files",
    "lower": "circuits:lower",
    "explain": "circuits:explain",
    "draw": "circuits:draw",
    "report": "pages:report",
    "microscope": "pages:microscope",
    "activation-atlas": "pages:activation_atlas",
    "accuracy": "networks:accuracy",
    "find": "comparisons:find",
    "score": "comparisons:score",
    "match": "matching:match",
    "coverage": "atlas:coverage",
    "visualize": "visualizing:visualize",
    "look": "looking:look",
    "grid": "looking:grid",
    "use": "looking:use",
    "cleanroom": "atlas:cleanroom",
    "examples": "visualizing:examples",
    "joint": "visualizing:joint",
    "weights": "visualizing:weights",
    "fit": "fitting:fit",
    "fit-all": "fitting:fit_all",
    "effect": "edits:effect",
    "edit": "edits:edit",
    "sweep": "edits:sweep",
    "lsp": "editors:lsp",
    "models": "networks:models_app",
    "images": "images:images_app",
}
"""The module and the name in it of each command, or of the app of a group of commands."""


class _Loading(MutableMapping[str, Any]):
    """The commands by name, each loaded when it is asked for.

    Typer looks at the signature of each command that it is given, and a signature needs its
    module: of a run with one command most of the command line would be loaded for nothing.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        """Keep where commands are.

        Args:
            places: The module within `circuitdsl.cli` and the name in it, `module:name`, of each
                command, or of the Typer app of a group of commands.
        """
        self._places = places
        self._loaded: dict[str, Any] = dict.fromkeys(places)

    def __getitem__(self, name: str) -> Any:
        """The command of a name."""
        command = self._loaded[name]
        if command is None:
            command = self._loaded[name] = _command(name, self._places[name])
        return command

    def __setitem__(self, name: str, command: Any) -> None:
        """Add a command that is loaded."""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        """Take a command away."""
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """The names, without loading anything."""
        return iter(self._loaded)

    def __len__(self) -> int:
        """The number of commands."""
        return len(self._loaded)


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    content = getattr(import_module(f"circuitdsl.cli.{module}"), attribute)
    holder = typer.Typer()
    if isinstance(content, typer.Typer):
        holder.add_typer(content, name=name)
    else:
        holder.command(name)(content)
    return typer.main.get_group(holder).commands[name]


class _Commands(Commands):
    """The commands of `COMMANDS`; only the one that runs is loaded."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Loading(COMMANDS)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, as help and shell completion list them."""
        del ctx
        return list(self.commands)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
            "--cache/--no-cache", help="Keep compiled programs for the next run, at most 512 MB."
        ),
    ] = True,
) -> None:
    """Describe circuits of vision networks as text, and compare them with trained neurons."""
    del version, debug  # `_print_version` and `Commands` read them
    keep_compiled(wanted=cache)


def main() -> None:
    """Run the command line."""
    app()
