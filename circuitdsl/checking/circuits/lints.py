"""Warnings, legal but probably mistakes: aliased profiles, silent families, unused dials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.connections.geometry import value_of
from circuitdsl.checking.messages import out_of_range
from circuitdsl.ir.circuit import Circuit, Family, ProfileTerm, Template
from circuitdsl.ir.dials import dials_used
from circuitdsl.ir.expressions import Apply, Number, Scalar
from circuitdsl.ir.members.axes import PERIOD_DEG, Axis
from circuitdsl.ir.tables.profiles import ALIASED_LIMIT, PROFILES, aliased_part, finest, primitives
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.text.diagnostics import Diagnostic
from circuitdsl.text.source import Span


def profiles(joined: Joined, dials: Mapping[str, float], analysis: Analysis) -> None:
    """Report bumps of impossible width, and warn of those the source samples too coarsely."""
    for tune in joined.wiring.tunes:
        source = None if joined.source is None else joined.source.axis(tune.axis)
        target = joined.target.axis(tune.axis)
        if source is None:
            continue
        period = min(axis.period_deg for axis in (source, target) if axis is not None)
        for term in primitives(tune.terms):
            row = PROFILES[term.name]
            if row.reads == "octaves":
                _wide_enough(joined, term, dials, analysis)
            if row.reads != "angles" or source.kind not in PERIOD_DEG:
                continue
            width = value_of(dict(term.arguments)["fwhm"], dials, float("nan"))
            span, also = joined.at(term.span)
            if width is not None and not (row.narrowest or 0.0) <= width < period:
                requirement = f"at least {row.narrowest}deg and below {period:g}deg"
                what, got = f"the width of a {term.name}", f"{width:g}deg"
                out_of_range(analysis, what, requirement, span, got=got, also=also)
            elif width is not None and source.at_deg is None:
                warning = _aliased(source, width, period, span)
                if warning is not None:
                    analysis.add(replace(warning, also=also))


def _wide_enough(
    joined: Joined, term: ProfileTerm, dials: Mapping[str, float], analysis: Analysis
) -> None:
    width = value_of(dict(term.arguments)["fwhm"], dials, float("nan"))
    narrowest = PROFILES[term.name].narrowest or 0.0
    if width is not None and width < narrowest:
        span, also = joined.at(term.span)
        requirement, what = f"{narrowest} or more", f"the width of `{term.name}`"
        out_of_range(analysis, what, requirement, span, got=f"{width:g}", also=also)


def _aliased(source: Axis, width: float, period: float, span: Span) -> Diagnostic | None:
    """The warning L401 if the source samples the bump too coarsely."""
    count = source.count * period / source.period_deg
    part = aliased_part(width, count, period)
    if part <= ALIASED_LIMIT:
        return None
    narrowest = finest(count, period)
    widen = "" if narrowest is None else f"Widen the bump to {narrowest:g}deg or more, or give"
    return Diagnostic(
        "L401",
        f"`bump({width:g}deg)` on {source.count} members of `{source.name}` "
        f"aliases {100 * part:.0f} % (limit {100 * ALIASED_LIMIT:.0f} %)",
        span,
        "warning",
        note=f"they stand every {source.period_deg / source.count:g}deg, "
        "too coarsely for a bump this narrow",
        help=f"{widen or 'Give'} the source more members.",
    )


# ---- families that never fire, or are fed by nothing


def silent_families(
    families: Iterable[Family], joined: Iterable[Joined], analysis: Analysis
) -> None:
    """Report families whose every weight is negative, and warn of those without input."""
    into: dict[str, list[Joined]] = {}
    for joint in joined:
        into.setdefault(joint.target.name, []).append(joint)
    for family in families:
        if family.units is not None:
            continue
        feeding = into.get(family.name, [])
        if not feeding:
            analysis.warn(
                "L404",
                f"nothing is connected to `{family.name}`",
                family.span,
                help=f"Add `connect ... -> {family.name} {{ ... }}`.",
            )
        elif _never_fires(family, feeding):
            analysis.error(
                "E603",
                f"all weights of `{family.name}` are negative and its bias is not above 0: "
                "it can never fire",
                family.span,
                help="Give it a positive bias, or something that excites it.",
            )


def _never_fires(family: Family, feeding: Iterable[Joined]) -> bool:
    if family.calibrate is not None or _may_exceed_zero(family.bias):
        return False
    return all(_signs(joint) == {-1} for joint in feeding)


def _may_exceed_zero(bias: Scalar | None) -> bool:
    return bias is not None and not (isinstance(bias, Number) and bias.value <= 0)


def _sign(scalar: Scalar | None) -> set[int]:
    if scalar is None:
        return {1}
    if isinstance(scalar, Number):
        return {1} if scalar.value > 0 else {-1} if scalar.value < 0 else set()
    if isinstance(scalar, Apply) and scalar.operation == "neg":
        return {-sign for sign in _sign(scalar.arguments[0])}
    if isinstance(scalar, Apply) and scalar.operation == "abs":
        return {1}
    return {1, -1}


def _times(*factors: set[int]) -> set[int]:
    result = {1}
    for factor in factors:
        result = {a * b for a in result for b in factor}
    return result


def _template_signs(place: Template | None) -> set[int]:
    signs: set[int] = set()
    for term in () if place is None else place.terms:
        own = {1, -1} if SHAPES[term.shape.name].signed else {1}
        signs |= _times(_sign(term.weight), own)
    return signs or {1, -1}


def _signs(joined: Joined) -> set[int]:
    """The signs that weights of a connection can have."""
    wiring = joined.wiring
    signs = _times(_template_signs(wiring.place), _sign(wiring.gain))
    if wiring.norm is not None:
        signs = _times(signs, _sign(wiring.norm.mass))
    for tune in wiring.tunes:
        signs = _times(signs, set[int]().union(*(_sign(term.weight) for term in tune.terms)))
    if wiring.colour is not None and wiring.colour.kind != "luma":
        signs = {1, -1}
    return signs


def unused_dials(circuit: Circuit, analysis: Analysis) -> None:
    """Warn of dials that change nothing."""
    read_dials = dials_used(circuit)
    for dial in circuit.dials:
        if dial.name not in read_dials:
            analysis.warn("L403", f"the dial `{dial.name}` changes nothing", dial.span)
