"""Commands on photographs alone: images check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.failures import FINDINGS
from circuitdsl.cli.options import Classes, Json, Limit, SomeModel
from circuitdsl.cli.output import write_record

images_app = typer.Typer(no_args_is_help=True, help="Check photographs before a long run.")


@images_app.callback()
def images() -> None:
    """Look at photographs before a long run."""


@images_app.command("check")
def check_images(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder or an archive.", show_default=False)
    ],
    *,
    model: SomeModel = "auto",
    classes: Classes = None,
    limit: Limit = None,
    json: Json = None,
) -> None:
    """Report classes that are missing or unknown, and images that are broken or present twice."""
    from circuitdsl.reporting.printed.images import describe_images
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.images import check_images as look

    with progress() as report:
        found = look(folder, model, classes=classes, limit=limit, progress=report)
    typer.echo(describe_images(found), nl=False)
    write_record(json, found.record)
    raise typer.Exit(0 if found.sound else FINDINGS)
