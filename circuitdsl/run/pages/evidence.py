"""What a report shows: a file's verdicts, and the seven arguments for its families.

In: a circuit file, perhaps a trained network and photographs. Out: `Evidence`. Whatever cannot be
measured is `Lacking`, with the reason; an interrupt leaves what was measured until then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from circuitdsl.checking.load import load
from circuitdsl.compare.expect import Outcome, expectations_met
from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.recovery import Recovery
from circuitdsl.compare.score import Comparison, end_family
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.measure.tunings.joint import Axis as JointAxis
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.comparing.matching import reads_units
from circuitdsl.run.comparing.scores import score
from circuitdsl.run.comparing.studies import recovery
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.asking import (
    NO_IMAGES,
    NO_MODEL,
    NO_PICTURES,
    Asking,
    Lacking,
    identified,
)
from circuitdsl.run.pages.beside import grids_beside, wiring_beside
from circuitdsl.run.pages.drawing import Portrait, portrait
from circuitdsl.run.pages.pairs import Wiring
from circuitdsl.run.seeing.examples import Examples, examples
from circuitdsl.run.seeing.grids import Grids
from circuitdsl.run.seeing.joint import Joint, joint
from circuitdsl.run.seeing.use import Uses, use
from circuitdsl.run.seeing.visualization import Pictures, visualize
from circuitdsl.run.seeing.weights import AllWeights
from circuitdsl.run.seeing.weights import weights as weights_of

T = TypeVar("T")

TURN_DEG = 15.0
"""From one turn of a photograph to the next."""

TURNED_EXAMPLES = 4
"""Photographs of each unit that are turned."""

_TURNED: Mapping[str, JointAxis] = {
    "rot": "rot",
    "orient": "rot",
    "hue": "hue",
    "scale": "scale",
    "flip": "flip",
}
"""What is done to photographs along each kind of axis."""


@dataclass(frozen=True, eq=False)
class Argued:
    """What is known of one hand-written family.

    Attributes:
        family: Its name.
        comparison: Its members beside units of the trained network.
        pictures: Pictures that excite its members.
        original_pictures: Pictures that excite those units.
        examples: The photographs that its members answer.
        original_examples: The photographs that those units answer.
        joint: How both answer photographs that excite those units, turned.
        weights: What those units read, and what reads them.
        grids: Responses over two settings of a stimulus set: of members, and of the units beside
            them.
        wiring: What those units read beside what the family reads, family by family.
        uses: What those units are for on photographs, and its members in their place.
        recovery: How much of those units' work its members do in their place.
    """

    family: str
    comparison: Comparison | FamilyComparison | Lacking
    pictures: Pictures | Lacking
    original_pictures: Pictures | Lacking
    examples: Examples | Lacking
    original_examples: Examples | Lacking
    joint: Joint | Lacking
    weights: AllWeights | Lacking
    grids: tuple[Grids, Grids] | Lacking
    wiring: Wiring | Lacking
    uses: Uses | Lacking
    recovery: Recovery | Lacking

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Members, and the units that they stand for."""
        if isinstance(self.comparison, Lacking):
            return ()
        return tuple((unit.hand, unit.original) for unit in self.comparison.units)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a report shows.

    Attributes:
        portrait: The circuit as it is drawn.
        verdicts: What became of each `expect` of the file.
        families: The families that are argued for.
        partial: Whether an interrupt left something out.
        model: The trained network's name; "" without one.
        weights: The digest of its weights.
        images: The number of photographs; 0 without a folder.
        images_digest: The digest of their contents, in order.
        seed: The seed of everything that is drawn at random.
    """

    portrait: Portrait
    verdicts: tuple[Outcome, ...] | Lacking
    families: tuple[Argued, ...]
    partial: bool
    model: str
    weights: str
    images: int
    images_digest: str
    seed: int

    @property
    def circuit(self) -> Circuit:
        """The circuit."""
        return self.portrait.circuit


def evidence(
    path: Path | str,
    *,
    model: str | Network | None = None,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    families: Sequence[str] = (),
    units: int | None = None,
    steps: int = 512,
    seed: int = 0,
    progress: Progress = silent,
) -> Evidence:
    """Gather what a report shows.

    Args:
        path: The circuit file.
        model: A trained network to hold families against; without one, the circuit alone is shown.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs.
        limit: The largest number of photographs, spread evenly over the folder.
        families: The families that the page argues for; by default those with `expect` lines, or
            else the last one.
        units: The number of the network's units that each family is compared with; by default as in
            `score`.
        steps: Steps of optimisation for each picture; 0 makes no pictures.
        seed: The seed of everything that is drawn at random.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors, or cannot be calibrated.
        InputError: the file can't be read, or there is no such family, model or folder.
    """
    circuit = load(path)
    names = [end_family(circuit, name).name for name in families] or argued_for(circuit)
    network = None if model is None else opened_network(model, weights)
    count, digest = identified(images, limit)
    progress("drawing the circuit")
    drawn = portrait(path, images=images)
    asking = Asking(progress)
    verdicts = asking.ask("measuring what the file expects", lambda: expectations_met(circuit))
    common = {"images": images, "limit": limit, "seed": seed}
    argued = [
        _argued(asking, path, drawn, name, network, units=units, steps=steps, common=common)
        for name in names
    ]
    return Evidence(
        portrait=drawn,
        verdicts=verdicts,
        families=tuple(argued),
        partial=asking.interrupted,
        model="" if network is None else network.name,
        weights="" if network is None else network.digest,
        images=count,
        images_digest=digest,
        seed=seed,
    )


def argued_for(circuit: Circuit) -> list[str]:
    """The families that claim something, or else the last one that no connection reads."""
    claiming = [family.name for family in circuit.families if family.expectations]
    return claiming or [end_family(circuit).name]


def _argued(
    asking: Asking,
    path: Path | str,
    drawn: Portrait,
    name: str,
    network: Network | None,
    *,
    units: int | None,
    steps: int,
    common: Mapping[str, Any],
) -> Argued:
    """The arguments for one family; what comes first is needed by what follows."""
    circuit = drawn.circuit
    progress, images = asking.progress, common["images"]
    comparison: Comparison | FamilyComparison | Lacking = Lacking(NO_MODEL)
    if network is not None:
        comparison = asking.ask(
            f"holding `{name}` against {network.name}",
            lambda: score(circuit, network, family=name, units=units, progress=progress, **common),
        )
    members, originals = _sides(circuit, path, name, network, comparison)
    told = {"progress": progress, **common}

    def of(what: str, side: _Side | Lacking, verb: Callable[..., T], **options: Any) -> T | Lacking:
        if isinstance(side, Lacking):
            return side
        return asking.ask(what, lambda: verb(side.model, **side.named, **options, **told))

    no_pictures, no_images = Lacking(NO_PICTURES), Lacking(NO_IMAGES)
    shown = [
        of(f"examples of `{name}`", side, examples) if images is not None else no_images
        for side in (members, originals)
    ]
    made = [
        of(f"pictures of `{name}`", side, visualize, steps=steps) if steps else no_pictures
        for side in (members, originals)
    ]
    weighed: AllWeights | Lacking = (
        originals
        if isinstance(originals, Lacking)
        else asking.ask(
            f"weights of the units beside `{name}`",
            lambda: weights_of(originals.model, **originals.named, progress=progress),
        )
    )
    return Argued(
        family=name,
        comparison=comparison,
        pictures=made[0],
        original_pictures=made[1],
        examples=shown[0],
        original_examples=shown[1],
        joint=_joint(asking, circuit.by_name[name], path, originals, common),
        weights=weighed,
        grids=grids_beside(asking, circuit, name, network, comparison),
        wiring=wiring_beside(asking, drawn, name, network, comparison, common=common),
        uses=no_images
        if images is None
        else of(f"use of the units beside `{name}`", originals, use, circuit=path, family=name),
        recovery=_recovered(asking, circuit, name, network, comparison, common=common),
    )


def _recovered(
    asking: Asking,
    circuit: Circuit,
    name: str,
    network: Network | None,
    comparison: Comparison | FamilyComparison | Lacking,
    *,
    common: Mapping[str, Any],
) -> Recovery | Lacking:
    """How much of the units' work the members of a family do in their place."""
    if network is None or common["images"] is None:
        return Lacking(NO_MODEL if network is None else NO_IMAGES)
    layers = (comparison.layer,) if isinstance(comparison, FamilyComparison) else ()
    return asking.ask(
        f"putting `{name}` in the place of units of {network.name}",
        lambda: recovery(
            circuit,
            model=network,
            family=name,
            layers=layers,
            progress=asking.progress,
            **common,
        ),
    )


