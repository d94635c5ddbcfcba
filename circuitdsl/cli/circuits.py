"""Commands on circuit files alone: format, lower, explain, draw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.failures import FINDINGS, say_warning
from circuitdsl.cli.options import CircuitFile, CircuitFiles, writable
from circuitdsl.cli.output import say_left_out, writing
from circuitdsl.text.diagnostics import CODES, DiagnosticError, InputError


def format_files(
    files: CircuitFiles,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if a file would change.")
    ] = False,
) -> None:
    """Rewrite circuit files in the canonical layout."""
    from circuitdsl.run.circuits import format
    from circuitdsl.syntax.read import read_source
    from circuitdsl.text.files import write_text

    changed = 0
    for file in files:
        source = read_source(file)
        formatted = format(source.text, source.name)
        if formatted == source.text:
            continue
        changed += 1
        typer.echo(f"{'would format' if check_only else 'formatted'} {file}")
        if not check_only:
            with writing(file):
                write_text(file, formatted, may_be_input=True)
    raise typer.Exit(FINDINGS if changed and check_only else 0)


def lower(
    file: CircuitFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the weights (safetensors).",
            callback=writable,
        ),
    ] = None,
    emit: Annotated[
        Literal["tree", "ir", "weights"] | None,
        typer.Option(help="Print a stage: the syntax tree, the IR, or a table of the weights."),
    ] = None,
    calibrated: Annotated[
        bool, typer.Option(help="Compute the gains and biases of `calibrate`.")
    ] = True,
    inside: Annotated[
        str | None,
        typer.Option(
            metavar="BACKBONE",
            help="Write all weights of a blank network that contains the circuit.",
        ),
    ] = None,
) -> None:
    """Compile a circuit file to weights."""
    if output is None and emit is None:
        raise InputError("nothing to do", help="give -o FILE.safetensors, or --emit a stage")
    if emit == "tree":
        _emit_tree(file)
        if output is None:
            return
    from circuitdsl.checking.load import load
    from circuitdsl.models.written.inside import departures
    from circuitdsl.run.circuits import inside as inside_of

    circuit = load(file)
    if emit == "ir":
        from circuitdsl.ir.writing.text import dump_ir

        typer.echo(dump_ir(circuit), nl=False)
    if output is None and emit != "weights":
        return
    from circuitdsl.lowering.provenance import describe_weights
    from circuitdsl.measure.calibration import calibrate
    from circuitdsl.models.written.handwritten import build
    from circuitdsl.run.saving import save

    if inside is not None:
        for sentence in departures(circuit):
            say_warning(sentence)
        circuit = inside_of(circuit, inside)
    network = calibrate(build(circuit)) if calibrated else build(circuit)
    if emit == "weights":
        typer.echo(describe_weights(circuit, network.arrays), nl=False)
    if output is None:
        return
    with writing(output):
        save(network, output, inside=inside is not None)
    typer.echo(f"wrote {output}", err=True)
    names = ", ".join(family.name for family in circuit.families if family.units is not None)
    if names:
        typer.echo(f"to run it, give the trained network whose units it reads: {names}", err=True)


def _codes(incomplete: str) -> list[str]:
    """Codes that a shell offers."""
    return [code for code in sorted(CODES) if code.startswith(incomplete.upper())]


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|FILE",
            help="A code such as E201, or a circuit file; without it, all codes are listed.",
            autocompletion=_codes,
        ),
    ] = None,
) -> None:
    """Explain a message with examples, or print what was inferred about a circuit file."""
    from circuitdsl.reporting.facts import explain as explanation

    typer.echo(explanation(what), nl=False)


def draw(
    file: CircuitFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A page (.html), or only the picture of families and arrows (.svg, .png).",
            callback=writable,
        ),
    ],
    family: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Draw only this family and the connections into and out of it."
        ),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photographs, for activation maps.")
    ] = None,
) -> None:
    """Draw a circuit: its families, its kernels and the responses of its families."""
    from circuitdsl.reporting.drawn.drawing import draw as draw_circuit

    with writing(output):
        drawn = draw_circuit(file, output, family=family, images=images)
    say_left_out(dict(drawn.skipped))
    typer.echo(f"wrote {output}", err=True)


def _emit_tree(file: Path) -> None:
    from circuitdsl.syntax.format import dump_tree
    from circuitdsl.syntax.parse import parse
    from circuitdsl.syntax.read import read_source

    tree, findings = parse(read_source(file))
    typer.echo(dump_tree(tree), nl=False)
    if findings:
        raise DiagnosticError(findings)
