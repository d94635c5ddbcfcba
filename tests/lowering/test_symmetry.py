"""Kernels of every kind of axis: moved members have moved kernels, to the last bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import deg
from numpy.typing import NDArray
from programs_of_symmetry import PROGRAMS

from circuitdsl.ir.circuit import INPUT, Axis, Circuit, Colour, Dial, Family
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.members.symmetry import mirror_deg
from circuitdsl.lowering.weights import lower

Kernel = NDArray[np.float32]

TURNED = {
    "contrasts": ("input->contrast", "contrast->kept", "kept->centre", "kept->around"),
    "contrasts_identified": ("input->contrast", "contrast->kept", "kept->centre"),
    "identified_in_quarters": ("input->crosses",),
    "mirrored": ("edges->hooks", "aside", "leaning"),
    "mirrored_directions": ("input->edges", "edges->sides", "sides->hooks", "sides->whole"),
}
"""Connections whose targets turn with the plane, or look the same after every turn."""

MIRRORED = {
    "mirrored": ("edges->hooks", "aside", "edges->heads", "leaning"),
    "mirrored_directions": ("edges->sides", "kept->heads", "sides->heads", "sides->hooks"),
}
"""Connections whose targets have a mirror image."""


def nearest(axis: Axis, value: float) -> int | None:
    """The member of an axis that stands at an angle."""
    apart = [
        abs((a - value + axis.period_deg / 2) % axis.period_deg - axis.period_deg / 2)
        for a in axis.angles_deg
    ]
    return int(np.argmin(apart)) if min(apart) < 1e-6 else None


def moved(family: Family, index: int, turn_deg: float, mirror: bool, m: float) -> int | None:
    """The member that a mirror, then a turn lead to; None if the family has none there."""
    element = list(family.members[index])
    flips = family.acting("flip") is not None
    for place, axis in enumerate(family.axes):
        if axis.kind == "flip" and mirror:
            element[place] = 1 - element[place]
        elif axis.turns_plane:
            angle = axis.angles_deg[element[place]]
            angle = (0.0 if flips else m) - angle if mirror else angle
            goal = nearest(axis, angle + turn_deg)
            if goal is None:
                return None
            element[place] = goal
    orbit = next(o for o in family.orbits if tuple(element) in o)
    return family.orbits.index(orbit)


def turned(kernel: Kernel, quarters: int, mirror: bool) -> Kernel:
    """A kernel `[k, k]` in the mirror (x to -x), then turned."""
    return np.rot90(kernel[:, ::-1] if mirror else kernel, quarters)


def kernels(circuit: Circuit, names: Iterable[str]) -> dict[str, Kernel]:
    """Some kernels of a circuit; no others are lowered."""
    parts = lower(circuit).parts
    return {name: np.asarray(parts[name].kernel(circuit.defaults)) for name in names}


def pairs_compared(
    circuit: Circuit, name: str, kernel: Kernel, *, quarters: int, mirror: bool
) -> int:
    """Compare all members of a connection with where they are moved to; how many there were."""
    connection = next(c for c in circuit.connections if c.name == name)
    target = circuit.by_name[connection.target]
    count = 0
    for a, b in itertools.product(range(kernel.shape[2]), range(kernel.shape[3])):
        to_b = moved(target, b, 90.0 * quarters, mirror, mirror_deg(circuit, target.name))
        to_a: int | None = a
        if connection.source != INPUT:
            source = circuit.by_name[connection.source]
            to_a = moved(source, a, 90.0 * quarters, mirror, mirror_deg(circuit, source.name))
        if to_a is None or to_b is None:
            continue
        expected = turned(kernel[:, :, a, b], quarters, mirror)
        found = kernel[:, :, to_a, to_b]
        # a divided family stands for elements that are equal by cancelling signs, but for rounding
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 if target.identify else 0)
        count += 1
    return count


@pytest.mark.parametrize("name", TURNED)
def test_quarter_turns_are_exact(name: str) -> None:
    circuit = PROGRAMS[name]
    weights = kernels(circuit, TURNED[name])
    total = 0
    for connection, quarters in itertools.product(TURNED[name], (1, 2)):
        kernel = weights[connection]
        total += pairs_compared(circuit, connection, kernel, quarters=quarters, mirror=False)
    assert total > 5


@pytest.mark.parametrize("name", MIRRORED)
def test_mirrors_are_exact(name: str) -> None:
    circuit = PROGRAMS[name]
    weights = kernels(circuit, MIRRORED[name])
    for connection in MIRRORED[name]:
        kernel = weights[connection]
        assert pairs_compared(circuit, connection, kernel, quarters=0, mirror=True)


def test_hues_turn_the_colour() -> None:
    circuit = PROGRAMS["contrasts"]
    kernel = kernels(circuit, ["input->contrast"])["input->contrast"].reshape(7, 7, 3, 8, 6)
    # half a turn of the hue is a change of sign, and so is half a turn of the plane
    np.testing.assert_allclose(kernel[..., 3], -kernel[..., 0], atol=1e-6)
    np.testing.assert_allclose(kernel[..., 4:, :], -kernel[..., :4, :], atol=1e-6)
    # red, at 0 degrees, excites by red what it inhibits by green and blue
    red = kernel[3, 6, :, 0, 0]
    np.testing.assert_allclose(red / red[0], (1, -0.5, -0.5), atol=1e-6)


def test_opponent_hues_are_differentiable() -> None:
    circuit = PROGRAMS["contrasts_identified"]
    turn = Dial("turn", "angle", 20.0)
    first, *rest = circuit.connections
    turned = replace(first.wiring, colour=Colour("opponent", DialValue("turn", "angle"), deg(200)))
    edges = replace(first, wiring=turned)
    program = replace(circuit, dials=(turn,), connections=(edges, *rest))

    part = lower(program).parts["input->contrast"]

    def red(angle: jax.Array) -> jax.Array:
        return part.kernel({"turn": angle})[3, 6, 0, 0]

    ahead, behind = (float(red(jnp.float32(angle))) for angle in (21.0, 19.0))
    assert jax.grad(red)(jnp.float32(20.0)) == pytest.approx((ahead - behind) / 2, rel=0.02)


def test_a_divided_family_is_read_as_the_whole_one() -> None:
    whole, divided = PROGRAMS["contrasts"], PROGRAMS["contrasts_identified"]
    kept = divided.by_name["kept"]
    number = {element: index for index, element in enumerate(kept.elements)}
    kernel = kernels(whole, ["kept->around"])["kept->around"]
    summed = np.stack(
        [kernel[:, :, [number[e] for e in orbit]].sum(axis=2) for orbit in kept.orbits], axis=2
    )
    found = kernels(divided, ["kept->around"])["kept->around"]
    np.testing.assert_allclose(found, summed, atol=1e-6)
    assert (kept.size, len(kept.elements)) == (24, 48)
