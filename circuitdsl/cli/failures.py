"""How the command line says that something is wrong.

In: the failures that travel as exceptions. Out: one message on standard error, and an exit code:
1 for findings in a circuit file, 2 for usage and input, 70 for a fault of the program's own, 130
for an interrupt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError, Severity, render

FINDINGS, USAGE, INTERNAL, INTERRUPTED = 1, 2, 70, 130
"""Exit codes other than success."""


class Commands(TyperGroup):
    """Turns every expected failure of a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            say_error(error)
            raise typer.Exit(USAGE) from error
        except DiagnosticError as error:
            print_findings(error.diagnostics, err=True)
            raise typer.Exit(FINDINGS) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; nothing is half-written, and downloads can go on", err=True)
            raise typer.Exit(INTERRUPTED) from error
        except Exception as error:
            usage = type(error).__module__.startswith(("typer", "click"))
            if usage or ctx.params.get("debug") or isinstance(error, BrokenPipeError):
                raise
            say_error(
                InputError(
                    f"internal error: {type(error).__name__}: {error}",
                    help="run it again as `circuitdsl --debug ...` and report what it shows",
                )
            )
            raise typer.Exit(INTERNAL) from error


def print_findings(findings: Sequence[Diagnostic], *, err: bool = False) -> None:
    """Print findings with the lines that they are about; in colours where a person looks on."""
    if findings and _seen(err=err):
        from circuitdsl.report.findings import show_findings

        show_findings(findings, err=err)
        return
    for finding in findings:
        typer.echo(render(finding), err=err)


def say_error(error: InputError) -> None:
    """Print what is wrong, why, and what to do, on standard error."""
    _say("error", error.message, {"why": error.why, "help": error.help})


def say_warning(sentence: str) -> None:
    """Print something that the user should know, on standard error."""
    _say("warning", sentence, {})


def _say(severity: Severity, sentence: str, reasons: dict[str, str]) -> None:
    if _seen(err=True):
        from circuitdsl.report.findings import show_sentence

        show_sentence(severity, sentence, reasons)
        return
    typer.echo(f"{severity}: {sentence}", err=True)
    for title, text in reasons.items():
        if text:
            typer.echo(f"  = {title}: {text}", err=True)


def _seen(*, err: bool) -> bool:
    """Whether the stream is a terminal that shows colours, and nobody wants it plain."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stderr if err else sys.stdout).isatty()
