"""Geometry: which layers read which, how large kernels are, and what fits in them.

Sizes are judged with every dial at its default. Free dials are also set to both ends of their
ranges, because a fit can turn them there: a shape may be cut there, but must not be lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.messages import out_of_range
from circuitdsl.ir.backbones import Backbone, GeometryError
from circuitdsl.ir.circuit import INPUT, BackboneUse, Dial, Family, Shape
from circuitdsl.ir.expressions import Scalar, dials_of, evaluate
from circuitdsl.ir.members.symmetry import frame_parts
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.ir.writing.spelling import number
from circuitdsl.text.source import Span

MOST_TOGETHER = 6
"""Free dials of one shape that are set to the ends of their ranges together."""


def reads(joined: Joined, use: BackboneUse, analysis: Analysis) -> bool:
    """Whether the target's layer can read the source's."""
    source = INPUT if joined.source is None else joined.source.layer
    span = joined.head
    backbone, layer = use.geometry, joined.target.layer
    if backbone.order[source] >= backbone.order[layer]:
        where = f"{source} is computed after {layer}"
        if source == layer:
            where = f"both families stand in {layer}"
        analysis.error("E502", f"{where}; connections point forward", span)
        return False
    try:
        backbone.between(source, layer)
    except GeometryError as error:
        help_ = ""
        if "lies between" in error.message:
            what = "copy" if joined.source else "chain of families"
            help_ = f"Declare a {what} in the layer between."
        analysis.error("E502", error.message, span, help=help_)
        return False
    return True


def tap_px(use: BackboneUse, target: Family) -> int:
    """Pixels from one tap to the next of the kernels into a family."""
    layer = use.geometry.by_name[target.layer]
    return use.geometry.sampling(layer.inputs[0], use.input_px).stride


def fits_kernel(
    joined: Joined, use: BackboneUse, declared: Mapping[str, Dial], analysis: Analysis
) -> None:
    """Report shapes that do not fit the kernels of the target's layer."""
    place = joined.wiring.place
    if place is None:
        return
    dials = {name: dial.default for name, dial in declared.items()}
    side = use.geometry.by_name[joined.target.layer].kernel
    tap = tap_px(use, joined.target)
    for term in place.terms:
        values = shape_values(term.shape, dials, tap)
        if values is None:
            continue
        span, also = joined.at(term.shape.span)
        fault = _illegal(term.shape, values)
        if fault is not None:
            out_of_range(analysis, *fault[:2], span, got=fault[2], also=also)
            continue
        extent = _extent_px(joined, term.shape, values, dials, tap)
        half = side * tap / 2
        if extent is not None and extent[1] > half + 1e-9:
            analysis.error(
                "E501",
                f"the centre line of `{_call_text(term.shape)}` leaves a {side}x{side} kernel of "
                f"{tap}px taps ({side * tap}px wide)",
                span,
                label=f"reaches {extent[1]:.3g}px from the centre; the kernel {half:g}px",
                also=also,
                help="Shorten the shape, move it inwards, or choose a layer with a wider kernel.",
            )
        else:
            _fits_over_ranges(joined, term.shape, use, declared, analysis)
        row = SHAPES[term.shape.name]
        if row.carrier is not None and values[row.carrier][0] < 2 * tap:
            analysis.error(
                "E505",
                f"{row.carrier} {values[row.carrier][0]:g}px is under two taps of {tap}px",
                span,
                also=also,
                note="a grating finer than two taps cannot be told from a coarser one",
            )
    rows = [SHAPES[term.shape.name] for term in place.terms]
    first = place.terms[0].shape.name
    if side == 1 and all(row.half_turn == "opposite" for row in rows):
        span, also = joined.at(place.span)
        analysis.warn(
            "E508",
            f"the two sides of `{first}` cancel within the one tap of a 1x1 layer",
            span,
            also=also,
            help="Declare the family in a 3x3 layer, or use `dot()`.",
        )
    if side > 1 and not any(row.extended for row in rows):
        span, also = joined.at(place.span)
        analysis.warn(
            "E506",
            f"`{first}()` into a {side}x{side} layer uses 1 of {side * side} taps",
            span,
            also=also,
            help="Declare the family in a 1x1 layer, if that was meant.",
        )


