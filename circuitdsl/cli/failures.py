"""How the command line says that something is wrong.

In: the failures that travel as exceptions. Out: one message on standard error, and an exit code:
1 for findings in a circuit file, 2 for usage and input, 70 for a fault of the program's own, 130
for an interrupt.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from circuitdsl.diagnostics import Diagnostic, DiagnosticError, InputError, render

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


def print_findings(findings: tuple[Diagnostic, ...], *, err: bool = False) -> None:
    """Print findings with the lines that they are about."""
    for finding in findings:
        head, _, rest = render(finding).partition("\n")
        colour = typer.colors.RED if finding.severity == "error" else typer.colors.YELLOW
        typer.secho(head, fg=colour, bold=True, err=err)
        typer.echo(f"{rest}\n", err=err)


def say_error(error: InputError) -> None:
    """Print what is wrong, why, and what to do, on standard error."""
    typer.secho("error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    typer.echo(error.message, err=True)
    if error.why:
        typer.echo(f"  = why: {error.why}", err=True)
    if error.help:
        typer.echo(f"  = help: {error.help}", err=True)