def _joint(
    asking: Asking,
    family: Family,
    path: Path | str,
    originals: _Side | Lacking,
    common: Mapping[str, Any],
) -> Joint | Lacking:
    """Photographs turned along the first axis of a family that an image has, too."""
    axis: JointAxis | None = next(
        (_TURNED[one.kind] for one in family.axes if one.kind in _TURNED), None
    )
    if isinstance(originals, Lacking):
        return originals
    if common["images"] is None or axis is None:
        return Lacking(NO_IMAGES if axis else "The family has no axis that images have, too.")
    return asking.ask(
        f"turning photographs of the units beside `{family.name}`",
        lambda: joint(
            originals.model,
            **originals.named,
            images=common["images"],
            limit=common["limit"],
            beside=path,
            beside_family=family.name,
            axis=axis,
            step=TURN_DEG,
            examples=TURNED_EXAMPLES,
            progress=asking.progress,
        ),
    )


@dataclass(frozen=True)
class _Side:
    """Units that verbs are asked about.

    Attributes:
        model: Their network; `auto` where a circuit needs none.
        named: By which arguments the verbs are told of them.
    """

    model: str | Network
    named: Mapping[str, Any]


def _sides(
    circuit: Circuit,
    path: Path | str,
    name: str,
    network: Network | None,
    comparison: Comparison | FamilyComparison | Lacking,
) -> tuple[_Side | Lacking, _Side | Lacking]:
    """The members of a family, and the units of the network beside them."""
    given = network if reads_units(circuit) else AUTO
    members: _Side | Lacking = (
        Lacking(f"The circuit reads units of a trained network. {NO_MODEL}")
        if given is None
        else _Side(given, {"circuit": path, "family": name})
    )
    if network is None:
        return members, Lacking(NO_MODEL)
    if isinstance(comparison, Lacking):
        return members, comparison
    originals = list(dict.fromkeys(unit.original for unit in comparison.units))
    return members, _Side(network, {"units": originals})
