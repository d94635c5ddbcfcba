"""`visualize`: pictures of what units, directions, classes and families respond to.

In: a model or a circuit, what is asked for. Out: `Pictures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.aims import Aim
from circuitdsl.measure.passes import fold
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asked import Asked, asked
from circuitdsl.stimuli.photographs import ImageSet, open_images, read_image
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.showing import Shown
from circuitdsl.visualizing.features.ascent import AT_ONCE, Climb, Floats, Gradient, Where
from circuitdsl.visualizing.features.parameters import Kind, Space, fourier, maco
from circuitdsl.visualizing.features.photographed import Strongest, spectrum, strongest
from circuitdsl.visualizing.features.pictures import Picture, pictures

BATCH = 16
SMALLEST, LARGEST = 16, 1024
"""Sides of pictures, in pixels."""


@dataclass(frozen=True, eq=False)
class Pictures(Shown):
    """Pictures of what a network's units respond to.

    Attributes:
        model: The network's name, or the circuit's.
        weights: The digest of a trained network's weights; "" for a circuit.
        kind: The parameterisation.
        how: How they were made.
        side: Pixels along each side.
        pictures: In the order asked for.
        images: The number of photographs that were looked at.
        skipped: Image files that could not be read, and why.
    """

    model: str
    weights: str
    kind: Kind
    how: Climb
    side: int
    pictures: tuple[Picture, ...]
    images: int = 0
    skipped: tuple[tuple[str, str], ...] = ()

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them, without pixels."""
        return {
            "model": self.model,
            "weights": self.weights,
            "parameterisation": self.kind,
            "objective": self.how.where,
            "gradient": self.how.gradient,
            "steps": self.how.steps,
            "side": self.side,
            "variants": self.how.variants,
            "seed": self.how.seed,
            "photographs": self.images,
            "pictures": [picture.record() for picture in self.pictures],
        }


def visualize(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    *,
    circuit: Path | str | Circuit | None = None,
    family: str | None = None,
    classes: Sequence[str] = (),
    directions: Sequence[str | Aim] = (),
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    parameterisation: Kind = "fourier",
    objective: Where = "neuron",
    gradient: Gradient = "plain",
    steps: int = 512,
    side: int = 128,
    variants: int = 1,
    apart: float = 1.0,
    start: Path | str | NDArray[np.floating] | None = None,
    frames: Sequence[int] = (),
    again: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> Pictures:
    """Make pictures that excite units, directions, classes, or every member of a family.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units by name: `mixed3b:345`, `mixed3b[320..329]`.
        circuit: A circuit, or its file. A hand-written family needs no model; a family of trained
            units stands for those units of the model.
        family: The circuit's family, a picture for each member; by default the last one.
        classes: Outputs by name, label or number.
        directions: Sums of units such as `mixed3b:345 - 0.5*mixed3b:379`, or aims.
        weights: A weight file, instead of the model's own.
        images: Photographs to compare pictures with; `maco` uses their spectrum.
        limit: The largest number of photographs.
        parameterisation: `fourier`, or `maco`, whose magnitudes are those of photographs.
        objective: The `neuron` in the middle, or the mean of the `channel` over all positions.
        gradient: `plain`, or `normalised` in every step.
        steps: Steps of Adam, at a rate of 0.05.
        side: The side of the pictures, in pixels.
        variants: Pictures for each aim, kept from having the same causes.
        apart: The strength by which variants are kept apart.
        start: An image to start from, RGB 0..255 `[side, side, 3]`, or its file.
        frames: Further steps after which pictures are kept.
        again: Whether to make a second picture of each aim, from the next seed.
        seed: The seed of the noise at the start and of the views.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the circuit is faulty, or a family cannot be calibrated.
        InputError: something that was asked for does not exist or does not fit.
    """
    if not steps >= 1 or not 1 <= variants <= AT_ONCE:
        raise InputError(
            f"{steps} steps, {variants} variants", help=f"at least 1; at most {AT_ONCE} variants"
        )
    if not SMALLEST <= side <= LARGEST:
        raise InputError(f"pictures have {SMALLEST} to {LARGEST} pixels a side, not {side}")
    target = asked(
        model,
        units,
        circuit=circuit,
        family=family,
        classes=classes,
        directions=directions,
        weights=weights,
    )
    photographs = None if images is None else open_images(Path(images), limit)
    space, finds = _photographed(target, photographs, parameterisation, side, progress)
    made = pictures(
        target.network,
        target.aims,
        space,
        how := Climb(steps, objective, gradient, variants, apart, seed),
        again=again,
        from_image=_start(start, side),
        frames=frames,
        progress=progress,
    )
    if photographs is None:
        return Pictures(target.model, target.digest, parameterisation, how, side, made)
    named = (
        replace(one, strongest=found, strongest_name=photographs.name(found.place))
        for one, found in zip(made, finds, strict=True)
    )
    return Pictures(
        target.model,
        target.digest,
        parameterisation,
        how,
        side,
        tuple(named),
        images=len(photographs.paths) - len(photographs.skipped),
        skipped=photographs.left_out,
    )


def _photographed(
    target: Asked, photographs: ImageSet | None, kind: Kind, side: int, progress: Progress
) -> tuple[Space, tuple[Strongest, ...]]:
    """The space of images, and the strongest photograph of each aim, from one reading."""
    backbone = target.network.backbone
    if photographs is None:
        if kind == "maco":
            raise InputError(
                "maco takes its magnitudes from photographs, and there are none",
                help="give a folder of photographs, or use the parameterisation fourier",
            )
        return fourier(side), ()
    if kind == "maco" and side > backbone.input_px:
        raise InputError(
            f"pictures of {side} px cannot have the spectrum of photographs of "
            f"{backbone.input_px} px",
            help=f"make them {backbone.input_px} px wide, or use the parameterisation fourier",
        )
    finding = strongest(target.network, target.aims)
    measuring = spectrum(min(side, backbone.input_px))
    total = len(photographs.paths)
    states = fold(
        [finding, measuring],
        photographs.batches_for(backbone, BATCH),
        lambda seen: progress(f"photographs: {seen} of {total}"),
    )
    if kind == "fourier":
        return fourier(side), finding.finish(states[0])
    common = measuring.finish(states[1])
    return maco(common.magnitude, common.mean), finding.finish(states[0])


def _start(image: Path | str | NDArray[np.floating] | None, side: int) -> Floats | None:
    """The image that pictures start from, RGB 0..255, `[side, side, 3]`."""
    if image is None or isinstance(image, Path | str):
        return None if image is None else read_image(Path(image), side)
    if image.shape != (side, side, 3):
        raise InputError(f"a start image is [{side}, {side}, 3]; got {list(image.shape)}")
    return image.astype(np.float32)
