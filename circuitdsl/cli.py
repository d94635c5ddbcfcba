"""The command line: each command parses its arguments, calls one function and prints.

Heavy libraries are imported inside the commands that need them, so that `check` stays quick.
Results go to standard output, everything said on the way to standard error. Exit codes: 0, 1 for
findings in a circuit file (or a file that `format --check` would change), 2 for usage and input,
130 for an interrupt.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from circuitdsl import __version__
from circuitdsl.diagnostics import DiagnosticError, InputError

if TYPE_CHECKING:
    from circuitdsl.diagnostics import Diagnostic
    from circuitdsl.ir.circuit import Circuit

FINDINGS, USAGE, INTERNAL, INTERRUPTED = 1, 2, 70, 130
"""Exit codes other than success."""


class Commands(TyperGroup):
    """Turns every expected failure of a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            _say_error(error)
            raise typer.Exit(USAGE) from error
        except DiagnosticError as error:
            _print_findings(error.diagnostics, err=True)
            raise typer.Exit(FINDINGS) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; files are written whole or not at all", err=True)
            raise typer.Exit(INTERRUPTED) from error
        except Exception as error:
            usage = type(error).__module__.startswith(("typer", "click"))
            if usage or ctx.params.get("debug") or isinstance(error, BrokenPipeError):
                raise
            _say_error(
                InputError(
                    f"internal error: {type(error).__name__}: {error}",
                    help="run it again as `circuitdsl --debug ...` and report what it shows",
                )
            )
            raise typer.Exit(INTERNAL) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(no_args_is_help=True, help="The trained networks and their weight files.")
find_app = typer.Typer(no_args_is_help=True, help="Find families of units by their tuning alone.")
app.add_typer(models_app, name="models")
app.add_typer(find_app, name="find")

CircuitFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Circuit files (.circ).", show_default=False)
]
CircuitFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A circuit file (.circ).", show_default=False)
]
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="See `circuitdsl models list`.")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="MODEL", help="See `circuitdsl models list`.")
]
Weights = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Weights of that architecture, instead of the model's own."),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Also write the result as JSON.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Use N images, spread over the folder.")
]


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
) -> None:
    """Write a vision network's circuits as text and compare them with trained neurons."""
    del version, debug  # `_print_version` and `Commands` read them


@app.command()
def check(files: CircuitFiles) -> None:
    """Check circuit files and print every error and warning."""
    from circuitdsl.check.load import check_path

    worst = 0
    for file in files:
        try:
            result = check_path(file)
        except InputError as error:
            _say_error(error)
            worst = USAGE
            continue
        _print_findings(result.diagnostics)
        if result.errors:
            worst = max(worst, FINDINGS)
        else:
            typer.echo(f"{file}: no errors; {_contents(result.circuit)}")
    raise typer.Exit(worst)


@app.command("format")
def format_files(
    files: CircuitFiles,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if a file would change.")
    ] = False,
) -> None:
    """Rewrite circuit files in the one canonical layout."""
    from circuitdsl.files import write_text
    from circuitdsl.syntax.format import format_source
    from circuitdsl.syntax.read import read_source

    changed = 0
    for file in files:
        source = read_source(file)
        formatted = format_source(source)
        if formatted == source.text:
            continue
        changed += 1
        typer.echo(f"{'would format' if check_only else 'formatted'} {file}")
        if not check_only:
            with _writing(file):
                write_text(file, formatted)
    raise typer.Exit(FINDINGS if changed and check_only else 0)


