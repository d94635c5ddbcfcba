"""The commands visualize, examples, joint and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.failures import say_warning
from circuitdsl.cli.options import Limit, SomeModel, Weights, writable
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
        "--unit",
        "-u",
        metavar="UNIT",
        help="Units: `mixed3b:345`, `mixed3b[320..329]`; may be repeated.",
    ),
]
CircuitOf = Annotated[
    Path | None,
    typer.Option("--circuit", metavar="FILE", help="A circuit, whose family is asked for."),
]
FamilyOf = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The family of the circuit; by default the last one."),
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class", metavar="NAME", help="A class, by name, label or number; may be repeated."
    ),
]
Directions = Annotated[
    list[str] | None,
    typer.Option(
        "--direction",
        metavar="SUM",
        help="A direction, such as `mixed3b:345 - 0.5*mixed3b:379`; may be repeated.",
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
        typer.Option(metavar="DIR", help="Photographs: to show the strongest ones, and for maco."),
    ] = None,
    limit: Limit = None,
    space: Annotated[
        Literal["fourier", "maco"],
        typer.Option(help="How pictures are parametrised; maco keeps the spectrum of photographs."),
    ] = "fourier",
    objective: Annotated[
        Literal["neuron", "channel"],
        typer.Option(help="Excite the neuron in the middle, or the mean over all positions."),
    ] = "neuron",
    gradient: Annotated[
        Literal["plain", "normalised"],
        typer.Option(help="How the gradient of each step is scaled."),
    ] = "plain",
    steps: Annotated[int, typer.Option(min=1)] = 512,
    side: Annotated[
        int, typer.Option(min=16, max=1024, help="The side of each picture, in pixels.")
    ] = 128,
    variants: Annotated[
        int, typer.Option(min=1, max=16, help="The number of different pictures for each unit.")
    ] = 1,
    start: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Start from this image in place of noise.")
    ] = None,
    frame: Annotated[
        list[int] | None,
        typer.Option(
            min=0, metavar="STEP", help="Also keep the picture of this step; may be repeated."
        ),
    ] = None,
    again: Annotated[bool, typer.Option(help="Also make a picture from the next seed.")] = True,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of noise and views.")] = 0,
) -> None:
    """Make pictures that excite units, directions, classes or the members of a family."""
    from circuitdsl.reporting.drawn.feature_sheets import write_pictures
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.visualization import visualize as make

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


def examples(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A sheet (.png, .pdf, .svg), a table (.csv) or a record (.json).",
            callback=writable,
        ),
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder or archive of photographs.")],
    model: SomeModel = "auto",
    unit: Units = None,
    circuit: CircuitOf = None,
    family: FamilyOf = None,
    class_name: Classes = None,
    direction: Directions = None,
    limit: Limit = None,
    strongest: Annotated[int, typer.Option(min=1, help="The number of strongest photographs.")] = 9,
    levels: Annotated[int, typer.Option(min=1, help="The number of levels of activation.")] = 10,
    each: Annotated[int, typer.Option(min=1, help="The number of examples of each level.")] = 3,
    saliency: Annotated[
        bool,
        typer.Option("--saliency", help="Show which pixels of the strongest photographs mattered."),
    ] = False,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="A table of the columns unit, photograph, label (yes or no)."
        ),
    ] = None,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
) -> None:
    """Show the photographs that excite units most, and some at every level of response."""
    from circuitdsl.reporting.drawn.example_sheets import MOST_UNITS, written_examples
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.examples import examples as find

    written = written_examples(salient=saliency)
    written.check(output)
    with progress() as report:
        shown = find(
            model,
            unit or (),
            images,
            circuit=circuit,
            family=family,
            classes=class_name or (),
            directions=direction or (),
            weights=weights,
            limit=limit,
            strongest=strongest,
            count=levels,
            each=each,
            labels=labels,
            seed=seed,
            progress=report,
        )
        report(f"writing {output}")
        with writing(output):
            written.write(shown, output)
    say_left_out(dict(shown.skipped))
    for found in shown.found:
        best = found.strongest[0]
        typer.echo(f"{found.aim.name}: {best.activation:.4g} in {shown.name(best)}")
    if len(shown.found) > MOST_UNITS and output.suffix not in (".csv", ".json"):
        say_warning(f"the sheet shows the first {MOST_UNITS} of {len(shown.found)} units")
    typer.echo(f"wrote {output}", err=True)


def weights(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A sheet of kernels (.png, .pdf, .svg), a table (.csv) or a record (.json).",
            callback=writable,
        ),
    ],
    model: SomeModel = "auto",
    unit: Units = None,
    circuit: CircuitOf = None,
    family: FamilyOf = None,
    direction: Directions = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="The earlier layer; by default the previous one."),
    ] = None,
    readers: Annotated[
        str | None, typer.Option(metavar="LAYER", help="The later layer; by default the next one.")
    ] = None,
    share: Annotated[
        float,
        typer.Option(min=0.001, max=1, help="List weights of at least this share of the largest."),
    ] = 0.3,
    file: Weights = None,
) -> None:
    """Show the weights by which units read an earlier layer, and the units that read them."""
    from circuitdsl.reporting.drawn.weight_sheets import WEIGHTS
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.weights import weights as expand

    WEIGHTS.check(output)
    with progress() as report:
        shown = expand(
            model,
            unit or (),
            source,
            readers=readers,
            circuit=circuit,
            family=family,
            directions=direction or (),
            file=file,
            share=share,
            progress=report,
        )
    with writing(output):
        WEIGHTS.write(shown, output)
    for one in shown.units:
        names = ", ".join(f"{'+' if r.total > 0 else '-'}{r.name}" for r in one.upstream[:5])
        typer.echo(f"{one.name} reads {names}")
    typer.echo(f"wrote {output}", err=True)


def joint(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Tuning as a figure (.png, .pdf, .svg) or a record (.json).",
            callback=writable,
        ),
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder or archive of photographs.")],
    model: SomeModel = "auto",
    unit: Units = None,
    circuit: CircuitOf = None,
    family: FamilyOf = None,
    beside: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A circuit whose family is shown the same."),
    ] = None,
    beside_family: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The family of the circuit; by default the last one."),
    ] = None,
    axis: Annotated[
        Literal["rot", "hue", "scale", "flip"], typer.Option(help="How photographs are changed.")
    ] = "rot",
    step: Annotated[float, typer.Option(help="Degrees from one turn to the next.")] = 1.0,
    examples: Annotated[
        int, typer.Option("--examples", min=1, help="The number of photographs for each unit.")
    ] = 9,
    limit: Limit = None,
    weights: Weights = None,
) -> None:
    """Turn photographs that excite units, and measure the responses of all of the units."""
    from circuitdsl.reporting.drawn.joint_figures import JOINT
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.joint import joint as turn

    JOINT.check(output)
    with progress() as report:
        made = turn(
            model,
            unit or (),
            images,
            circuit=circuit,
            family=family,
            beside=beside,
            beside_family=beside_family,
            axis=axis,
            step=step,
            examples=examples,
            weights=weights,
            limit=limit,
            progress=report,
        )
    say_left_out(dict(made.skipped))
    with writing(output):
        JOINT.write(made, output)
    typer.echo(f"{len(made.tuning.owners)} units, {len(made.tuning.values)} values of {axis}")
    typer.echo(f"wrote {output}", err=True)
