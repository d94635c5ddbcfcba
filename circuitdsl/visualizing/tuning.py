"""What families answer to the stimulus sets that their file names.

In: a network of a circuit. Out: a `Row` for each family and set: the responses of the central
neurons along one setting of the set, and the means over the other settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, Setting, Stimulus
from circuitdsl.ir.tables.generators import GENERATORS, settings_of
from circuitdsl.measure.tunings.of_families import responses_together
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.models.written.merged import without_copies
from circuitdsl.stimuli.render import count, rows

Floats = NDArray[np.float64]

MOST_IMAGES = 96
"""A set of more images is thinned, where a tuning is shown and not measured."""

MOST_CASES = 16
"""A set of at most so many images is told image by image where one neuron answers."""


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

    @property
    def held(self) -> str:
        """Settings that the generator crosses and that have one value here, for people to read."""
        kinds = GENERATORS[self.stimulus.generator]
        return ", ".join(
            f"{name} {levels[0]:g}{unit_of(self.stimulus, name)}"
            for name, levels in settings_of(self.stimulus).items()
            if name in kinds and len(levels) == 1 < len(kinds[name].default)
        )


def sets_of(circuit: Circuit, family: Family) -> tuple[Stimulus, ...]:
    """The sets that a family is shown.

    They are those that its `expect` and `calibrate` lines name. A family that names none is shown
    the first of the file that it can be shown, `thinned`. Units of a trained network are shown
    none, and what reads them is shown `activity` alone.
    """
    if family.units is not None:
        return ()
    reads_units = circuit.reads_units(family.name)
    legal = [each for each in circuit.stimuli if (each.generator == ACTIVITY) == reads_units]
    own = {measured.of for expect in family.expectations for measured in expect.measures}
    if family.calibrate is not None:
        own.add(family.calibrate.one)
    named = tuple(each for each in legal if each.name in own)
    return named or tuple(one if reads_units else thinned(one) for one in legal[:1])


def shown_of(stimulus: Stimulus) -> Stimulus:
    """A set as pictures of circuits show it: `thinned`, if it has more images than `MOST_IMAGES`.

    Images of a folder are none of them: which there are is not known before it is read.
    """
    if stimulus.generator in (ACTIVITY, PHOTOGRAPHS):
        return stimulus
    return thinned(stimulus) if count(stimulus) > MOST_IMAGES else stimulus


def thinned(stimulus: Stimulus) -> Stimulus:
    """A set with one value, the middle one, of each setting that is not plotted.

    Settings of two values, such as both contrasts, keep both.
    """
    kinds, values = GENERATORS[stimulus.generator], settings_of(stimulus)
    along = _along([name for name, levels in values.items() if len(levels) > 1])
    kept = dict(stimulus.settings)
    for name, levels in values.items():
        if name in kinds and name != along and len(levels) > 2:
            kept[name] = Setting((levels[len(levels) // 2],), kinds[name].unit)
    return replace(stimulus, settings=tuple(kept.items()))


def sparse(stimulus: Stimulus, most: int) -> Stimulus:
    """A set with one value of each setting that is not plotted, and `most` of the one that is."""
    kinds, values = GENERATORS[stimulus.generator], settings_of(stimulus)
    along = _along([name for name, levels in values.items() if len(levels) > 1])
    kept = dict(stimulus.settings)
    for name, levels in values.items():
        if name in kinds and len(levels) > 1:
            few = levels[:: -(-len(levels) // most)] if name == along else (levels[-1],)
            kept[name] = Setting(few, kinds[name].unit)
    return replace(stimulus, settings=tuple(kept.items()))


def _along(varied: Sequence[str]) -> str:
    """The setting that a plot follows; "" where none varies."""
    return "th" if "th" in varied else next(iter(varied), "")


def tunings(network: HandwrittenNetwork, families: Collection[str]) -> tuple[Row, ...]:
    """The answers of some families to the sets that they are shown, in the order of the file."""
    network = without_copies(network)
    circuit = network.circuit
    place = {stimulus.name: number for number, stimulus in enumerate(circuit.stimuli)}
    pairs = [
        (family, shown_of(stimulus))
        for family in circuit.families
        if family.name in families
        for stimulus in sorted(sets_of(circuit, family), key=lambda one: place[one.name])
    ]
    sets: dict[Stimulus, list[Family]] = defaultdict(list)
    for family, stimulus in pairs:
        sets[stimulus].append(family)
    names = [family.name for family, _ in pairs]
    answers = {
        stimulus: responses_together(network, together, stimulus, names)
        for stimulus, together in sets.items()
    }
    return tuple(
        row(family, stimulus, answers[stimulus][family.name]) for family, stimulus in pairs
    )


def row(family: Family, stimulus: Stimulus, responses: Floats) -> Row:
    """The responses along one setting of the set.

    Args:
        family: The family.
        stimulus: What it was shown.
        responses: `[images, members]`, in the order of the set.
    """
    table = rows(stimulus)
    if family.size == 1 and len(responses) <= MOST_CASES:
        varied = _varied(table)
        cases = tuple(
            ", ".join(f"{name} {table[name][image]:g}{unit_of(stimulus, name)}" for name in varied)
            for image in range(len(responses))
        )
        return Row(family, stimulus, "", "", (), cases, responses)
    along, values, means = averaged(stimulus, responses)
    return Row(family, stimulus, along, unit_of(stimulus, along), values, (), means)


def averaged(stimulus: Stimulus, responses: Floats) -> tuple[str, tuple[float, ...], Floats]:
    """The setting that a plot follows, its values, and the mean responses at each.

    Args:
        stimulus: A set.
        responses: `[image, unit]`.

    Returns:
        The setting's name, its values, and `[value, unit]`.
    """
    table = rows(stimulus)
    along = _along(_varied(table)) or next(iter(table))
    values = np.unique(table[along])
    means = np.stack([responses[table[along] == value].mean(axis=0) for value in values])
    return along, tuple(map(float, values)), means


def crossed(
    stimulus: Stimulus, responses: Floats, sides: tuple[str, str]
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], Floats]:
    """The values of two settings, and the mean responses at each pair of them.

    Args:
        stimulus: A set.
        responses: `[image, unit]`.
        sides: The settings.

    Returns:
        The values of both, and `[first, second, unit]`.
    """
    table = rows(stimulus)
    first, second = (table[name] for name in sides)
    values = np.unique(first), np.unique(second)
    means = [
        [responses[(first == a) & (second == b)].mean(axis=0) for b in values[1]] for a in values[0]
    ]
    down, across = (tuple(map(float, one)) for one in values)
    return (down, across), np.array(means)


def varied(stimulus: Stimulus) -> list[str]:
    """The settings of a set that take several values, the angle first."""
    names = _varied(rows(stimulus))
    return sorted(names, key=lambda name: name != "th")


def _varied(table: Mapping[str, NDArray[np.float32]]) -> list[str]:
    return [name for name, values in table.items() if len(np.unique(values)) > 1]


def unit_of(stimulus: Stimulus, setting: str) -> str:
    """What a setting is counted in: `deg`, `px` or nothing."""
    kind = GENERATORS[stimulus.generator].get(setting)
    return {"angle": "deg", "px": "px"}.get("" if kind is None else kind.unit, "")