@app.command()
def lower(
    file: CircuitFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the weights (safetensors)."),
    ] = None,
    emit: Annotated[
        Literal["tree", "ir", "weights"] | None,
        typer.Option(help="Print a stage: the syntax tree, the IR, or a table of the weights."),
    ] = None,
    calibrated: Annotated[
        bool, typer.Option(help="Solve the gains and offsets that `calibrate` asks for.")
    ] = True,
) -> None:
    """Compile a circuit file to weights."""
    if output is None and emit is None:
        raise InputError("nothing to do", help="give -o FILE.safetensors, or --emit a stage")
    if emit == "tree":
        _emit_tree(file)
        if output is None:
            return
    from circuitdsl.check.load import load

    circuit = load(file)
    if emit == "ir":
        from circuitdsl.ir.dump import dump_ir

        typer.echo(dump_ir(circuit))
    if output is None and emit != "weights":
        return
    from circuitdsl.lower.provenance import describe_weights, save_lowered
    from circuitdsl.lower.weights import lower as lower_circuit
    from circuitdsl.stimuli.calibration import calibrate

    weights = lower_circuit(circuit)
    if calibrated:
        weights = calibrate(circuit, weights)
    if emit == "weights":
        typer.echo(describe_weights(circuit, weights))
    if output is not None:
        with _writing(output):
            save_lowered(output, circuit, weights)
        typer.echo(f"wrote {output}", err=True)


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A diagnostic's code, like E201.")],
) -> None:
    """Explain a diagnostic: what it means, a wrong example and a right one."""
    from circuitdsl.diagnostics import explain as explanation

    typer.echo(explanation(code))


@models_app.command("list")
def list_models() -> None:
    """List the trained networks, and whether their weights are here."""
    from circuitdsl.models.registry import MODELS, best_available, find_weights

    best = best_available()
    for name, model in MODELS.items():
        path = find_weights(name)
        typer.echo(f"{name:<20} {model.summary}")
        typer.echo(f"{'':<20} {path if path is not None else 'weights not here'}")
    typer.echo(f"auto is {best}")


@models_app.command("fetch")
def fetch_model(name: ModelName) -> None:
    """Download a network's weights; go on where an interrupted download stopped."""
    from circuitdsl.models.fetch import fetch
    from circuitdsl.report.terminal import download_bar

    with download_bar(name) as report:
        path = fetch(name, report)
    typer.echo(str(path))


@models_app.command("path")
def path_of_model(name: ModelName) -> None:
    """Print where a network's weights are."""
    from circuitdsl.models.registry import model_path

    typer.echo(str(model_path(name)))


@models_app.command("verify")
def verify_model(name: ModelName, weights: Weights = None) -> None:
    """Read a network's weights, check their shapes, values and checksum."""
    from circuitdsl.models.registry import verify

    verified = verify(name, weights)
    typer.echo(f"{verified.path}: {verified.statement}")


@app.command()
def accuracy(
    *,
    model: Model,
    images: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Photographs, in one folder for each class."),
    ],
    weights: Weights = None,
    limit: Limit = None,
    json: Json = None,
) -> None:
    """Measure a network's top-1 and top-5 accuracy and cross-entropy on labelled images."""
    from circuitdsl.compare.by_name import accuracy as measure
    from circuitdsl.report.terminal import progress

    with progress() as report:
        name, result = measure(model, images, weights=weights, limit=limit, progress=report)
    _left_out({str(path): why for path, why in result.skipped.items()})
    _write_json(json, lambda: result.as_json(name))
    typer.echo(
        f"{name} on {result.n} images: top-1 {result.top1:.1%}, top-5 {result.top5:.1%}, "
        f"cross-entropy {result.cross_entropy:.3f}"
    )


