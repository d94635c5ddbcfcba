"""`joint`: photographs that excite units, turned, and how all of them answer.

In: units or a family, photographs, an axis. Out: `Joint`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure import units as subjects
from circuitdsl.measure.examples import examples as examples_pass
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.joint import Axis, JointTuning, Owner, joint_tuning
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asked import Asked, asked
from circuitdsl.run.seeing.examples import BATCH
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.crops import photographed

SCALES = (0.5, 2.0)
"""The least and the largest factor of the axis `scale`."""

_SCALE_STEPS = 17


@dataclass(frozen=True, eq=False)
class Joint:
    """Joint tuning of some units.

    Attributes:
        model: The network's name, or that of the circuit's file.
        weights: The digest of a trained network's weights; "" for a circuit.
        images: The number of photographs that examples were taken from.
        tuning: The responses; units of the network first, then members of the circuit beside it.
        skipped: Image files that could not be read, and why.
    """

    model: str
    weights: str
    images: int
    tuning: JointTuning
    skipped: tuple[tuple[str, str], ...]

    def record(self) -> dict[str, Any]:
        """The result as JSON has it."""
        whole = {"model": self.model, "weights": self.weights, "images": self.images}
        return {**whole, **self.tuning.record()}


def joint(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    images: Path | str | None = None,
    *,
    circuit: Path | str | Circuit | None = None,
    family: str | None = None,
    beside: Path | str | Circuit | None = None,
    beside_family: str | None = None,
    axis: Axis = "rot",
    step: float = 1.0,
    examples: int = 9,
    weights: Path | str | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> Joint:
    """Turn the photographs that excite units most, and show them to all of the units.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units of one layer by name: `mixed3b:345`, `mixed3b[320..329]`.
        images: A folder of photographs.
        circuit: A circuit, or its file, whose family is asked for instead of `units`.
        family: That family; by default the last one.
        beside: A circuit whose hand-written family is shown the same.
        beside_family: That family; by default the last one.
        axis: `rot` and `hue` go around in degrees, `scale` from half to twice, `flip` mirrors.
        step: Degrees from one turn to the next; a whole number of them makes a full turn.
        examples: The strongest photographs of each unit that are turned.
        weights: A weight file, instead of the model's own.
        limit: The largest number of photographs.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a circuit is faulty, or a family cannot be calibrated.
        InputError: something that was asked for does not exist or does not fit.
    """
    if images is None:
        raise InputError("what is turned are photographs, and there are none", help="give a folder")
    if examples < 1:
        raise InputError(f"{examples} examples of each unit leave nothing to turn")
    values = _values(axis, step)
    target = asked(model, units, circuit=circuit, family=family, weights=weights)
    shown = [_subject(target)]
    if beside is not None:
        shown.append(_subject(asked(model, circuit=beside, family=beside_family, weights=weights)))
    photographs = open_images(Path(images), limit)
    total, backbone = len(photographs.paths), target.network.backbone
    found = run(
        examples_pass(target.network, target.aims, strongest=examples, each_bin=1),
        photographs.batches_for(backbone, BATCH),
        lambda seen: progress(f"photographs: {seen} of {total}"),
    )
    owners = [
        Owner(one.aim.name, tuple(each for each in one.strongest if each.activation > 0))
        for one in found
    ]
    if not any(owner.examples for owner in owners):
        raise InputError("no photograph excites any of the units, so there is nothing to turn")
    every = [example for owner in owners for example in owner.examples]
    tuning = joint_tuning(
        owners,
        photographed(photographs, backbone, every),
        shown,
        (axis, values),
        lambda done: progress(f"turned {done} of {len(every)} examples"),
    )
    return Joint(
        target.model,
        target.digest,
        total - len(photographs.skipped),
        tuning,
        photographs.left_out,
    )


def _values(axis: Axis, step: float) -> tuple[float, ...]:
    if axis == "flip":
        return (0.0, 1.0)
    if axis == "scale":
        return tuple(np.geomspace(*SCALES, _SCALE_STEPS).tolist())
    count = round(360.0 / step) if step > 0 else 0
    if count < 4 or abs(count * step - 360.0) > 1e-6:
        raise InputError(
            f"turns of {step:g} degrees do not make a whole one", help="give 1, 5 or 10"
        )
    return tuple(step * number for number in range(count))


def _subject(target: Asked) -> subjects.Subject:
    """The units that are asked for, of one layer.

    Raises:
        InputError: they are of several layers.
    """
    if isinstance(target.network, HandwrittenNetwork):
        return subjects.handwritten(target.network, target.aims[0].layer)
    backbone = target.network.backbone
    blocks = {aim.layer: backbone.block_of(aim.layer) for aim in target.aims}
    if len({block for block, _ in blocks.values()}) > 1:
        names = ", ".join(sorted({block for block, _ in blocks.values()}))
        raise InputError(f"units of several layers are asked for: {names}", help="name one layer's")
    block = next(iter(blocks.values()))[0]
    numbers = [blocks[aim.layer][1] + int(aim.readout.argmax()) for aim in target.aims]
    return subjects.trained(target.network, block, numbers)
