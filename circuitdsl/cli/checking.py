"""The command `check`: findings of circuit files, and what else can be asked of them."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from circuitdsl import __version__
from circuitdsl.cli.failures import FINDINGS, USAGE, print_findings, say_error
from circuitdsl.cli.options import CircuitFiles
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError

if TYPE_CHECKING:
    from circuitdsl.checking.load import CheckResult
    from circuitdsl.ir.circuit import Circuit
    from circuitdsl.ir.script import Script


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
    from circuitdsl.checking.load import check_path

    silent = json_ or sarif
    found: dict[str, list[Diagnostic]] = {}
    unread: dict[str, InputError] = {}
    for file in files:
        try:
            with _uncollected():
                result = check_path(file)
        except InputError as error:
            unread[str(file)] = error
            if not silent:
                say_error(error)
            continue
        findings, tables = list(result.diagnostics), list[str]()
        if result.circuit is not None:
            findings, tables = _further(
                result.circuit, findings, equivariance=equivariance, expect=expect, inside=inside
            )
        found[str(file)] = findings
        if not silent:
            _say(file, result, findings, tables)
    if silent:
        _print_record(found, unread, as_sarif=sarif)
    failed = any(d.severity == "error" for findings in found.values() for d in findings)
    raise typer.Exit(USAGE if unread else FINDINGS if failed else 0)


@contextmanager
def _uncollected() -> Generator[None]:
    """Trees are no garbage, and looking for some takes a quarter of a long check."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _say(file: Path, result: CheckResult, findings: list[Diagnostic], tables: list[str]) -> None:
    print_findings(tuple(findings))
    for table in filter(None, tables):
        typer.echo(table)
    if not any(finding.severity == "error" for finding in findings):
        typer.echo(f"{file}: no errors; {_contents(result.circuit, result.script)}")


def _further(
    circuit: Circuit,
    findings: list[Diagnostic],
    *,
    equivariance: bool,
    expect: bool,
    inside: bool,
) -> tuple[list[Diagnostic], list[str]]:
    """All findings, those that were asked for beside the plain check too, and tables."""
    tables: list[str] = []
    if inside:
        from circuitdsl.models.inside import findings_inside

        findings = findings_inside(circuit, findings)
    if equivariance:
        lints, table = _equivariance(circuit)
        findings = findings + lints
        tables.append(table)
    if expect:
        failures, table = _expectations(circuit)
        findings = findings + failures
        tables.append(table)
    return findings, tables


def _equivariance(circuit: Circuit) -> tuple[list[Diagnostic], str]:
    """Lints and a table of residuals."""
    from circuitdsl.measure.equivariance import describe_residuals, lints, residuals

    found = residuals(circuit)
    return lints(circuit, found), describe_residuals(circuit, found)


def _expectations(circuit: Circuit) -> tuple[list[Diagnostic], str]:
    """What does not hold, and every line with what was measured."""
    if not any(family.expectations for family in circuit.families):
        return [], ""
    from circuitdsl.compare.expect import describe_outcomes, expectations_met

    try:
        found = expectations_met(circuit)
    except DiagnosticError as error:
        return list(error.diagnostics), ""
    return [each.diagnostic for each in found if not each.holds], describe_outcomes(found)


def _print_record(
    found: dict[str, list[Diagnostic]], unread: dict[str, InputError], *, as_sarif: bool
) -> None:
    from circuitdsl.report.findings_json import findings_record, sarif

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
