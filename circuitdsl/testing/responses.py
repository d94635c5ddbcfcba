"""How equivariant responses are: turn the stimulus, and the members should answer in turn.

In: a hand-written network, a family and figures. Out: errors, and assertions. The central neurons'
responses to a figure and to the turned figure are compared, `r[g b](g x) = r[b](x)`, and around
them, where the grid of positions maps to itself, those of a small disc.

Figures turn about the point that the family looks at. An error is the root mean square of the
difference over that of the responses. Where no family on the way has a `centre`, and an element
maps every grid of taps to itself and members to members, in every family on the way, it is
rounding. Elsewhere it is what sampling costs: about 10 % for smooth kernels of a few taps, and the
default bound is twice that. Thresholds and strokes thinner than a tap cost more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT, Circuit, Family
from circuitdsl.ir.members.groups import Element, common_elements, dilations, partners, permutation
from circuitdsl.ir.members.symmetry import mirror_deg
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.ir.named_families import named_family
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.stimuli.centre import central
from circuitdsl.testing.figures import Figure, random_figure
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

EXACT = 1e-3
"""The error that rounding may leave, which a ReLU near its threshold makes larger."""

SAMPLED = 0.2
"""The error that sampling may leave."""

_MOST_TURNED = 8
"""Elements, besides the exact ones, that are tried."""

_REACH = 0.35
"""Random figures lie within this part of the receptive field."""


@dataclass(frozen=True)
class ResponseErrors:
    """What is lost of a family's symmetry, relative to the size of its responses.

    Attributes:
        family: Its name.
        exact: Error over elements that every family on the way takes to itself.
        sampled: Error over the other elements of the family's own group.
    """

    family: str
    exact: float
    sampled: float


def figures_for(circuit: Circuit, family: str, count: int = 6) -> tuple[Figure, ...]:
    """Random figures as large as a family's receptive field; the same every time."""
    field = circuit.backbone.geometry.sampling(named_family(circuit, family).layer).receptive_field
    return tuple(random_figure(_REACH * field, seed) for seed in range(count))


