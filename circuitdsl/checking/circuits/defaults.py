"""Expressions must have a value when every dial is at its default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.connections.geometry import tap_px, value_of
from circuitdsl.checking.messages import no_value
from circuitdsl.checking.values.kinds import LARGEST
from circuitdsl.ir.circuit import BackboneUse, Family, Normalisation
from circuitdsl.ir.dials import wiring_scalars
from circuitdsl.ir.expressions import Apply, Scalar


def has_values(
    joined: Joined, use: BackboneUse, dials: Mapping[str, float], analysis: Analysis
) -> None:
    """Report the expressions of a connection that have no value (E308)."""
    tap = tap_px(use, joined.target)
    for scalar in wiring_scalars(joined.wiring):
        if not _has_value(scalar, dials, tap):
            span, also = joined.at(scalar.span)
            no_value(analysis, _WHY, span, also=also)


def family_values(
    families: Iterable[Family],
    normalisations: Iterable[Normalisation],
    dials: Mapping[str, float],
    analysis: Analysis,
) -> None:
    """Report the gains, biases, centres and floors that have no value."""
    scalars = [
        scalar
        for family in families
        for scalar in (family.gain, family.bias, *(family.centre or ()))
    ]
    for scalar in (*scalars, *(normalise.floor for normalise in normalisations)):
        if scalar is not None and not _has_value(scalar, dials, float("nan")):
            no_value(analysis, _WHY, scalar.span)


_WHY = "with the dials at their defaults, it cannot be computed"


def _has_value(scalar: Scalar, dials: Mapping[str, float], tap: float) -> bool:
    if not isinstance(scalar, Apply):
        return True
    value = value_of(scalar, dials, tap)
    return value is not None and abs(value) <= LARGEST
