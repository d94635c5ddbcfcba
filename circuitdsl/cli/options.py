"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.output import STANDARD_OUTPUT, result_alone
from circuitdsl.text.files import output_path


def writable(path: Path | None) -> Path | None:
    """An output that may be written, asked before a command begins its work."""
    if path is not None:
        output_path(path)
    return path


def record_target(ctx: typer.Context, path: Path | None) -> Path | None:
    """A file for a record that may be written, or `-`: then tables go to standard error."""
    if path == STANDARD_OUTPUT:
        ctx.with_resource(result_alone())
        return path
    return writable(path)


def _models(incomplete: str) -> list[str]:
    """Names of networks that a shell offers."""
    from circuitdsl.models.registry import MODELS

    return [name for name in ("auto", *MODELS) if name.startswith(incomplete)]


CircuitFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Circuit files (.circ).", show_default=False)
]
CircuitPaths = Annotated[
    list[Path],
    typer.Argument(
        metavar="FOLDER|FILE...", help="Circuit files, or folders of them.", show_default=False
    ),
]
CircuitFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A circuit file (.circ).", show_default=False)
]
ModelName = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="See `circuitdsl models list`.", autocompletion=_models),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="See `circuitdsl models list`.",
        autocompletion=_models,
    ),
]
SomeModel = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="A trained network, or `auto`.",
        autocompletion=_models,
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Photographs for calibration; none may be in --images."),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A weight file of the same architecture, in place of the model's own."
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the result as JSON; `-` is standard output.",
        callback=record_target,
    ),
]
Grid = Annotated[
    Path | None,
    typer.Option(
        "--grid", metavar="FILE", help="Also compare with published response grids (.npz)."
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Use at most N images, spread over the folder."),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        min=1,
        metavar="N",
        help="The number of processes, or of Ray actors, that share the work.",
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="A Ray cluster that does the work: HOST:PORT, auto, or local for this machine.",
    ),
]
Classes = Annotated[
    Path | None,
    typer.Option(
        "--classes",
        metavar="FILE",
        help="A file of labels, one a line, if the classes of images are numbers.",
    ),
]
Shards = Annotated[
    Path | None,
    typer.Option(
        "--shards",
        metavar="DIR",
        help="Keep finished shards in this folder, and resume from it.",
    ),
]
