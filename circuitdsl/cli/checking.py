"""The command `check`: findings of circuit files, and what else can be asked of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circuitdsl import __version__
from circuitdsl.cli.failures import FINDINGS, USAGE, print_findings, say_error
from circuitdsl.cli.options import CircuitFiles
from circuitdsl.diagnostics import Diagnostic, InputError

if TYPE_CHECKING:
    from circuitdsl.check.load import CheckResult
    from circuitdsl.ir.circuit import Circuit


def check(
    files: CircuitFiles,
    equivariance: Annotated[
        bool,
        typer.Option("--equivariance", help="Also measure how equivariant the kernels are."),
    ] = False,
    json_: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON, and nothing else.")
    ] = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", help="Print the findings as SARIF 2.1.0, and nothing else.")
    ] = False,
) -> None:
    """Check circuit files and print every error and warning."""
    if json_ and sarif:
        raise InputError("--json and --sarif are two forms of one output", help="choose one")
    from circuitdsl.check.load import check_path

    silent = json_ or sarif
    found: dict[str, list[Diagnostic]] = {}
    unread: dict[str, InputError] = {}
    for file in files:
        try:
            result = check_path(file)
        except InputError as error:
            unread[str(file)] = error
            if not silent:
                say_error(error)
            continue
        findings = list(result.diagnostics)
        extra = ""
        if equivariance and result.circuit is not None:
            lints, extra = _equivariance(result.circuit)
            findings += lints
        found[str(file)] = findings
        if not silent:
            _say(file, result, findings, extra)
    if silent:
        _print_record(found, unread, as_sarif=sarif)
    failed = any(d.severity == "error" for findings in found.values() for d in findings)
    raise typer.Exit(USAGE if unread else FINDINGS if failed else 0)


def _say(file: Path, result: CheckResult, findings: list[Diagnostic], extra: str) -> None:
    print_findings(tuple(findings))
    if extra:
        typer.echo(extra)
    if not any(finding.severity == "error" for finding in findings):
        typer.echo(f"{file}: no errors; {_contents(result.circuit)}")


def _equivariance(circuit: Circuit) -> tuple[list[Diagnostic], str]:
    """Lints and a table of residuals."""
    from circuitdsl.testing.kernels import describe_residuals, lints, residuals

    found = residuals(circuit)
    return lints(circuit, found), describe_residuals(circuit, found)


def _print_record(
    found: dict[str, list[Diagnostic]], unread: dict[str, InputError], *, as_sarif: bool
) -> None:
    from circuitdsl.check.records import findings_record, sarif

    if as_sarif:
        record = sarif((d for findings in found.values() for d in findings), unread, __version__)
    else:
        record = findings_record(found, unread)
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))


def _contents(circuit: Circuit | None) -> str:
    if circuit is None:
        return "declarations for other files"
    units = sum(family.size for family in circuit.families)
    counts = (
        (len(circuit.families), "family", "families"),
        (units, "unit", "units"),
        (len(circuit.connections), "connection", "connections"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)
