"""What the four stories are told of: photographs in parts, and how units respond to them.

In: a network, a third of the photographs. Out: `Part`, the strongest response of every unit in
every photograph, plain, mirrored and upside down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from circuitdsl.measure.agreeing.bootstrap import interval, resampled
from circuitdsl.models.files.weights import write_weights
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import Batch
from circuitdsl.stimuli.photographs import ImageSet, open_images

LAYERS = ("mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e")
BATCH = 8

EXAMPLES = Path(__file__).parent.parent / "examples"
"""Scripts and circuits that name units of this one network."""

FIRST_DOG, LAST_DOG = "n02085620", "n02113978"
"""The classes of dogs, by their numbers in WordNet."""

CARS = (
    "n02701002",
    "n02814533",
    "n02930766",
    "n03100240",
    "n03345487",
    "n03417042",
    "n03459775",
    "n03594945",
    "n03670208",
    "n03769881",
    "n03770679",
    "n03777568",
    "n03796401",
    "n03930630",
    "n03977966",
    "n04037443",
    "n04285008",
    "n04461696",
    "n04467665",
)
"""Classes of cars, vans and lorries."""

LOOKS_LEFT = (
    "n02089078",
    "n02093428",
    "n02093859",
    "n02095570",
    "n02100877",
    "n02102318",
    "n02104029",
    "n02093647",
    "n02098105",
    "n02101006",
    "n02102480",
    "n02106166",
)
LOOKS_RIGHT = (
    "n02105162",
    "n02106030",
    "n02112350",
    "n02088094",
    "n02089867",
    "n02090622",
    "n02093991",
    "n02097047",
    "n02099712",
    "n02113978",
)
"""Classes whose photograph of the first two thirds shows a dog from the side, as a person saw it
before anything was measured."""

Floats = NDArray[np.float64]
Record = dict[str, Any]
Flip = Callable[[Batch], Batch]

VIEWS: dict[str, Flip] = {
    "plain": lambda batch: batch,
    "mirrored": lambda batch: replace(batch, images=batch.images[:, :, ::-1].copy()),
    "upside down": lambda batch: replace(batch, images=batch.images[:, ::-1].copy()),
}


@dataclass(frozen=True, eq=False)
class Part:
    """A third of the photographs, and how strongly units respond to it.

    Attributes:
        folder: Where the photographs are.
        images: The photographs.
        classes: The class of each.
        strongest: By view and layer, the strongest response in each photograph,
            `[photograph, unit]`; under `outputs` what the network says.
    """

    folder: Path
    images: ImageSet
    classes: NDArray[np.str_]
    strongest: Mapping[str, Floats]

    def of(self, layer: str, view: str = "plain") -> Floats:
        """The strongest responses of a layer's units, `[photograph, unit]`."""
        return self.strongest[f"{view} {layer}"]

    @property
    def dogs(self) -> NDArray[np.bool_]:
        """Which photographs are of dogs."""
        return (self.classes >= FIRST_DOG) & (self.classes <= LAST_DOG)

    @property
    def cars(self) -> NDArray[np.bool_]:
        """Which photographs are of cars."""
        return np.isin(self.classes, CARS)


def looked_at(network: Network, folder: Path, kept: Path) -> Part:
    """A part's strongest responses, from a file if they have been taken."""
    images = open_images(folder)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_weights(kept, responses(network, images))
    strongest = {name: value.astype(np.float64) for name, value in load_file(kept).items()}
    return Part(folder, images, np.array([path.parent.name for path in images.paths]), strongest)


def responses(network: Network, images: ImageSet) -> dict[str, NDArray[np.float32]]:
    """The strongest response of every unit in every photograph, from all views."""
    last = network.backbone.classifier
    rows: dict[str, list[NDArray[np.float32]]] = {}
    for batch in images.batches_for(network.backbone, BATCH):
        for view, flip in VIEWS.items():
            shown = network.activations(flip(batch).images, (*LAYERS, last))
            for layer in LAYERS:
                most = np.asarray(shown[layer].max(axis=(1, 2)))
                rows.setdefault(f"{view} {layer}", []).append(most[: batch.count])
            rows.setdefault(f"{view} outputs", []).append(np.asarray(shown[last])[: batch.count])
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def selectivity(responses_: Floats, inside: NDArray[np.bool_]) -> Floats:
    """How much more units respond to some photographs, in standard deviations, `[unit]`."""
    difference = responses_[inside].mean(axis=0) - responses_[~inside].mean(axis=0)
    return difference / (responses_.std(axis=0) + 1e-9)


def estimated(name: str, of: Callable[[Floats], Floats], count: int) -> Record:
    """A figure and its interval.

    Args:
        name: What to call it.
        of: The figure from how often each photograph counts, `[..., photograph]`.
        count: The number of photographs.
    """
    return {
        name: float(of(np.ones(count))),
        f"{name}_ci": list(interval(np.asarray(of(resampled(count, 0))))),
    }