@find_app.command("curves")
def find_curves(
    *,
    model: Model,
    layer: Annotated[
        str, typer.Option("--layer", "-l", metavar="LAYER", help="A layer, such as mixed3b.")
    ],
    weights: Weights = None,
    units: Annotated[int, typer.Option(min=1, help="How many units to show and declare.")] = 10,
    circ: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", "--circ", metavar="FILE", help="Declare the family in a .circ file."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Find a network's curve detectors: rank every unit of a layer by its tuning to circles."""
    from circuitdsl.compare.by_name import find_curves as find
    from circuitdsl.report.tables import found_table
    from circuitdsl.report.terminal import print_table, progress

    with progress() as report:
        found = find(model, layer, weights=weights, progress=report)
    if circ is not None:
        from circuitdsl.files import write_text
        from circuitdsl.ir.text import to_source

        with _writing(circ):
            write_text(circ, to_source(found.circuit(units)))
    _write_json(json, found.record)
    print_table(found_table(found, units))


@app.command()
def score(
    file: CircuitFile,
    *,
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="MODEL", help="A trained network, or `auto`."),
    ] = "auto",
    weights: Weights = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs; without them, scenes are drawn."),
    ] = None,
    limit: Limit = None,
    json: Json = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the tuning curves (.png, .svg or .pdf)."),
    ] = None,
    members: Annotated[
        Literal["placed", "as-written"],
        typer.Option(help="At the originals' preferred angles, or at the file's own."),
    ] = "placed",
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which family; by default the last one.")
    ] = None,
    units: Annotated[int, typer.Option(min=1, help="With how many trained units.")] = 10,
) -> None:
    """Score a hand-written family against the curve detectors of a trained network."""
    from circuitdsl.compare.by_name import score as score_file
    from circuitdsl.report.figures import check_format, draw_tuning
    from circuitdsl.report.tables import score_table
    from circuitdsl.report.terminal import print_table, progress

    if figure is not None:
        check_format(figure)
    with progress() as report:
        comparison = score_file(
            file,
            model,
            weights=weights,
            images=images,
            limit=limit,
            members=members,
            family=family,
            units=units,
            progress=report,
        )
    _left_out(dict(comparison.skipped))
    _write_json(json, comparison.record)
    if figure is not None:
        with _writing(figure):
            draw_tuning(comparison, figure)
    print_table(score_table(comparison))
    if figure is not None:
        typer.echo(f"figure: {figure}")


def main() -> None:
    """Run the command line."""
    app()


def _emit_tree(file: Path) -> None:
    from circuitdsl.syntax.dump import dump_tree
    from circuitdsl.syntax.parse import parse
    from circuitdsl.syntax.read import read_source

    tree, findings = parse(read_source(file))
    typer.echo(dump_tree(tree))
    if findings:
        raise DiagnosticError(findings)


def _contents(circuit: Circuit | None) -> str:
    if circuit is None:
        return "declarations for other files"
    units = sum(family.size for family in circuit.families)
    return (
        f"{len(circuit.families)} families, {units} units, {len(circuit.connections)} connections"
    )


def _print_findings(findings: tuple[Diagnostic, ...], *, err: bool = False) -> None:
    from circuitdsl.diagnostics import render

    for finding in findings:
        head, _, rest = render(finding).partition("\n")
        colour = typer.colors.RED if finding.severity == "error" else typer.colors.YELLOW
        typer.secho(head, fg=colour, bold=True, err=err)
        typer.echo(f"{rest}\n", err=err)


def _say_error(error: InputError) -> None:
    typer.secho("error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    typer.echo(error.message, err=True)
    if error.why:
        typer.echo(f"  = why: {error.why}", err=True)
    if error.help:
        typer.echo(f"  = help: {error.help}", err=True)


@contextmanager
def _writing(target: Path) -> Generator[None]:
    """Say which file could not be written, and that nothing of it was."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {target}",
            why=f"{error.strerror or error}; nothing was written",
            help="make room, or name another file",
        ) from error


def _left_out(skipped: dict[str, str]) -> None:
    for name, why in skipped.items():
        typer.secho("warning: ", fg=typer.colors.YELLOW, bold=True, nl=False, err=True)
        typer.echo(f"left out {name}: {why}", err=True)


def _write_json(target: Path | None, record: Callable[[], dict[str, Any]]) -> None:
    if target is None:
        return
    from circuitdsl.report.records import write_json

    with _writing(target):
        write_json(target, record())
