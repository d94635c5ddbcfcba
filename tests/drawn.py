"""Circuits drawn from a seed: the same in every process, whatever else is imported or was run.

Hypothesis takes constants from the modules that are imported, so what it draws for a test depends
on which tests ran before. Here its strategies read bytes of a generator of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from itertools import count
from random import Random

from agreement import structure
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import InMemoryExampleDatabase

from circuitdsl.ir.circuit import Circuit
from circuitdsl.testing.strategies import Drawn, circuits

BYTES = 1 << 14
"""More than any circuit takes; where they are too few, that circuit is left out."""


def drawn_circuits(seed: int, most: int = 16) -> Iterator[Circuit]:
    """Circuits without end; the n-th depends on the seed and on n alone.

    Args:
        seed: Which circuits.
        most: Elements of a family.
    """
    taken: list[Circuit] = []

    @settings(database=None)
    @given(circuits(most))
    def take(drawn: Drawn) -> None:
        taken.append(drawn.circuit)

    for number in count():
        take.hypothesis.fuzz_one_input(_bytes(seed, number))
        yield from taken
        taken.clear()


def different_circuits(seed: int, most: int = 16) -> Iterator[Circuit]:
    """Those of `drawn_circuits` that differ from all before by more than their numbers."""
    structures: set[Hashable] = set()
    for circuit in drawn_circuits(seed, most):
        key = structure(circuit)
        if key not in structures:
            structures.add(key)
            yield circuit


def smallest(fails: Callable[[Circuit], bool], seed: int, most: int = 16) -> Circuit:
    """The simplest circuit that Hypothesis finds to fail, from the first drawn one that does.

    Args:
        fails: Asked of many circuits; must answer the same each time.
        seed: Circuits are drawn from it until one fails.
        most: Elements of a family.
    """
    failing: list[Circuit] = []

    @settings(
        database=InMemoryExampleDatabase(),
        phases=(Phase.reuse, Phase.shrink),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(circuits(most))
    def holds(drawn: Drawn) -> None:
        if fails(drawn.circuit):
            failing.append(drawn.circuit)
            raise AssertionError

    for number in count():
        with suppress(AssertionError):
            holds.hypothesis.fuzz_one_input(_bytes(seed, number))
        if failing:
            break
    with suppress(AssertionError):
        holds()  # Hypothesis ends with the smallest
    return failing[-1]


def _bytes(seed: int, number: int) -> bytes:
    return Random(f"{seed}/{number}").randbytes(BYTES)
