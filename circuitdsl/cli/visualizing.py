"""The command `visualize`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.options import Limit, SomeModel, Weights
from circuitdsl.cli.output import say_left_out, writing
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import output_path


def sheet_or_folder(path: Path) -> Path:
    """An output that is a file to write, or a folder to write into."""
    if not path.suffix and path.exists() and not path.is_dir():
        raise InputError(f"{path} is no folder", help="name a folder, or a file that ends in .png")
    if path.suffix:
        output_path(path)
    return path


Units = Annotated[
    list[str] | None,
    typer.Option(
        "--unit", "-u", metavar="UNIT", help="`mixed3b:345`, `mixed3b[320..329]`; several times."
    ),
]
CircuitOf = Annotated[
    Path | None,
    typer.Option("--circuit", metavar="FILE", help="A circuit, whose family is asked for."),
]
FamilyOf = Annotated[
    str | None, typer.Option(metavar="NAME", help="The circuit's family; by default its last.")
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class", metavar="NAME", help="A class, by name, label or number; several times."
    ),
]
Directions = Annotated[
    list[str] | None,
    typer.Option(
        "--direction",
        metavar="SUM",
        help="A direction, such as `mixed3b:345 - 0.5*mixed3b:379`; several times.",
    ),
]


def visualize(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            help="A sheet (.png, .pdf, .svg), figures (.json), or a folder of pictures.",
            callback=sheet_or_folder,
        ),
    ],
    model: SomeModel = "auto",
    unit: Units = None,
    circuit: CircuitOf = None,
    family: FamilyOf = None,
    class_name: Classes = None,
    direction: Directions = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs: the strongest ones, and for maco."),
    ] = None,
    limit: Limit = None,
    space: Annotated[
        Literal["fourier", "maco"], typer.Option(help="maco has the spectrum of photographs.")
    ] = "fourier",
    objective: Annotated[
        Literal["neuron", "channel"],
        typer.Option(help="The neuron in the middle, or the mean over all positions."),
    ] = "neuron",
    gradient: Annotated[
        Literal["plain", "normalised"], typer.Option(help="Of each step.")
    ] = "plain",
    steps: Annotated[int, typer.Option(min=1)] = 512,
    side: Annotated[int, typer.Option(min=16, max=1024, help="Pixels.")] = 128,
    variants: Annotated[
        int, typer.Option(min=1, max=16, help="Pictures for each unit, with different causes.")
    ] = 1,
    start: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Start from an image, not from noise.")
    ] = None,
    frame: Annotated[
        list[int] | None, typer.Option(min=0, metavar="STEP", help="Keep this step; several times.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Make a second picture from the next seed.")] = True,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Of noise and views.")] = 0,
) -> None:
    """Make pictures that excite units, directions, classes or the members of a family."""
    from circuitdsl.reporting.feature_sheets import write_pictures
    from circuitdsl.reporting.terminal import progress
    from circuitdsl.run.visualization import visualize as make

    with progress() as report:
        made = make(
            model,
            unit or (),
            circuit=circuit,
            family=family,
            classes=class_name or (),
            directions=direction or (),
            weights=weights,
            images=images,
            limit=limit,
            parameterisation=space,
            objective=objective,
            gradient=gradient,
            steps=steps,
            side=side,
            variants=variants,
            start=start,
            frames=frame or (),
            again=again,
            seed=seed,
            progress=report,
        )
    say_left_out(dict(made.skipped))
    with writing(output):
        write_pictures(made, output)
    for picture in made.pictures:
        over = picture.over_photograph
        beside = "" if over is None else f", {over:.2f} times the strongest photograph's"
        typer.echo(f"{picture.name}: activation {picture.activations[0]:.4g}{beside}")
    typer.echo(f"wrote {output}", err=True)
