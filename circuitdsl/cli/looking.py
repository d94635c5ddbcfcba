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
        str | None,
        typer.Option(metavar="LAYER", help="The layer in which Grad-CAM looks for the class."),
    ] = None,
    strongest: Annotated[
        int, typer.Option(min=1, help="The number of channels of each layer.")
    ] = 8,
    weights: Weights = None,
) -> None:
    """Show every layer's activations for one image, and the places that speak for its class."""
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
    stimulus: Annotated[
        str, typer.Argument(metavar="SET", help="A stimulus set, such as lab.arcs.")
    ],
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
        str | None,
        typer.Option(
            metavar="SETTING",
            help="The setting that changes from left to right; usually the angle.",
        ),
    ] = None,
    down: Annotated[
        str | None,
        typer.Option(metavar="SETTING", help="The setting that changes from row to row."),
    ] = None,
    model: SomeModel = "auto",
    unit: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            "-u",
            metavar="UNIT",
            help="Units of a trained network in place of a family; may be repeated.",
        ),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="A family; by default the last.")
    ] = None,
    weights: Weights = None,
) -> None:
    """Draw the responses of units over any two settings of a stimulus set as heat maps."""
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
        typer.Option("--unit", "-u", metavar="UNIT", help="Units of one layer; may be repeated."),
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder or archive of photographs.")],
    model: SomeModel = "auto",
    circuit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A circuit whose members take the units' places."),
    ] = None,
    family: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The family of the circuit; by default the last one."),
    ] = None,
    readers: Annotated[
        str | None, typer.Option(metavar="LAYER", help="The later layer; by default the next one.")
    ] = None,
    limit: Limit = None,
    weights: Weights = None,
    json: Json = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split of the photographs.")] = 0,
) -> None:
    """Show which later units use some units, and whether they use hand-written ones alike."""
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
