"""Commands on trained networks: models, accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.failures import FINDINGS
from circuitdsl.cli.options import (
    Classes,
    Json,
    Limit,
    Model,
    ModelName,
    Ray,
    Shards,
    Weights,
    Workers,
)
from circuitdsl.cli.output import say_left_out, write_record

models_app = typer.Typer(
    no_args_is_help=True, help="List, download, locate and check trained networks."
)


@models_app.command("list")
def list_models() -> None:
    """List the trained networks, and say which weights are on this machine."""
    from circuitdsl.models.registry import MODELS, best_available, find_weights

    best = best_available()
    for name, model in MODELS.items():
        path = find_weights(name)
        typer.echo(f"{name:<20} {model.summary}")
        typer.echo(f"{'':<20} {path if path is not None else 'weights not here'}")
    typer.echo(f"auto is {best}")


@models_app.command("fetch")
def fetch_model(name: ModelName) -> None:
    """Download a network's weights; an interrupted download is resumed."""
    from circuitdsl.models.files.fetch import fetch
    from circuitdsl.reporting.printed.terminal import download_bar

    with download_bar(name) as report:
        path = fetch(name, report)
    typer.echo(str(path))


@models_app.command("path")
def path_of_model(name: ModelName) -> None:
    """Print the path of a network's weights."""
    from circuitdsl.models.registry import model_path

    typer.echo(str(model_path(name)))


@models_app.command("verify")
def verify_model(
    name: ModelName,
    *,
    weights: Weights = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Activations by layer (.safetensors, .npz)."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Photographs for trying preprocessings, in one folder for each class.",
        ),
    ] = None,
    limit: Limit = None,
    json: Json = None,
) -> None:
    """Check a network's weights, compare its layers with a reference, and try preprocessings."""
    from circuitdsl.reporting.printed.parity import parity_tables
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.verifying import verify

    with progress() as report:
        parity = verify(
            name,
            weights=weights,
            reference=reference,
            images=images,
            limit=limit,
            progress=report,
        )
    typer.echo(parity.statement)
    for table in parity_tables(parity):
        print_table(table)
    write_record(json, parity.record)
    for finding in parity.findings:
        typer.echo(f"finding: {finding}")
    if parity.findings:
        raise typer.Exit(FINDINGS)


def accuracy(
    *,
    model: Model,
    images: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Photographs: folders of classes, or an archive."),
    ],
    weights: Weights = None,
    classes: Classes = None,
    limit: Limit = None,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
    json: Json = None,
) -> None:
    """Measure a network's top-1 and top-5 accuracy and cross-entropy on labelled images."""
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.networks import accuracy as measure

    with progress() as report:
        result = measure(
            model,
            images,
            weights=weights,
            classes=classes,
            limit=limit,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
    say_left_out({str(path): why for path, why in result.skipped.items()})
    typer.echo(
        f"{result.model} on {result.n} images: top-1 {result.top1:.1%}, top-5 {result.top5:.1%}, "
        f"cross-entropy {result.cross_entropy:.3f}"
    )
    write_record(json, result.record)
