"""The command check: findings of circuit files, and measurements of what they claim."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circuitdsl import __version__
from circuitdsl.cli.failures import FINDINGS, USAGE, print_findings, say_error
from circuitdsl.cli.options import CircuitFiles
from circuitdsl.text.diagnostics import Diagnostic, InputError

if TYPE_CHECKING:
    from circuitdsl.ir.circuit import Circuit
    from circuitdsl.ir.script import Script
    from circuitdsl.run.circuits import CheckReport


def check(
    files: CircuitFiles,
    *,
    equivariance: Annotated[
        bool,
        typer.Option("--equivariance", help="Also measure how equivariant the kernels are."),
    ] = False,
    expect: Annotated[
        bool, typer.Option("--expect", help="Also measure what `expect` lines claim.")
    ] = False,
    inside: Annotated[
        bool,
        typer.Option("--inside", help="Also check that it fits inside a blank network."),
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
    from circuitdsl.run.circuits import check as check_file

    quiet = json_ or sarif
    reports: dict[str, CheckReport] = {}
    unread: dict[str, InputError] = {}
    for file in files:
        try:
            report = check_file(file, equivariance=equivariance, expect=expect, inside=inside)
        except InputError as error:
            unread[str(file)] = error
            if not quiet:
                say_error(error)
            continue
        reports[str(file)] = report
        if not quiet:
            _say(file, report)
    if quiet:
        findings = {name: report.diagnostics for name, report in reports.items()}
        _print_record(findings, unread, as_sarif=sarif)
    failed = any(report.errors for report in reports.values())
    raise typer.Exit(USAGE if unread else FINDINGS if failed else 0)


def _say(file: Path, report: CheckReport) -> None:
    """Print the findings of a file, its tables, and what it declares."""
    print_findings(report.diagnostics)
    if report.circuit is not None and report.residuals is not None:
        from circuitdsl.measure.equivariance import describe_residuals

        typer.echo(describe_residuals(report.circuit, report.residuals))
    if report.outcomes:
        from circuitdsl.compare.expect import describe_outcomes

        typer.echo(describe_outcomes(report.outcomes))
    if not report.errors:
        typer.echo(f"{file}: no errors; {_contents(report.circuit, report.script)}")


def _print_record(
    found: Mapping[str, Sequence[Diagnostic]], unread: dict[str, InputError], *, as_sarif: bool
) -> None:
    from circuitdsl.reporting.findings_json import findings_record, sarif

    if as_sarif:
        record = sarif((d for findings in found.values() for d in findings), unread, __version__)
    else:
        record = findings_record(found, unread)
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))


def _contents(circuit: Circuit | None, script: Script | None) -> str:
    counts: list[tuple[int, str, str]] = []
    if circuit is not None:
        counts += [
            (len(circuit.families), "family", "families"),
            (sum(family.size for family in circuit.families), "unit", "units"),
            (len(circuit.connections), "connection", "connections"),
        ]
    if script is not None:
        counts += [(len(script.edits), "edit", "edits"), (len(script.scores), "score", "scores")]
    if not counts:
        return "declarations for other files"
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)
