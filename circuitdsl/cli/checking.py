"""The command check: findings of circuit files, and measurements of what they claim."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from circuitdsl import __version__
from circuitdsl.cli.failures import FINDINGS, USAGE, print_findings, say_error
from circuitdsl.cli.options import Json, record_target
from circuitdsl.cli.output import STANDARD_OUTPUT, write_record
from circuitdsl.text.diagnostics import InputError

if TYPE_CHECKING:
    from circuitdsl.ir.circuit import Circuit
    from circuitdsl.ir.edits.script import Script
    from circuitdsl.run.circuits import CheckReport


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE|DIR...", help="Circuit files, or folders of them.", show_default=False
        ),
    ],
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
        typer.Option("--inside", help="Also check that the circuit fits inside a blank network."),
    ] = False,
    json: Json = None,
    sarif: Annotated[
        Path | None,
        typer.Option(
            "--sarif",
            metavar="FILE",
            help="Write the findings as SARIF 2.1.0; `-` is standard output.",
            callback=record_target,
        ),
    ] = None,
) -> None:
    """Check circuit files and print every error and warning."""
    if json == sarif == STANDARD_OUTPUT:
        raise InputError("--json and --sarif both write to standard output", help="name a file")
    from circuitdsl.run.circuits import check as check_file
    from circuitdsl.run.circuits import circuit_files

    reports: dict[str, CheckReport] = {}
    unread: dict[str, InputError] = {}
    for file in circuit_files(files):
        try:
            with _progress(shown=expect) as told:
                report = check_file(
                    file, equivariance=equivariance, expect=expect, inside=inside, progress=told
                )
        except InputError as error:
            unread[str(file)] = error
            say_error(error)
            continue
        reports[str(file)] = report
        _say(file, report, claims=expect)
    write_record(json, lambda: _record(reports, unread))
    write_record(sarif, lambda: _sarif(reports, unread))
    failed = any(report.errors for report in reports.values())
    raise typer.Exit(USAGE if unread else FINDINGS if failed else 0)


@contextmanager
def _progress(*, shown: bool) -> Generator[Callable[[str], None]]:
    """Say how far the measuring is; a plain check does without what draws that."""
    if not shown:
        yield lambda stage: None
        return
    from circuitdsl.reporting.printed.terminal import progress

    with progress() as told:
        yield told


def _say(file: Path, report: CheckReport, *, claims: bool) -> None:
    """Print the findings of a file, its tables, and what it declares."""
    print_findings(report.diagnostics)
    if report.circuit is not None and report.residuals is not None:
        from circuitdsl.measure.equivariance import describe_residuals

        typer.echo(describe_residuals(report.circuit, report.residuals))
    if report.outcomes:
        from circuitdsl.compare.expect import describe_outcomes

        typer.echo(describe_outcomes(report.outcomes))
    elif claims and not report.errors:
        typer.echo(f"{file}: no family claims anything by `expect`")
    if not report.errors:
        typer.echo(f"{file}: no errors; {_contents(report.circuit, report.script)}")


def _record(reports: Mapping[str, CheckReport], unread: dict[str, InputError]) -> dict[str, Any]:
    from circuitdsl.reporting.findings_json import findings_record

    return findings_record(reports, unread)


def _sarif(reports: Mapping[str, CheckReport], unread: dict[str, InputError]) -> dict[str, Any]:
    from circuitdsl.reporting.findings_json import sarif

    findings = (finding for report in reports.values() for finding in report.diagnostics)
    return sarif(findings, unread, __version__)


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
