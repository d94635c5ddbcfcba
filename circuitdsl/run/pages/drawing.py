"""What the picture of a circuit shows, gathered.

In: a circuit file, perhaps photographs. Out: a `Portrait`: the circuit with its arrays, tunings and
activation maps. No trained network takes part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from circuitdsl.checking.load import load
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.named_families import named_family, narrowed
from circuitdsl.measure.calibration import calibrate
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.visualizing.maps import strongest_maps
from circuitdsl.visualizing.tuning import Row, tunings
from circuitdsl.visualizing.wiring import Wires, wires

PHOTOGRAPHS = 3
"""How many photographs are shown."""


@dataclass(frozen=True, eq=False)
class Portrait:
    """A circuit with everything that its picture shows.

    Attributes:
        file: The name of its file.
        circuit: The circuit.
        families: Those with a section of their own, in the order of their layers.
        wires: Every connection; the sections show those at both ends of their families.
        tunings: What the families answer to synthetic images.
        photographs: RGB, 0..255, `[count, height, width, 3]`; empty without a folder.
        titles: The name of each photograph.
        maps: `[count, height, width]` for each family.
        skipped: Files that are no images, and why.
    """

    file: str
    circuit: Circuit
    families: tuple[Family, ...]
    wires: tuple[Wires, ...]
    tunings: tuple[Row, ...]
    photographs: NDArray[np.float32]
    titles: tuple[str, ...]
    maps: Mapping[str, NDArray[np.float32]]
    skipped: Mapping[str, str]

    @property
    def shown(self) -> tuple[Wires, ...]:
        """The connections into and out of the families that have a section."""
        names = {family.name for family in self.families}
        return tuple(w for w in self.wires if names & {w.connection.source, w.connection.target})


def portrait(
    path: Path | str,
    *,
    family: str | None = None,
    images: Path | str | None = None,
    answers: bool = True,
) -> Portrait:
    """Gather what the picture of a circuit shows.

    These are the families that the file declares and those that they need. Of these, the file's own
    are shown stimuli; what imported ones answer is on the page of their own file.

    Args:
        path: The file.
        family: Only this family, with the connections into and out of it.
        images: A folder of photographs for activation maps.
        answers: Whether tunings and maps are wanted; without them nothing is run.

    Raises:
        DiagnosticError: the file has errors, or cannot be calibrated.
        InputError: the file can't be read, has no such family, or the folder holds no images.
    """
    circuit = load(path)
    if family is not None:
        named_family(circuit, family, str(path))
    # A file that builds on others imports families, most of which it may not use.
    own = [each for each in circuit.by_name if "." not in each] or list(circuit.by_name)
    asked = own if family is None else [family]
    circuit = narrowed(circuit, {*own, *asked})
    chosen = tuple(f for f in circuit.layers_in_order if family in (None, f.name))
    names = [each.name for each in chosen]
    photographs, titles, skipped = (
        _photographs(Path(images), circuit) if images is not None and answers else _NO_PHOTOGRAPHS
    )
    network = build(circuit)
    if answers:
        network = calibrate(network)
    return Portrait(
        file=Path(path).name,
        circuit=circuit,
        families=chosen,
        wires=wires(circuit, network.arrays),
        tunings=tunings(network, asked) if answers else (),
        photographs=photographs,
        titles=titles,
        maps=strongest_maps(network, names, photographs),
        skipped=skipped,
    )


def unanswered(circuit: Circuit, network: HandwrittenNetwork | None = None) -> Portrait:
    """The picture of a circuit that is in memory: nothing is run.

    Args:
        circuit: The circuit.
        network: A network of it, whose kernels are shown; by default those at its defaults.
    """
    shown = build(circuit) if network is None else network
    return Portrait(
        file="",
        circuit=circuit,
        families=circuit.layers_in_order,
        wires=wires(circuit, shown.arrays),
        tunings=(),
        photographs=np.zeros((0, 1, 1, 3), np.float32),
        titles=(),
        maps={},
        skipped={},
    )


_Photographs = tuple[NDArray[np.float32], tuple[str, ...], Mapping[str, str]]

_NO_PHOTOGRAPHS: _Photographs = (np.zeros((0, 1, 1, 3), np.float32), (), {})


def _photographs(folder: Path, circuit: Circuit) -> _Photographs:
    """The first photographs of a folder that can be read, as the backbone sees them."""
    opened = open_images(folder)
    images: list[NDArray[np.float32]] = []
    titles: list[str] = []
    for batch in islice(opened.batches_for(circuit.backbone.geometry, 1), PHOTOGRAPHS):
        images += list(batch.real)
        titles += batch.names
    return np.stack(images), tuple(titles), dict(opened.left_out)
