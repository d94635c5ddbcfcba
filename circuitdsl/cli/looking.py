"""The commands look, grid and use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import CircuitFile, Json, Limit, SomeModel, Weights, writable
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
    from circuitdsl.reporting.drawn.look_figures import LOOKS
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.looking import look as look_at

    LOOKS.check(output)
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
        LOOKS.write(seen, output)
    for view in seen.layers:
        if view.name in seen.shown:
            size = "x".join(map(str, view.shape))
            typer.echo(f"{view.name:<24} {size:>12}  {view.silent:.0%} silent")
    typer.echo(f"wrote {output}", err=True)


def grid(
    file: CircuitFile,
    stimulus: Annotated[str, typer.Argument(metavar="SET", help="A set, such as lab.arcs.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Heat maps (.png, .pdf, .svg) or a record (.json).",
            callback=writable,
        ),
    ],
    across: Annotated[
        str | None, typer.Option(metavar="SETTING", help="From left to right; usually the angle.")
    ] = None,
    down: Annotated[str | None, typer.Option(metavar="SETTING", help="From row to row.")] = None,
    model: SomeModel = "auto",
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", "-u", metavar="UNIT", help="Units instead; several times."),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="A family; by default the last.")
    ] = None,
    weights: Weights = None,
) -> None:
    """Show what units answer over any two settings of a stimulus set, as heat maps."""
    from circuitdsl.reporting.drawn.grid_figures import GRIDS
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.grids import grid as measure

    GRIDS.check(output)
    with progress() as report:
        made = measure(
            file,
            stimulus,
            across,
            down,
            model=model,
            units=unit or (),
            family=family,
            weights=weights,
            progress=report,
        )
    with writing(output):
        GRIDS.write(made, output)
    for at, name in enumerate(made.units):
        values = made.responses[..., at]
        row, column = divmod(int(values.argmax()), values.shape[1])
        typer.echo(
            f"{name}: {values.max():.4g} at {made.down.name} {made.down.values[row]:.4g}, "
            f"{made.across.name} {made.across.values[column]:.4g}"
        )
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
