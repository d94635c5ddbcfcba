"""The commands look and use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import Json, Limit, SomeModel, Weights, writable
from circuitdsl.cli.output import say_left_out, write_record, writing


def look(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A photograph.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A figure (.png, .pdf, .svg) or a record (.json).",
            callback=writable,
        ),
    ],
    model: SomeModel = "auto",
    class_name: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="A class; by default the likeliest one."),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Where the class is looked for.")
    ] = None,
    strongest: Annotated[int, typer.Option(min=1, help="Channels of each layer.")] = 8,
    weights: Weights = None,
) -> None:
    """Show what every layer gives for one image, and where its class is seen."""
    from circuitdsl.reporting.drawn.look_figures import check_format, write_look
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.looking import look as look_at

    check_format(output)
    with progress() as report:
        seen = look_at(
            model,
            image,
            class_name=class_name,
            layer=layer,
            strongest=strongest,
            weights=weights,
            progress=report,
        )
    with writing(output):
        write_look(seen, output)
    for view in seen.layers:
        if view.name in seen.shown:
            size = "x".join(map(str, view.shape))
            typer.echo(f"{view.name:<24} {size:>12}  {view.silent:.0%} silent")
    typer.echo(f"wrote {output}", err=True)


def use(
    *,
    unit: Annotated[
        list[str],
        typer.Option("--unit", "-u", metavar="UNIT", help="Units of one layer; several times."),
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Photographs.")],
    model: SomeModel = "auto",
    circuit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A circuit whose members take the units' places."),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its family; by default its last.")
    ] = None,
    readers: Annotated[
        str | None, typer.Option(metavar="LAYER", help="A later layer; by default the one after.")
    ] = None,
    limit: Limit = None,
    weights: Weights = None,
    json: Json = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the split of photographs.")] = 0,
) -> None:
    """Show who reads units on photographs, and whether hand-written ones are used alike."""
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.use import use as find

    with progress() as report:
        found = find(
            model,
            unit,
            images,
            circuit=circuit,
            family=family,
            readers=readers,
            weights=weights,
            limit=limit,
            seed=seed,
            progress=report,
        )
    say_left_out(dict(found.skipped))
    for one in found.uses:
        names = (f"{found.layer}:{at} {one.readers[at]:+.3g}" for at in one.strongest(5))
        typer.echo(f"{one.unit} moves {', '.join(names)}")
        if one.differences is not None:
            typer.echo(
                f"  {one.differences.member} in its place: r {one.agreement:.2f} over readers"
            )
    write_record(json, found.record)
