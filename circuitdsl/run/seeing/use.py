"""`use`: who reads units, and whether a hand-written unit in their place is used alike.

In: units of a trained network, photographs, perhaps a circuit. Out: `Uses`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.apply import edit
from circuitdsl.editing.baselines import in_order, matched_splice
from circuitdsl.editing.select import Units, layer_named, select
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.agreeing.matching import choice_sums, correlations
from circuitdsl.measure.examples import Example
from circuitdsl.measure.passes import Need, Pass, Shown, State, fold, run, total
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.asked import asked
from circuitdsl.run.seeing.weights import next_layer
from circuitdsl.stimuli.batches import Batch
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.crops import crops
from circuitdsl.visualizing.turned import correlation
from circuitdsl.visualizing.use import Differences, attribution, differences

BATCH = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Use:
    """Who reads a unit.

    Attributes:
        unit: Its name.
        readers: Attribution to every unit of the later layer, `[reader]`.
        spliced: The same with the hand-written member in its place; None without a circuit.
        differences: Photographs that one of the two does not answer; None without a circuit.
    """

    unit: str
    readers: Floats
    spliced: Floats | None = None
    differences: Differences | None = None

    @property
    def agreement(self) -> float | None:
        """The correlation over readers of the attributions of the two; None without a circuit."""
        return None if self.spliced is None else correlation(self.readers, self.spliced)

    def strongest(self, count: int = 10) -> tuple[int, ...]:
        """The readers that the unit moves most, by number."""
        return tuple(np.argsort(-np.abs(self.readers), kind="stable")[:count].tolist())


@dataclass(frozen=True, eq=False)
class Uses:
    """Who reads some units.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        backbone: Its architecture.
        layer: The later layer.
        images: The number of photographs that attributions are of.
        photographs: These photographs.
        uses: In the order asked for.
        skipped: Image files that could not be read, and why.
    """

    model: str
    weights: str
    backbone: Backbone
    layer: str
    images: int
    photographs: ImageSet
    uses: tuple[Use, ...]
    skipped: tuple[tuple[str, str], ...]

    def crops(self, unit: str, some: Sequence[Example]) -> tuple[NDArray[np.float32], ...]:
        """What a unit sees of some examples, RGB, 0..255, `[side, side, 3]`."""
        (layer, _), *_ = select(self.backbone, unit).places
        return crops(self.photographs, self.backbone, layer, some)

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            "model": self.model,
            "weights": self.weights,
            "layer": self.layer,
            "images": self.images,
            "units": [self._of(use) for use in self.uses],
        }

    def _of(self, use: Use) -> dict[str, Any]:
        spliced, apart = use.spliced, use.differences
        readers = [
            {
                "unit": f"{self.layer}:{one}",
                "attribution": float(use.readers[one]),
                "spliced": None if spliced is None else float(spliced[one]),
            }
            for one in use.strongest()
        ]
        found: dict[str, Any] = {"unit": use.unit, "readers": readers, "agreement": use.agreement}
        if apart is not None:
            found["member"] = apart.member
            found["unit_alone"] = [self._place(one) for one in apart.unit_alone]
            found["member_alone"] = [self._place(one) for one in apart.member_alone]
        return found

    def _place(self, example: Example) -> dict[str, Any]:
        return {
            "photograph": self.photographs.name(example.place),
            "row": example.row,
            "column": example.column,
            "activation": example.activation,
        }


def use(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    images: Path | str | None = None,
    *,
    circuit: Path | str | Circuit | HandwrittenNetwork | None = None,
    family: str | None = None,
    readers: str | None = None,
    weights: Path | str | None = None,
    limit: int | None = None,
    examples: int = 9,
    seed: int = 0,
    progress: Progress = silent,
) -> Uses:
    """Find the later units that use some units, and compare how they use hand-written ones.

    With a circuit, half of the photographs chooses the member that agrees best with each unit and
    matches its gain; attributions and differences are of the other half.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units of one layer by name: `mixed3b:345`, `mixed3b[320..329]`.
        images: A folder of photographs.
        circuit: A circuit, its file, or its network, with a family in the units' layer.
        family: That family; by default the last one.
        readers: The later layer; by default the one after.
        weights: A weight file, instead of the model's own.
        limit: The largest number of photographs.
        examples: Photographs of each kind of difference.
        seed: The seed of the split.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the circuit is faulty, or its family cannot be calibrated.
        InputError: something that was asked for does not exist or does not fit.
    """
    if images is None:
        raise InputError("use is measured on photographs, and there are none", help="give a folder")
    network = opened_network(model, weights)
    chosen = select(network.backbone, units)
    block, _ = network.backbone.block_of(chosen.branches[0])
    later = readers or next_layer(network.backbone, block)
    if later is None:
        raise InputError(f"no layer with units reads {block}", help="name earlier units")
    layer = layer_named(network.backbone, later).name
    every = open_images(Path(images), limit)
    if circuit is None:
        rows = run(
            attribution(network, chosen, layer),
            every.batches_for(network.backbone, BATCH),
            lambda seen: progress(f"attribution: {seen} of {len(every.paths)} photographs"),
        )
        uses = tuple(Use(name, row) for name, row in zip(chosen.names, rows, strict=True))
        return _uses(network, layer, every, uses, every.left_out)
    hand, written = _stand_in(circuit, family)
    first, second = split(every, len(every.paths) // 2, seed)
    progress("choosing members and matching gains")
    members = run(_best_members(network, chosen, hand, written), _read(network, first))
    matched = matched_splice(network, chosen, hand, written, members=members)
    spliced = edit(network, [run(matched, _read(network, first))])
    passes = (
        attribution(network, chosen, layer),
        attribution(spliced, chosen, layer),
        differences(network, chosen, hand, written, members, most=examples),
    )
    states = fold(
        passes,
        _read(network, second),
        lambda seen: progress(f"attribution: {seen} of {len(second.paths)} photographs"),
    )
    own, with_hand, apart = (one.finish(state) for one, state in zip(passes, states, strict=True))
    uses = tuple(map(Use, chosen.names, own, with_hand, apart))
    return _uses(network, layer, second, uses, first.left_out + second.left_out)


def _stand_in(
    circuit: Path | str | Circuit | HandwrittenNetwork, family: str | None
) -> tuple[HandwrittenNetwork, str]:
    """The network whose members take the place of units, and their family."""
    if isinstance(circuit, HandwrittenNetwork):
        named = named_family(circuit.circuit, family) if family else circuit.circuit.families[-1]
        return circuit, named.name
    target = asked(circuit=circuit, family=family)
    if not isinstance(target.network, HandwrittenNetwork):
        raise InputError("a family of trained units stands in for nothing", help="name another")
    return target.network, target.aims[0].layer


def _read(network: Network, photographs: ImageSet) -> Iterator[Batch]:
    return photographs.batches_for(network.backbone, BATCH)


def _uses(
    network: Network,
    layer: str,
    photographs: ImageSet,
    uses: tuple[Use, ...],
    skipped: tuple[tuple[str, str], ...],
) -> Uses:
    images = len(photographs.paths) - len(photographs.skipped)
    return Uses(
        network.name, network.digest, network.backbone, layer, images, photographs, uses, skipped
    )


def _best_members(
    network: Network, units: Units, hand: HandwrittenNetwork, family: str
) -> Pass[tuple[int, ...]]:
    """The member that agrees best with each unit over all positions."""
    size = hand.circuit.by_name[family].size

    def init() -> State:
        shapes = {"x": (size,), "y": (len(units),), "xy": (size, len(units))}
        sums = {name: np.zeros(shape) for name, shape in shapes.items()}
        squares = {"xx": sums["x"].copy(), "yy": sums["y"].copy(), "count": np.zeros(())}
        return {**sums, **squares}

    def step(state: State, shown: Shown) -> State:
        x, y = shown.of(hand)[family], in_order(units, shown.of(network))
        if x.shape[1:3] != y.shape[1:3]:
            raise InputError(
                f"`{family}` is {x.shape[1]}x{x.shape[2]}, and the units are "
                f"{y.shape[1]}x{y.shape[2]}",
                help="give units of the family's own layer",
            )
        real = (jnp.arange(len(shown.images)) < shown.count).astype(jnp.float32)
        sums = choice_sums([x], [y], real)
        return total(state, {name: np.asarray(part, np.float64) for name, part in sums.items()})

    def finish(state: State) -> tuple[int, ...]:
        return tuple(correlations(state).argmax(axis=0).tolist())

    needs = (Need(network, units.branches), Need(hand, (family,)))
    return Pass(init, step, total, finish, needs)
