"""The pictures of a coverage: what drives each unit most, and what its counterpart; what is left.

In: a `Coverage`. Out: a `Gallery`: for each unit a strip of the places that drive it most, and that
drive its hand-written counterpart most; the units that nothing covers in groups that respond alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from circuitdsl.measure.agreeing.alike import groups, likeness
from circuitdsl.measure.passes import fold
from circuitdsl.measure.peaks import Peaks, peaks
from circuitdsl.run.comparing.coverage import BATCH, Coverage
from circuitdsl.run.networks import Progress, silent
from circuitdsl.stimuli.photographs import ImageSet

PATCHES = 3
"""Places that are shown of each unit, and of its counterpart."""

PATCH_PX = 36
"""The side of each in the picture."""

MOST_PHOTOGRAPHS = 200
"""Photographs that are looked through, spread evenly."""

Strip = NDArray[np.uint8]
_Place = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Gallery:
    """The pictures of a coverage.

    Attributes:
        coverage: What is shown.
        strips: By layer and unit: the places that drive it most, then those that drive its
            counterpart most, `[side, width, 3]`.
        left: By layer, the units that nothing covers in groups that respond alike.
    """

    coverage: Coverage
    strips: Mapping[_Place, Strip]
    left: Mapping[str, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True)
class _Patch:
    """A place in a photograph that goes into a strip."""

    strip: _Place
    at: int
    image: int
    x: float
    y: float
    side: int


def gallery(coverage: Coverage, progress: Progress = silent) -> Gallery:
    """Gather the pictures of a coverage, from the photographs that its figures are of."""
    network = coverage.network
    photographs = _spread(coverage.photographs)
    layers = {layer.layer: len(layer.rows) for layer in coverage.layers}
    alike = [likeness(network, layer) for layer in layers]
    own = peaks(network, layers, PATCHES)
    hands = {
        one.name: peaks(
            one.networks[0],
            {family.name: family.size for family in one.networks[0].circuit.families},
            PATCHES,
        )
        for one in coverage.contenders
    }
    passes = [own, *hands.values(), *alike]
    states = fold(
        passes,
        photographs.batches_for(network.backbone, BATCH),
        lambda seen: progress(f"pictures: {seen} of {len(photographs.paths)} photographs"),
    )
    of_units = own.finish(states[0])
    of_members = {
        name: one.finish(state)
        for (name, one), state in zip(hands.items(), states[1:], strict=False)
    }
    threshold = coverage.thresholds[0]
    left = {
        layer.layer: tuple(
            groups(
                one.finish(state),
                [row.unit for row in layer.rows if not row.covered(threshold)],
            )
        )
        for layer, one, state in zip(coverage.layers, alike, states[1 + len(hands) :], strict=True)
    }
    return Gallery(coverage, _strips(coverage, of_units, of_members, photographs), left)


def _spread(images: ImageSet) -> ImageSet:
    """At most so many of the photographs, evenly spread."""
    count = len(images.paths)
    if count <= MOST_PHOTOGRAPHS:
        return images.some(range(count))
    return images.some(at * count // MOST_PHOTOGRAPHS for at in range(MOST_PHOTOGRAPHS))


def _strips(
    coverage: Coverage,
    of_units: Mapping[str, Peaks],
    of_members: Mapping[str, Mapping[str, Peaks]],
    photographs: ImageSet,
) -> dict[_Place, Strip]:
    """The strip of every unit, read from the photographs once."""
    backbone = coverage.network.backbone
    circuits = {one.name: one.networks[0].circuit for one in coverage.contenders}
    by_image: dict[int, list[_Patch]] = {}
    strips: dict[_Place, Strip] = {}
    for layer in coverage.layers:
        sampling = backbone.sampling(layer.layer)
        for row in layer.rows:
            strip = layer.layer, row.unit
            strips[strip] = np.full((PATCH_PX, (2 * PATCHES + 1) * PATCH_PX, 3), 255, np.uint8)
            sources = [(of_units[layer.layer], row.unit, sampling, 0)]
            if row.family:
                circuit = circuits[row.circuit]
                here = circuit.backbone.geometry.sampling(
                    circuit.by_name[row.family].layer, backbone.input_px
                )
                sources.append((of_members[row.circuit][row.family], row.number, here, PATCHES + 1))
            for found, number, here, start in sources:
                for at in range(PATCHES):
                    if not found.values[number, at] > 0:
                        continue
                    patch = _Patch(
                        strip,
                        start + at,
                        int(found.images[number, at]),
                        here.offset + here.stride * int(found.columns[number, at]),
                        here.offset + here.stride * int(found.rows[number, at]),
                        sampling.receptive_field,
                    )
                    by_image.setdefault(patch.image, []).append(patch)
    for batch in photographs.part_for(backbone, sorted(by_image), BATCH):
        for image, place in zip(batch.real, batch.places.tolist(), strict=True):
            picture = Image.fromarray(np.rint(image).astype(np.uint8))
            for patch in by_image[place]:
                left = patch.at * PATCH_PX
                strips[patch.strip][:, left : left + PATCH_PX] = _cut(picture, patch)
    return strips


def _cut(picture: Image.Image, patch: _Patch) -> Strip:
    """The part of a photograph that a unit sees, grey beyond the border."""
    left, top = round(patch.x - patch.side / 2), round(patch.y - patch.side / 2)
    part = Image.new("RGB", (patch.side, patch.side), (128, 128, 128))
    part.paste(picture, (-left, -top))
    return np.asarray(part.resize((PATCH_PX, PATCH_PX), Image.Resampling.BICUBIC))
