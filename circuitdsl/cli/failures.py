"""Failures of commands: from exceptions to messages and exit codes.

In: the exceptions that expected failures travel by. Out: one message on standard error, and an exit
code: 1 for findings in a circuit file, 2 for usage and input, 70 for a fault of the program itself,
130 for an interrupt, 141 where the reader of the output has gone.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from circuitdsl.text.diagnostics import (
    Diagnostic,
    DiagnosticError,
    InputError,
    Severity,
    printable,
    render,
)
from circuitdsl.text.files import inputs_kept

FINDINGS, USAGE, INTERNAL, INTERRUPTED, CLOSED = 1, 2, 70, 130, 141
"""Exit codes other than success."""


class Commands(TyperGroup):
    """Turns every expected failure of a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        print_what_can_be_printed()
        try:
            with inputs_kept():
                done = super().invoke(ctx)
            sys.stdout.flush()
            return done
        except BrokenPipeError as error:
            # whoever read has enough; what is left in the buffer goes nowhere, without a word
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CLOSED) from error
        except InputError as error:
            say_error(error)
            raise typer.Exit(USAGE) from error
        except DiagnosticError as error:
            print_findings(error.diagnostics, err=True)
            raise typer.Exit(FINDINGS) from error
        except KeyboardInterrupt as error:
            typer.echo(
                "interrupted; no file is half-written, and downloads can be resumed", err=True
            )
            raise typer.Exit(INTERRUPTED) from error
        except Exception as error:
            usage = type(error).__module__.startswith(("typer", "click"))
            if usage or ctx.params.get("debug"):
                raise
            say_error(
                InputError(
                    f"internal error: {type(error).__name__}: {error}",
                    help="run it again as `circuitdsl --debug ...` and report what it shows",
                )
            )
            raise typer.Exit(INTERNAL) from error


def print_what_can_be_printed() -> None:
    """Print escapes for what the terminal's encoding lacks, instead of failing at the end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_findings(findings: Sequence[Diagnostic], *, err: bool = False) -> None:
    """Print findings with the lines that they are about, in colour if the stream is a terminal."""
    if findings and _coloured(err=err):
        from circuitdsl.reporting.printed.findings import show_findings

        show_findings(findings, err=err)
        return
    for finding in findings:
        typer.echo(render(finding), err=err)


def say_error(error: InputError) -> None:
    """Print what is wrong, why, and what to do, on standard error."""
    _say("error", error)


def say_warning(sentence: str) -> None:
    """Print a warning on standard error."""
    _say("warning", InputError(sentence))


def _say(severity: Severity, said: InputError) -> None:
    if _coloured(err=True):
        from circuitdsl.reporting.printed.findings import show_sentence

        show_sentence(severity, said.message, said.reasons)
        return
    typer.echo(printable(f"{severity}: {said}"), err=True)


def _coloured(*, err: bool) -> bool:
    """Whether the stream is a terminal that shows colours and the user has not turned them off."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stderr if err else sys.stdout).isatty()
