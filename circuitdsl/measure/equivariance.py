"""How equivariant kernels are, connection by connection.

In: a circuit and its weights. Out: a `Residual` for each connection of which an end has an axis
that turns, mirrors or recolours, and an assertion. For an element g of the group that both ends
share, a kernel is equivariant if `W[g b, g a](g u) = W[b, a](u)`.

Quarter turns and mirrors map the grid of taps to itself, so there equality is exact, tap by tap. At
other angles a kernel is only known at its taps, and turning an array would blur it. What is
compared there is what the kernel does to gratings, its Fourier transform `sum W(u) exp(-i k u)`,
which can be asked at any k, turned exactly: over all directions and periods of four taps or more.
So are members of two sizes, where the larger is asked at wave vectors that are as much shorter. One
factor for each target member is allowed for, since norms are of each member and the smallest and
the largest lack sources; members without a partner are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family, Wiring
from circuitdsl.ir.members.angles import cos_sin_deg
from circuitdsl.ir.members.axes import AxisKind
from circuitdsl.ir.members.groups import (
    Element,
    Mirrors,
    common_elements,
    count_elements,
    dilations,
    partners,
)
from circuitdsl.ir.members.symmetry import mirror_deg
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.weights import lower
from circuitdsl.text.diagnostics import Diagnostic

Floats = NDArray[np.float64]

EXACT = 1e-6
"""The residual that rounding to float32 may leave where the grid of taps maps to itself."""

SAMPLED = 0.2
"""The residual that sampling on taps may leave at other angles."""

_SHORTEST_TAP = 4.0
"""Period of the finest grating that kernels are compared on."""

_RINGS, _DIRECTIONS = 4, 24

MOST_MOVED = 60_000
"""Members times elements that are looked at for one connection: some seconds of work."""


@dataclass(frozen=True)
class Residual:
    """What is lost of one connection's symmetry.

    Attributes:
        connection: Its name.
        exact_turns: Elements that map the taps to themselves, as text.
        exact: The largest `|g W - W| / |W|` over these.
        other_turns: The other elements that both ends share.
        sampled: The largest residual over those, on gratings of four taps or more.
        passed_over: Elements that were not looked at, since there are very many: those that were
            are spread evenly.
    """

    connection: str
    exact_turns: tuple[str, ...]
    exact: float
    other_turns: tuple[str, ...]
    sampled: float
    passed_over: int = 0


def residuals(
    circuit: Circuit, weights: Mapping[str, ArrayLike] | None = None
) -> tuple[Residual, ...]:
    """The residuals of every connection that has a symmetry to lose.

    Args:
        circuit: Any circuit.
        weights: Its arrays; by default those that it is lowered to, dials at their defaults.
    """
    arrays = lower(circuit)() if weights is None else weights
    expanded = expand_motifs(circuit)
    mirrors = {family.name: mirror_deg(expanded, family.name) for family in circuit.families}
    found = (
        _residual(circuit, c, np.asarray(arrays[c.name], np.float64), mirrors)
        for c in expanded.connections
    )
    return tuple(each for each in found if each is not None)


def lints(circuit: Circuit, found: Iterable[Residual]) -> list[Diagnostic]:
    """A warning (L402) for each connection whose residual is over its bound."""
    spans = {connection.name: connection.span for connection in circuit.connections}
    warnings: list[Diagnostic] = []
    for each in found:
        exactly = each.exact > EXACT
        loss, bound = (each.exact, EXACT) if exactly else (each.sampled, SAMPLED)
        if loss <= bound:
            continue
        turns = each.exact_turns if exactly else each.other_turns
        shown = ", ".join(turns[:3]) + (", ..." if len(turns) > 3 else "")
        warnings.append(
            Diagnostic(
                "L402",
                f"equivariance residual {100 * loss:.2g} % for {shown} (limit {100 * bound:.2g} %)",
                spans[each.connection],
                "warning",
                note="the two families would not be turned copies of one feature",
                help="look for what is not turned along, or widen what the taps cannot sample",
            )
        )
    return warnings


def describe_residuals(circuit: Circuit, found: Iterable[Residual]) -> str:
    """The residuals as a table of plain text."""
    rows = [("connection", "exact elements", "residual", "other elements", "residual")]
    for each in found:
        rows.append(
            (
                each.connection,
                _count(each.exact_turns),
                _percent(each.exact) if each.exact_turns else "",
                _count(each.other_turns),
                _percent(each.sampled) if each.other_turns else "",
            )
        )
    without = len(circuit.connections) - (len(rows) - 1)
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in rows]
    lines += [
        f"{each.connection}: {each.passed_over:,} further elements were not looked at, for time"
        for each in found
        if each.passed_over
    ]
    if without:
        lines.append(f"{without} connections without a symmetry to lose")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _count(turns: tuple[str, ...]) -> str:
    if len(turns) <= 3:
        return ", ".join(turns) or "none"
    return f"{len(turns)} from {turns[0]}"


def _percent(loss: float) -> str:
    return "exact" if loss <= EXACT else f"{100 * loss:.2g} %"


def assert_kernels_equivariant(
    circuit: Circuit,
    weights: Mapping[str, ArrayLike] | None = None,
    *,
    exact: float = EXACT,
    sampled: float = SAMPLED,
) -> tuple[Residual, ...]:
    """Assert that kernels are equivariant: exactly where they can be, within a bound elsewhere.

    Args:
        circuit: Any circuit.
        weights: Its arrays; by default those that it is lowered to.
        exact: Bound for elements that map the taps to themselves.
        sampled: Bound for the others.

    Returns:
        The residuals.

    Raises:
        AssertionError: naming each connection over its bound.
    """
    found = residuals(circuit, weights)
    wrong = [
        f"{each.connection}: residual {each.exact:.2g} (bound {exact:g}) where taps map to "
        f"themselves, {each.sampled:.2g} (bound {sampled:g}) elsewhere"
        for each in found
        if not (each.exact <= exact and each.sampled <= sampled)
    ]
    if wrong:
        raise AssertionError("kernels are not equivariant\n  " + "\n  ".join(wrong))
    return found


def _residual(
    circuit: Circuit, connection: Connection, kernel: Floats, mirrors: Mirrors
) -> Residual | None:
    target = circuit.by_name[connection.target]
    source = None if connection.source == INPUT else circuit.by_name[connection.source]
    ends = [target] if source is None else [source, target]
    most = MOST_MOVED // sum(end.size for end in ends)
    passed_over = max(0, count_elements(ends) - most)
    shared = (*common_elements(ends, mirrors, most), *dilations(ends))
    layer = circuit.backbone.geometry.by_name[target.layer]
    tap_px = circuit.backbone.geometry.sampling(layer.inputs[0], circuit.backbone.input_px).stride
    elements = [each for each in shared if _claimed(connection.wiring, source, target, each)]
    if not elements:
        return None
    origin = np.array(circuit.centre_px(target.name))
    if source is not None:
        origin = origin - np.array(circuit.centre_px(source.name))
    # about a point beside the middle tap not even quarter turns map the taps to themselves
    exactly = {each: each.keeps_taps and not origin.any() for each in elements}
    losses: dict[bool, list[float]] = {True: [], False: []}
    for element in elements:
        out, left = _moves(partners(target, element, mirrors))
        into, read = list(range(kernel.shape[2])), list(range(kernel.shape[2]))
        if source is not None:
            into, read = _moves(partners(source, element, mirrors))
        moved = kernel[:, :, into][..., out]
        before = kernel[:, :, read][..., left]
        if source is None:
            before = np.einsum("dc,hwco->hwdo", np.array(element.recolouring), before)
        losses[exactly[element]].append(loss(before, moved, element, origin / tap_px))
    exact, other = ([g for g in elements if exactly[g] is kept] for kept in (True, False))
    return Residual(
        connection.name,
        tuple(map(str, exact)),
        max(losses[True], default=0.0),
        tuple(map(str, other)),
        max(losses[False], default=0.0),
        passed_over,
    )


def _moves(goals: tuple[int | None, ...]) -> tuple[list[int], list[int]]:
    """Where members go, and which they are, but for those that go nowhere."""
    pairs = [(goal, member) for member, goal in enumerate(goals) if goal is not None]
    return [goal for goal, _ in pairs], [member for _, member in pairs]


def _claimed(wiring: Wiring, source: Family | None, target: Family, element: Element) -> bool:
    """Whether the target is to change as an element has it, or not at all.

    A family changes along its own axes. Without the axis it is invariant where it adds up sources
    untuned, each in its own frame, or by their direction from the centre. Where it picks some
    angles of its sources it is neither: a wheel below the windows is no car upside down.
    """
    asked: list[tuple[AxisKind, ...]] = []
    if element.turn_deg:
        asked.append(("rot", "orient"))
    if element.mirror:
        asked.append(("flip",))
    if element.hue_deg:
        asked.append(("hue",))
    if element.dilation != 1.0:
        asked.append(("scale",))
    frames = {tune.axis: tune.frame for tune in wiring.tunes}
    for kinds in asked:
        axis = None if source is None else source.acting(*kinds)
        untuned = axis is not None and frames.get(axis.name, "radial") == "radial"
        if target.acting(*kinds) is None and not untuned:
            return False
    return True


def loss(kernel: Floats, moved: Floats, element: Element, origin: Floats | None = None) -> float:
    """`|g W - W'| / |W|`, with W' the weights of the members that g takes those of W to.

    Each target member's weights are held against their own size, and the largest ratio counts.

    Args:
        kernel: W, `[height, width, in, out]`, in the colours that g makes of the image's.
        moved: W', likewise, each entry where the member stands that goes to it.
        element: g.
        origin: What g turns about, in taps right and up of the middle one, `[xy]`.
    """
    displaced = origin is not None and bool(origin.any())
    if element.keeps_taps and not displaced:
        mirrored = kernel[:, ::-1] if element.mirror else kernel
        expected = np.rot90(mirrored, round(element.turn_deg / 90.0), axes=(0, 1))
        return _relative(moved - expected, kernel)
    waves, weights = _gratings()
    if element.dilation != 1.0:
        small = weights * _transform(kernel, waves, origin)
        large = weights * _transform(moved, waves / element.dilation, origin)
        return _relative(_fitted(large, small) - small, kernel)
    cosine, sine = cos_sin_deg(element.turn_deg)
    first = waves * np.array([-1.0, 1.0]) if element.mirror else waves
    turned = first @ np.array([[cosine, sine], [-sine, cosine]])
    before, after = _transform(kernel, waves, origin), _transform(moved, turned, origin)
    return _relative(weights * (after - before), kernel)


def _relative(difference: NDArray[np.inexact], kernel: Floats) -> float:
    """The largest of the target members' differences, in the size of their own weights."""
    size, off = (
        np.sqrt((np.abs(x) ** 2).sum(axis=tuple(range(x.ndim - 1)))) for x in (kernel, difference)
    )
    return float((off / np.where(size > 0, size, 1.0)).max(initial=0.0))


