"""Commands on circuit files alone: format, lower, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from circuitdsl.cli.failures import FINDINGS, say_warning
from circuitdsl.cli.options import CircuitFile, CircuitFiles
from circuitdsl.cli.output import writing
from circuitdsl.text.diagnostics import DiagnosticError, InputError

if TYPE_CHECKING:
    from jax import Array

    from circuitdsl.ir.circuit import Circuit


def format_files(
    files: CircuitFiles,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if a file would change.")
    ] = False,
) -> None:
    """Rewrite circuit files in the one canonical layout."""
    from circuitdsl.syntax.format import format_source
    from circuitdsl.syntax.read import read_source
    from circuitdsl.text.files import write_text

    changed = 0
    for file in files:
        source = read_source(file)
        formatted = format_source(source)
        if formatted == source.text:
            continue
        changed += 1
        typer.echo(f"{'would format' if check_only else 'formatted'} {file}")
        if not check_only:
            with writing(file):
                write_text(file, formatted)
    raise typer.Exit(FINDINGS if changed and check_only else 0)


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
    inside: Annotated[
        str | None,
        typer.Option(
            metavar="BACKBONE", help="Write every weight of a blank network with the circuit in it."
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

    circuit = load(file)
    if emit == "ir":
        from circuitdsl.ir.text import dump_ir

        typer.echo(dump_ir(circuit), nl=False)
    if output is None and emit != "weights":
        return
    from circuitdsl.lowering.provenance import describe_weights, save_lowered
    from circuitdsl.lowering.weights import lower as lower_circuit
    from circuitdsl.measure.calibration import calibrate

    if inside is not None:
        circuit = _inside(circuit, inside)
    weights = lower_circuit(circuit)()
    if calibrated:
        weights = calibrate(circuit, weights)
    if emit == "weights":
        typer.echo(describe_weights(circuit, weights), nl=False)
    if output is None:
        return
    with writing(output):
        if inside is None:
            save_lowered(output, circuit, weights)
        else:
            _write_inside(output, circuit, weights)
    typer.echo(f"wrote {output}", err=True)
    given = [family.name for family in circuit.families if family.units is not None]
    if given:
        names = ", ".join(given)
        typer.echo(f"units of a trained network take part: {names}; give one to run", err=True)


def explain(
    what: Annotated[
        str,
        typer.Argument(metavar="CODE|FILE", help="A diagnostic's code, like E201, or a circuit."),
    ],
) -> None:
    """Explain a diagnostic, with examples, or what was inferred about a circuit file."""
    if not what.endswith(".circ"):
        from circuitdsl.text.diagnostics import explain as explanation

        typer.echo(explanation(what))
        return
    from circuitdsl.checking.load import load
    from circuitdsl.report.facts import describe_circuit

    typer.echo(describe_circuit(load(what)), nl=False)


def _inside(circuit: Circuit, backbone: str) -> Circuit:
    """The circuit as a blank network runs it, having said how that differs."""
    from circuitdsl.ir.packing import fitted
    from circuitdsl.models.inside import as_inside, departures

    own = circuit.backbone.geometry.name
    if backbone != own:
        raise InputError(
            f"the circuit is written for {own}, not for {backbone}", help=f"use --inside {own}"
        )
    fitted(circuit)
    for sentence in departures(circuit):
        say_warning(sentence)
    return as_inside(circuit)


def _write_inside(output: Path, circuit: Circuit, weights: dict[str, Array]) -> None:
    from circuitdsl.models.inside import weights_inside
    from circuitdsl.models.weights import write_weights

    write_weights(output, weights_inside(circuit, weights), {"circuit": circuit.doc})


def _emit_tree(file: Path) -> None:
    from circuitdsl.syntax.format import dump_tree
    from circuitdsl.syntax.parse import parse
    from circuitdsl.syntax.read import read_source

    tree, findings = parse(read_source(file))
    typer.echo(dump_tree(tree), nl=False)
    if findings:
        raise DiagnosticError(findings)
