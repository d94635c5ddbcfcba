"""What families answer to the stimulus sets that their file names.

In: a network of a circuit. Out: a `Row` for each family and set: the responses of the central
neurons along one setting of the set, and the means over the other settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.generators import GENERATORS
from circuitdsl.ir.stimuli import ACTIVITY, Stimulus
from circuitdsl.measure.of_families import responses_to
from circuitdsl.models.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.batches import filled
from circuitdsl.stimuli.render import batches, centre_of, rows

Floats = NDArray[np.float64]

MOST_CASES = 16
"""A set of at most so many images is told image by image where one neuron answers."""

_BATCH = 48


@dataclass(frozen=True, eq=False)
class Row:
    """A family's answers to a stimulus set.

    Attributes:
        family: The family.
        stimulus: The set.
        along: The setting that varies, or "" where every image is a case of its own.
        unit: The setting's unit: `deg`, `px` or nothing.
        values: Its values.
        cases: What each image shows, where every image is a case of its own.
        responses: `[values or cases, members]`.
    """

    family: Family
    stimulus: Stimulus
    along: str
    unit: str
    values: tuple[float, ...]
    cases: tuple[str, ...]
    responses: Floats


def sets_of(circuit: Circuit, family: Family) -> tuple[Stimulus, ...]:
    """The sets that a family is shown.

    They are those that its `expect` and `calibrate` lines name, or else the first of the file that
    it can be shown. Units of a trained network are shown none, and what reads them is shown
    `activity` alone.
    """
    if family.units is not None:
        return ()
    reads_units = any(circuit.by_name[name].units for name in circuit.needs(family.name))
    legal = [each for each in circuit.stimuli if (each.generator == ACTIVITY) == reads_units]
    own = {measured.of for expect in family.expectations for measured in expect.measures}
    if family.calibrate is not None:
        own.add(family.calibrate.one)
    named = tuple(each for each in legal if each.name in own)
    return named or tuple(legal[:1])


def tunings(network: HandwrittenNetwork, families: Collection[str]) -> tuple[Row, ...]:
    """The answers of some families to the sets that they are shown, in the order of the file.

    Families of one layer that look at one place are run together.
    """
    circuit = network.circuit
    groups: dict[tuple[str, str, tuple[float, float]], list[Family]] = defaultdict(list)
    sets = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    for family in circuit.families:
        for stimulus in sets_of(circuit, family) if family.name in families else ():
            place = circuit.centre_px(family.name)
            groups[stimulus.name, family.layer, place].append(family)
    made: dict[tuple[str, str], Row] = {}
    for (name, _, _), together in groups.items():
        answers = _answers(network, together, sets[name])
        for family in together:
            made[family.name, name] = _row(family, sets[name], answers[family.name])
    wanted = [(family.name, name) for family in circuit.families for name in sets]
    return tuple(made[key] for key in wanted if key in made)


def _answers(
    network: HandwrittenNetwork, families: list[Family], stimulus: Stimulus
) -> dict[str, Floats]:
    """The central neurons' responses to every image, `[images, members]`, by family."""
    if stimulus.generator == ACTIVITY:
        return {each.name: responses_to(network, each, stimulus) for each in families}
    names = [each.name for each in families]
    middle = centre_of(stimulus, network.backbone, families[0].layer)
    centre = middle.aside(network.circuit.centre_px(names[0]))
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    for images in batches(stimulus, centre, _BATCH):
        maps = network.activations(jnp.asarray(filled(np.asarray(images), _BATCH)), names)
        for name in names:
            here = maps[name][: len(images), middle.index, middle.index]
            parts[name].append(np.asarray(here, np.float64))
    return {name: np.concatenate(part) for name, part in parts.items()}


def _row(family: Family, stimulus: Stimulus, responses: Floats) -> Row:
    """The responses along one setting of the set."""
    table = rows(stimulus)
    varied = [name for name, values in table.items() if len(np.unique(values)) > 1]
    if family.size == 1 and len(responses) <= MOST_CASES:
        cases = tuple(
            ", ".join(f"{name} {table[name][image]:g}{_unit(stimulus, name)}" for name in varied)
            for image in range(len(responses))
        )
        return Row(family, stimulus, "", "", (), cases, responses)
    along = "th" if "th" in varied else next(iter(varied), next(iter(table)))
    values = np.unique(table[along])
    means = np.stack([responses[table[along] == value].mean(axis=0) for value in values])
    unit = _unit(stimulus, along)
    return Row(family, stimulus, along, unit, tuple(map(float, values)), (), means)


def _unit(stimulus: Stimulus, setting: str) -> str:
    kind = GENERATORS[stimulus.generator].get(setting)
    return {"angle": "deg", "px": "px"}.get("" if kind is None else kind.unit, "")
