"""What a microscope shows of units of a trained network.

In: a model, units by name or found by their tuning, directions, perhaps photographs and circuits.
Out: `Microscopy`. Whatever cannot be measured is `Lacking`, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuitdsl.compare.coverage import Counterpart
from circuitdsl.editing.select import Units, select
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.finders import FINDERS
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.run.comparing.coverage import coverage
from circuitdsl.run.networks import Progress, find, opened_network, silent
from circuitdsl.run.opening.asking import NO_IMAGES, NO_PICTURES, Asking, Lacking, identified
from circuitdsl.run.pages.answers import Answer, answers_of
from circuitdsl.run.pages.relatives import BEST, Relatives, relatives
from circuitdsl.run.seeing.examples import Examples, examples
from circuitdsl.run.seeing.grids import Grids
from circuitdsl.run.seeing.use import Uses, use
from circuitdsl.run.seeing.visualization import Pictures, visualize
from circuitdsl.run.seeing.weights import UnitWeights
from circuitdsl.run.seeing.weights import weights as weights_of
from circuitdsl.text.diagnostics import InputError

ATTRIBUTED = 64
"""Photographs, at most, that attributions are the mean of."""

NO_CIRCUITS = "No hand-written circuits were given: --circuit FILE."


@dataclass(frozen=True, eq=False)
class Seen:
    """A unit under the microscope.

    Attributes:
        name: Such as `mixed3b:345`.
        weights: What it reads, and what reads it.
        answers: Its tuning to synthetic images.
        match: The hand-written member that responds most like it.
    """

    name: str
    weights: UnitWeights | Lacking
    answers: tuple[Answer, ...]
    match: Counterpart | Lacking


@dataclass(frozen=True, eq=False)
class Microscopy:
    """What a microscope shows.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        units: The units.
        pictures: Pictures that excite them.
        directions: Pictures that excite directions.
        examples: The photographs that the units answer.
        families: By layer, the units that each finder ranks there.
        grids: By layer, what its units answer over two settings of a set of images.
        relatives: By layer and finder, the kernels of its best units from those of the layer
            before, where one of the units is among them.
        uses: By unit, what it gives to the next layer on photographs; with the hand-written member
            in its place, too, if one was found that responds like it.
        partial: Whether an interrupt left something out.
        images: The number of photographs; 0 without a folder.
        images_digest: The digest of their contents, in order.
        seed: The seed of everything that is drawn at random.
    """

    model: str
    weights: str
    units: tuple[Seen, ...]
    pictures: Pictures | Lacking
    directions: Pictures | Lacking | None
    examples: Examples | Lacking
    families: Mapping[str, tuple[FoundFamily, ...]]
    grids: Mapping[str, tuple[Grids, ...]]
    relatives: Mapping[tuple[str, str], Relatives | Lacking]
    uses: Mapping[str, Uses | Lacking]
    partial: bool
    images: int
    images_digest: str
    seed: int


def look(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    *,
    find_kind: str | None = None,
    layer: str | None = None,
    count: int = 10,
    directions: Sequence[str] = (),
    circuits: Sequence[Path | str] = (),
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    steps: int = 512,
    seed: int = 0,
    progress: Progress = silent,
) -> Microscopy:
    """Gather what a microscope shows.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units by name: `mixed3b:345`, `mixed3b[320..329]`.
        find_kind: A finder, such as `lines`: the best units of `layer` that it finds.
        layer: Where it looks.
        count: How many of them.
        directions: Sums of units, such as `mixed3b:345 - 0.5*mixed3b:379`.
        circuits: Circuit files or folders with families to compare the units with.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs.
        limit: The largest number of photographs, spread evenly over the folder.
        steps: Steps of optimisation for each picture; 0 makes no pictures.
        seed: The seed of everything that is drawn at random.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: nothing is asked for, or something that was asked for does not exist.
    """
    network = opened_network(model, weights)
    asking = Asking(progress)
    names = [units] if isinstance(units, str) else list(units)
    asked = set(select(network.backbone, names).names) if names else set()
    found = _found(network, find_kind, layer, count, progress)
    names += [name for name in found if name not in asked]
    if not names and not directions:
        raise InputError(
            "nothing lies under the microscope",
            help="name a unit (`--unit mixed3b:345`), a finder (--find) or a direction",
        )
    chosen = select(network.backbone, names) if names else Units(network.backbone, ())
    shown, digest = identified(images, limit)
    common: dict[str, Any] = {
        "images": images,
        "limit": limit,
        "seed": seed,
        "steps": steps,
        "progress": progress,
    }
    layers: dict[str, list[str]] = {}
    for name in chosen.names:
        layers.setdefault(_block(name), []).append(name)
    answers, grids = _answers(asking, network, layers)
    matches, written = _matches(
        asking, network, chosen, circuits=circuits, images=images, limit=limit, seed=seed
    )
    stand_ins = _stand_ins(network, matches, written)
    families = {block: _families(asking, network, block) for block in layers}
    pictures, of_directions = _pictures(asking, network, chosen.names, directions, common)
    exemplars: Examples | Lacking = Lacking(NO_IMAGES)
    if images is not None and names:
        exemplars = asking.ask(
            "looking at photographs",
            lambda: examples(
                network, chosen.names, images, limit=limit, seed=seed, progress=progress
            ),
        )
    seen = tuple(
        Seen(name, _weights(asking, network, name), answers.get(name, ()), matches[name])
        for name in chosen.names
    )
    return Microscopy(
        model=network.name,
        weights=network.digest,
        units=seen,
        pictures=pictures,
        directions=of_directions,
        examples=exemplars,
        families=families,
        grids=grids,
        relatives=_relatives(asking, network, families, layers),
        uses=_uses(asking, network, layers, stand_ins, images, limit),
        partial=asking.interrupted,
        images=shown,
        images_digest=digest,
        seed=seed,
    )


def _pictures(
    asking: Asking,
    network: Network,
    names: Sequence[str],
    directions: Sequence[str],
    common: Mapping[str, Any],
) -> tuple[Pictures | Lacking, Pictures | Lacking | None]:
    """Pictures of units, and of directions where some are asked for."""
    pictures: Pictures | Lacking = Lacking(NO_PICTURES)
    of_directions: Pictures | Lacking | None = Lacking(NO_PICTURES) if directions else None
    if common["steps"] and names:
        pictures = asking.ask("making pictures", lambda: visualize(network, names, **common))
    if common["steps"] and directions:
        of_directions = asking.ask(
            "making pictures of directions",
            lambda: visualize(network, directions=directions, **common),
        )
    return pictures, of_directions


def _found(
    network: Network, kind: str | None, layer: str | None, count: int, progress: Progress
) -> list[str]:
    """The best units that a finder finds."""
    if kind is None:
        return []
    if layer is None:
        raise InputError(f"`{kind}` are looked for in no layer", help="name one: --layer")
    found = find(kind, network, layer, progress=progress)
    return [f"{found.layer}:{unit.unit}" for unit in found.units[:count]]


def _block(name: str) -> str:
    return name.rpartition(":")[0]


def _families(asking: Asking, network: Network, layer: str) -> tuple[FoundFamily, ...]:
    """The units of a layer that each finder ranks; none of a finder that finds nothing there."""
    found = [
        asking.ask(f"looking for {kind} in {layer}", lambda kind=kind: find(kind, network, layer))
        for kind in FINDERS
    ]
    return tuple(one for one in found if not isinstance(one, Lacking))


def _answers(
    asking: Asking, network: Network, layers: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[Answer, ...]], dict[str, tuple[Grids, ...]]]:
    """What units answer to synthetic images, by unit, and over two settings, by layer."""
    answers: dict[str, tuple[Answer, ...]] = {}
    grids: dict[str, tuple[Grids, ...]] = {}
    for block, names in layers.items():
        numbers = [int(name.rpartition(":")[2]) for name in names]
        made, grids[block] = answers_of(asking, network, block, numbers)
        answers.update(made)
    return answers, grids


def _weights(asking: Asking, network: Network, name: str) -> UnitWeights | Lacking:
    """What a unit reads, and what reads it."""
    return asking.ask(
        f"weights of {name}",
        lambda: weights_of(network, name, progress=asking.progress).units[0],
    )


def _relatives(
    asking: Asking,
    network: Network,
    families: Mapping[str, Sequence[FoundFamily]],
    layers: Mapping[str, Sequence[str]],
) -> dict[tuple[str, str], Relatives | Lacking]:
    """What the best units of each kind read of the same kind before, where a unit is of them."""
    made: dict[tuple[str, str], Relatives | Lacking] = {}
    for layer, found in families.items():
        for one in found:
            best = {f"{layer}:{unit.unit}" for unit in one.units[:BEST]}
            if best.intersection(layers[layer]):
                made[layer, one.finder.name] = asking.ask(
                    f"kernels of {one.finder.title} in {layer}",
                    lambda one=one: relatives(network, one, asking.progress),
                )
    return made


def _stand_ins(
    network: Network,
    matches: Mapping[str, Counterpart | Lacking],
    written: Mapping[str, HandwrittenNetwork],
) -> dict[str, tuple[HandwrittenNetwork, str]]:
    """The network and the family of the member that responds most like each unit of its grid."""
    made: dict[str, tuple[HandwrittenNetwork, str]] = {}
    for name, match in matches.items():
        if isinstance(match, Lacking) or not match.family:
            continue
        hand = written[match.circuit]
        family = named_family(hand.circuit, match.family)
        if (
            hand.backbone.sampling(family.layer).stride
            == network.backbone.sampling(_block(name)).stride
        ):
            made[name] = (hand, family.name)
    return made


def _uses(  # noqa: PLR0917 - one call
    asking: Asking,
    network: Network,
    layers: Mapping[str, Sequence[str]],
    stand_ins: Mapping[str, tuple[HandwrittenNetwork, str]],
    images: Path | str | None,
    limit: int | None,
) -> dict[str, Uses | Lacking]:
    """What units give to the next layer, and what the hand-written members in their place give."""
    if images is None:
        return {name: Lacking(NO_IMAGES) for names in layers.values() for name in names}
    most = min(limit or ATTRIBUTED, ATTRIBUTED)
    made: dict[str, Uses | Lacking] = {}
    for layer, names in layers.items():
        groups: dict[tuple[HandwrittenNetwork, str] | None, list[str]] = {}
        for name in names:
            groups.setdefault(stand_ins.get(name), []).append(name)
        for member_of, own in groups.items():
            circuit, family = member_of or (None, None)
            found = asking.ask(
                f"use of {layer}" if family is None else f"use of {layer} with {family}",
                lambda own=own, circuit=circuit, family=family: use(
                    network,
                    own,
                    images,
                    circuit=circuit,
                    family=family,
                    limit=most,
                    progress=asking.progress,
                ),
            )
            made |= dict.fromkeys(own, found)
    return made


def _matches(
    asking: Asking,
    network: Network,
    units: Units,
    *,
    circuits: Sequence[Path | str],
    images: Path | str | None,
    limit: int | None,
    seed: int,
) -> tuple[dict[str, Counterpart | Lacking], dict[str, HandwrittenNetwork]]:
    """The hand-written member that responds most like each unit, and their networks by name."""
    if not circuits or images is None:
        why = NO_CIRCUITS if not circuits else NO_IMAGES
        return {name: Lacking(why) for name in units.names}, {}
    layers = list(dict.fromkeys(_block(name) for name in units.names))
    covered = asking.ask(
        "holding units against hand-written families",
        lambda: coverage(
            circuits,
            images,
            model=network,
            layers=layers,
            limit=limit,
            seed=seed,
            progress=asking.progress,
        ),
    )
    if isinstance(covered, Lacking):
        return dict.fromkeys(units.names, covered), {}
    rows = {f"{row.layer}:{row.unit}": row for one in covered.layers for row in one.rows}
    written = {one.name: one.networks[0] for one in covered.contenders}
    return {name: rows[name] for name in units.names}, written
