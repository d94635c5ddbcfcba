"""Which stimulus sets a family is about.

In: a circuit and one of its families. Out: the sets that the family's `calibrate` and `expect`
lines name, in order.
"""

from __future__ import annotations

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.stimuli import ACTIVITY, Stimulus

_WITHOUT_FIGURES = ("noise", ACTIVITY)
"""Generators that draw no figure around a neuron."""


def named_sets(circuit: Circuit, family: Family) -> tuple[Stimulus, ...]:
    """The sets of figures that a family names.

    The first one is the family's own: what `calibrate` puts at 1, or else what the first claim is
    about. Sets of noise, and of responses of trained units, have no figures and do not count.

    Args:
        circuit: The circuit.
        family: One of its families.
    """
    names = [] if family.calibrate is None else [family.calibrate.one]
    names += [measure.of for expect in family.expectations for measure in expect.measures]
    sets = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    in_order = [sets[name] for name in dict.fromkeys(names) if name in sets]
    return tuple(one for one in in_order if one.generator not in _WITHOUT_FIGURES)