def _fits_over_ranges(
    joined: Joined,
    shape: Shape,
    use: BackboneUse,
    declared: Mapping[str, Dial],
    analysis: Analysis,
) -> None:
    """Report free dials that, at ends of their ranges, lose a shape: one dial, or all together."""
    tap = tap_px(use, joined.target)
    half = use.geometry.by_name[joined.target.layer].kernel * tap / 2
    defaults = {name: dial.default for name, dial in declared.items()}
    names = _dials_read(joined, shape)
    free = [declared[name] for name in sorted(names) if name in declared and declared[name].free]
    for setting in _ends(free):
        dials = defaults | setting
        values = shape_values(shape, dials, tap)
        if values is None:
            continue
        span, also = joined.at(shape.span)
        fault = _illegal(shape, values)
        if fault is not None:
            where, help_ = _said(setting, declared)
            what, requirement, got = fault
            out_of_range(
                analysis, what, requirement, span, got=got, label=where, also=also, help=help_
            )
            return
        extent = _extent_px(joined, shape, values, dials, tap)
        if extent is None or extent[0] <= half + 1e-9:
            continue
        where, help_ = _said(setting, declared)
        analysis.error(
            "E501",
            f"the whole centre line of `{_call_text(shape)}` leaves the kernel {where}",
            span,
            label=f"there {extent[0]:.3g}px or more from the centre; the kernel {half:g}px",
            also=also,
            note="a fit can turn free dials there, and little or nothing of the shape is left",
            help=help_,
        )
        return


def _ends(free: Sequence[Dial]) -> Iterator[dict[str, float]]:
    """Each free dial at either end of its range; then all of them, in every combination."""
    ranges = {dial.name: [end for end in (dial.low, dial.high) if end is not None] for dial in free}
    for name, ends in ranges.items():
        yield from ({name: end} for end in ends)
    ranges = {name: ends for name, ends in ranges.items() if ends}
    if 1 < len(ranges) <= MOST_TOGETHER:
        for corner in product(*ranges.values()):
            yield dict(zip(ranges, corner, strict=True))


def _said(setting: Mapping[str, float], declared: Mapping[str, Dial]) -> tuple[str, str]:
    """At which ends of their ranges dials are, and what to do, as a message says it."""
    ends: list[str] = []
    for name, value in setting.items():
        dial = declared[name]
        end = "lower" if value == dial.low else "upper"
        ends.append(f"the {end} end of the range of `{name}`, {number(value, dial.unit)}")
    names = " or ".join(f"`{name}`" for name in setting)
    return f"at {' and '.join(ends)}", f"Narrow the range of {names}."


def _dials_read(joined: Joined, shape: Shape) -> frozenset[str]:
    """The names of the dials that say where a shape lies."""
    scalars: list[Scalar] = [shape.turn]
    for _, argument in shape.arguments:
        scalars += argument if isinstance(argument, tuple) else (argument,)
    for family in (joined.target, joined.source):
        if family is not None:
            scalars += family.centre or ()
    return frozenset[str]().union(*map(dials_of, scalars))


def _extent_px(
    joined: Joined,
    shape: Shape,
    values: Mapping[str, tuple[float, ...]],
    dials: Mapping[str, float],
    tap: float,
) -> tuple[float, float] | None:
    """How near to and how far from the middle tap a shape's centre line runs, along x or y.

    None where it has no line. Where families look beside the middles of their windows,
    the nearest distance is a lower bound and the farthest an upper one.
    """
    row = SHAPES[shape.name]
    dilation = _largest_dilation(joined)
    try:
        extent = row.extent_px(values, value_of(shape.turn, dials, tap) or 0.0)
    except ArithmeticError:
        return None
    nearest, farthest = (dilation * distance for distance in extent)
    beside = _displaced(joined, dials) if row.extended else 0.0
    return max(nearest - beside, beside - farthest, 0.0), farthest + beside


def _displaced(joined: Joined, dials: Mapping[str, float]) -> float:
    """The distance of templates from the middle tap, along x or y."""
    ends = [joined.target.centre, None if joined.source is None else joined.source.centre]
    here, source_grid = (
        [value_of(part, dials, math.nan) or 0.0 for part in centre or ()] or [0.0, 0.0]
        for centre in ends
    )
    return max(abs(own - other) for own, other in zip(here, source_grid, strict=True))