def _fitted(one: NDArray[np.complex128], other: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The first, each target member's times the factor (not negative) that suits the second."""
    along = tuple(range(one.ndim - 1))
    size = (np.abs(one) ** 2).sum(axis=along)
    factor = (one.conj() * other).real.sum(axis=along) / np.where(size > 0, size, 1.0)
    return one * np.maximum(factor, 0.0)


def _gratings() -> tuple[Floats, Floats]:
    """Wave vectors `[n, xy]`, radians a tap, and the root of each one's part of all of them.

    All gratings fill an area of `(2 pi)^2`, over which the mean of `|W(k)|^2` is the sum of the
    squares of the taps (Parseval).
    """
    highest = 2 * np.pi / _SHORTEST_TAP
    size = highest * (np.arange(_RINGS) + 0.5) / _RINGS
    angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    waves = size[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    areas = size * (highest / _RINGS) * (2 * np.pi / _DIRECTIONS)
    weights = np.sqrt(np.repeat(areas, _DIRECTIONS)) / (2 * np.pi)
    return waves.reshape(-1, 2), weights[:, None, None]


def _transform(kernel: Floats, waves: Floats, origin: Floats | None) -> NDArray[np.complex128]:
    """`sum over taps of W(u) exp(-i k u)`, `[n, in, out]`; in taps from the origin, y up."""
    at = np.arange(kernel.shape[0]) - (kernel.shape[0] - 1) / 2
    x, y = np.meshgrid(at, -at)
    x, y = (x, y) if origin is None else (x - origin[0], y - origin[1])
    phase = waves[:, :1] * x.ravel() + waves[:, 1:] * y.ravel()
    taps = kernel.reshape(-1, *kernel.shape[2:])
    return np.tensordot(np.exp(-1j * phase), taps, axes=1)