def response_errors(
    network: HandwrittenNetwork | Circuit,
    family: str,
    figures: Iterable[Figure] | None = None,
    disc: int = 1,
) -> ResponseErrors:
    """The errors of one family.

    Args:
        network: A hand-written network; a circuit stands for its network with dials at their
            defaults, not calibrated.
        family: A family with an axis that turns, mirrors or recolours.
        figures: What is shown; by default `figures_for` the family.
        disc: Radius of the disc of positions, in positions.

    Raises:
        InputError: there is no such family, nothing turns it, or it answers no figure.
    """
    built = build(network) if isinstance(network, Circuit) else network
    circuit = built.circuit
    own_family = named_family(circuit, family)
    expanded = expand_motifs(circuit)
    mirrors = {member.name: mirror_deg(expanded, member.name) for member in circuit.families}
    elements = common_elements([own_family], mirrors)
    upstream = _upstream(circuit, own_family)
    larger = dilations(upstream)[:1] if all(f.acting("scale") for f in upstream) else ()
    if not elements and not larger:
        raise InputError(f"nothing turns or mirrors `{family}`", help="use `assert_invariant`")
    still = not any(any(circuit.centre_px(member.name)) for member in upstream)
    shared = common_elements(upstream, mirrors) if still else ()
    kept = [e for e in elements if e.keeps_taps and e in shared]
    other = [e for e in elements if e not in kept]
    other = other[:: -(-len(other) // _MOST_TURNED)] if other else []
    images = figures_for(circuit, family) if figures is None else tuple(figures)
    size, off = 0.0, np.zeros(len(kept) + len(other))
    central_ones: list[Floats] = []
    for figure in images:
        responses = _responses(built, own_family, figure, [*kept, *other, *larger], disc)
        central_ones.append(responses[[0, -1], disc, disc])
        size += _square(responses[0])
        for number, element in enumerate([*kept, *other]):
            moved = responses[number + 1][
                ..., list(permutation(own_family, element, mirrors) or ())
            ]
            exact = number < len(kept)
            off[number] += _square(_difference(responses[0], moved, element, disc, exact))
    if size == 0:
        raise InputError(f"`{family}` answers none of the figures", help="show it others")
    errors = np.sqrt(off / size)
    exactly, sampled = errors[: len(kept)], [*errors[len(kept) :]]
    sampled += [_enlarged(np.stack(central_ones), own_family, element) for element in larger]
    return ResponseErrors(family, float(exactly.max(initial=0.0)), float(max(sampled, default=0.0)))


def _enlarged(responses: Floats, family: Family, element: Element) -> float:
    """The error of larger members' responses to larger figures, times the factor that suits.

    Args:
        responses: To figures and to larger ones, `[figures, 2, members]`.
        family: What answers.
        element: The dilation.
    """
    pairs = [(i, goal) for i, goal in enumerate(partners(family, element)) if goal is not None]
    small = responses[:, 0, [member for member, _ in pairs]]
    large = responses[:, 1, [goal for _, goal in pairs]]
    sizes = _square(small), _square(large)
    if min(sizes) == 0:
        return float(max(sizes) > 0)
    factor = float((small * large).mean()) / sizes[1]
    return float(np.sqrt(_square(factor * large - small) / sizes[0]))


def assert_responses_equivariant(
    network: HandwrittenNetwork | Circuit,
    family: str,
    figures: Iterable[Figure] | None = None,
    *,
    exact: float = EXACT,
    sampled: float = SAMPLED,
    disc: int = 1,
) -> ResponseErrors:
    """Assert that a family answers turned figures by its turned members.

    Args:
        network: See `response_errors`; likewise `family`, `figures` and `disc`.
        family: A family with an axis that turns, mirrors or recolours.
        figures: What is shown.
        exact: Bound for elements that every family on the way takes to itself.
        sampled: Bound for the others.
        disc: Radius of the disc of positions.

    Returns:
        The errors.

    Raises:
        AssertionError: an error is over its bound.
    """
    errors = response_errors(network, family, figures, disc)
    if not (errors.exact <= exact and errors.sampled <= sampled):
        raise AssertionError(
            f"responses of {family} are not equivariant: error {errors.exact:.2g} "
            f"(bound {exact:g}) where every grid maps to itself, "
            f"{errors.sampled:.2g} (bound {sampled:g}) elsewhere"
        )
    return errors


def assert_invariant(
    network: HandwrittenNetwork | Circuit,
    family: str,
    under: Sequence[float | Element] = (90.0, 180.0, 270.0),
    figures: Iterable[Figure] | None = None,
    *,
    bound: float = EXACT,
) -> float:
    """Assert that turning the figure about the neuron, say, changes no response of a family.

    Args:
        network: See `response_errors`.
        family: Any family.
        under: Turns in degrees, or any elements of the group; the bound must be wider where they
            do not map the grid to itself.
        figures: What is shown; by default `figures_for` the family.
        bound: For the error, relative to the size of the responses.

    Returns:
        The largest error.

    Raises:
        AssertionError: the error is over the bound.
        InputError: there is no such family, or it answers no figure.
    """
    built = build(network) if isinstance(network, Circuit) else network
    own_family = named_family(built.circuit, family)
    elements = [e if isinstance(e, Element) else Element(e % 360.0) for e in under]
    images = figures_for(built.circuit, family) if figures is None else tuple(figures)
    size, off = 0.0, 0.0
    for figure in images:
        first, *turned = _responses(built, own_family, figure, elements, 0)
        size += _square(first)
        off = max(off, *(_square(other - first) for other in turned))
    if size == 0:
        raise InputError(f"`{family}` answers none of the figures", help="show it others")
    error = float(np.sqrt(off * len(images) / size))
    if not error <= bound:
        raise AssertionError(
            f"responses of {family} are not invariant: they change by {error:.2g} (bound {bound:g})"
        )
    return error


def _upstream(circuit: Circuit, family: Family) -> list[Family]:
    """The family and every family that it depends on."""
    families: dict[str, Family] = {}
    waiting = [family.name]
    while waiting:
        name = waiting.pop()
        if name == INPUT or name in families:
            continue
        families[name] = circuit.by_name[name]
        waiting += [connection.source for connection in circuit.into(name)]
        waiting += [other for n in circuit.normalisations if n.family == name for other in n.pool]
    return list(families.values())


def _responses(
    network: HandwrittenNetwork,
    family: Family,
    figure: Figure,
    elements: Sequence[Element],
    disc: int,
) -> Floats:
    """Responses around the centre to a figure and to what elements make of it.

    `[1 + elements, 2 disc + 1, 2 disc + 1, members]`.
    """
    circuit = network.circuit
    backbone = circuit.backbone.geometry
    side = _side(circuit, family, disc)
    centre = central(backbone, family.layer, side)
    aside = circuit.centre_px(family.name)
    images = np.stack(
        [figure.draw(side, centre.canvas.x, e, aside) for e in (Element(), *elements)]
    )
    maps = np.asarray(network.activations(images, [family.name])[family.name], np.float64)
    low, high = centre.index - disc, centre.index + disc + 1
    return maps[:, low:high, low:high]


def _side(circuit: Circuit, family: Family, disc: int) -> int:
    """A side that holds what the disc can see, in whole pairs of strides.

    Pairs, because in images of even numbers of positions every grid lies evenly about a neuron.
    """
    backbone = circuit.backbone.geometry
    own = backbone.sampling(family.layer)
    windows = {f.name: backbone.sampling(f.layer).stride for f in _upstream(circuit, family)}
    reach = own.receptive_field + 2 * (disc + 1) * own.stride
    reach += sum((n.window - 1) * windows.get(n.family, 0) for n in circuit.normalisations)
    return -(-reach // (2 * own.stride)) * 2 * own.stride


def _difference(first: Floats, moved: Floats, element: Element, disc: int, exact: bool) -> Floats:
    if not exact:
        return moved[disc, disc] - first[disc, disc]
    at = np.arange(-disc, disc + 1)
    inside = at[:, None] ** 2 + at**2 <= disc**2
    mirrored = first[:, ::-1] if element.mirror else first
    expected = np.rot90(mirrored, round(element.turn_deg / 90.0), axes=(0, 1))
    return (moved - expected)[inside]


def _square(values: Floats) -> float:
    return float((values**2).mean())