def _largest_dilation(joined: Joined) -> float:
    """By how much the largest member of a `scale` axis enlarges the template."""
    wiring = joined.wiring
    tuned = {tune.axis for tune in wiring.tunes}
    summed = frozenset(wiring.over or ()) - tuned
    source = () if joined.source is None else joined.source.axes
    dilation = frame_parts(source, joined.target.axes, summed)[2]
    return 1.0 if dilation is None else 2.0 ** max(dilation.axis.values)


def _call_text(shape: Shape) -> str:
    text = " ".join(shape.span.text.split())
    return text if text.startswith(shape.name) and len(text) <= 60 else f"{shape.name}(...)"


def shape_values(
    shape: Shape, dials: Mapping[str, float], tap: float
) -> dict[str, tuple[float, ...]] | None:
    """The arguments of a shape as numbers; None where they have no value."""
    values: dict[str, tuple[float, ...]] = {}
    for name, argument in shape.arguments:
        parts: Iterable[Scalar] = argument if isinstance(argument, tuple) else (argument,)
        numbers = [value_of(part, dials, tap) for part in parts]
        if any(number is None for number in numbers):
            return None
        values[name] = tuple(number for number in numbers if number is not None)
    return values


def value_of(scalar: Scalar, dials: Mapping[str, float], tap: float) -> float | None:
    """The value of an expression at the defaults; None where it has none."""
    try:
        value = evaluate(scalar, dials, tap)
    except (ArithmeticError, KeyError):
        return None
    return value if isinstance(value, float | int) and math.isfinite(value) else None


def _illegal(shape: Shape, values: Mapping[str, tuple[float, ...]]) -> tuple[str, str, str] | None:
    """The first width or length that is not above zero, or radius of zero.

    Returns:
        The argument, what it must be and what it is, as a message says them; None if all is well.
    """
    for name, parts in values.items():
        legal = SHAPES[shape.name].argument(name).legal
        if (legal == "nonzero" and parts[0] == 0) or (legal == "positive" and parts[0] <= 0):
            requirement = "other than 0px" if legal == "nonzero" else "above 0px"
            return f"`{name}` of `{shape.name}()`", requirement, f"{parts[0]:g}px"
    return None


def capacity(
    use: BackboneUse, families: Iterable[Family], joined: Iterable[Joined], analysis: Analysis
) -> None:
    """Warn of layers and bottlenecks that are narrower than the circuit.

    A circuit alone builds its own channels; inside the backbone it would have to fit.
    """
    backbone = use.geometry
    inside = f"it runs alone, but does not fit inside `{backbone.name}`"
    here: dict[str, list[Family]] = {}
    for family in families:
        if family.units is None:
            here.setdefault(backbone.streams.get(family.layer, family.layer), []).append(family)
    for channels, members in here.items():
        layer = channels if channels not in backbone.streams else members[-1].layer
        total, width = sum(member.size for member in members), backbone.by_name[layer].width
        if total > width:
            message = f"{layer} holds {width} channels; families there need {total}"
            span = members[-1].span
            analysis.warn("E504", message, _head(span), note=inside)
    through: dict[str, dict[str, Joined]] = {}
    for each in joined:
        below = backbone.by_name[backbone.by_name[each.target.layer].inputs[0]]
        if below.bottleneck and each.source is not None:
            through.setdefault(below.name, {}).setdefault(each.source.name, each)
    for bottleneck, sources in through.items():
        _bottleneck(backbone, bottleneck, list(sources.values()), inside, analysis)


def _bottleneck(
    backbone: Backbone, name: str, sources: list[Joined], inside: str, analysis: Analysis
) -> None:
    width = backbone.by_name[name].width
    total = sum(end.source.size for end in sources if end.source is not None)
    if total > width:
        message = f"{total} channels must pass {name}, which is {width} wide"
        analysis.warn("E503", message, sources[-1].head, note=inside)


def _head(span: Span) -> Span:
    """The first line of a declaration."""
    first = span.text.split("{", 1)[0].rstrip()
    return Span(span.source, span.start, span.start + len(first.split("\n", 1)[0]))
