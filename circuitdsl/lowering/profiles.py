"""The values of profiles: weight as a function of the difference between two members.

In: a profile, the differences and whether members have the same number. Out: values,
differentiable in every number of the profile. What else is known is in `ir/tables/profiles.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi
from typing import Any, NamedTuple

from jax import Array

from circuitdsl.lowering.forms import ProfileForm, TuneForm

_SMALLEST_SQUARE = 1e-12
"""Squared sines that are divided by are at least this."""

_SMALLEST_OCTAVES = 1e-6
"""Widths that are divided by are at least this."""


class Differences(NamedTuple):
    """What a profile is a function of; the arrays broadcast against one another.

    Attributes:
        delta: Differences of angles or sizes, degrees or octaves.
        equal: 1 where the members have the same number.
        period_deg: Degrees after which differences repeat.
    """

    delta: Array
    equal: Array
    period_deg: float

    @property
    def xp(self) -> Any:
        """The module that computes with these arrays; see `sampling`."""
        return self.delta.__array_namespace__()


Arguments = Mapping[str, Array]


def profile(tune: TuneForm, delta: Array, equal: Array, scalars: Array) -> Array:
    """A profile at some differences, degrees or octaves; `equal` broadcasts against them."""
    return _summed(tune.terms, Differences(delta, equal, tune.period_deg), scalars)


def _summed(terms: tuple[ProfileForm, ...], at: Differences, scalars: Array) -> Array:
    out = at.xp.zeros_like(at.delta)
    for term in terms:
        if term.inner:
            value = at.xp.maximum(_summed(term.inner, at, scalars), 0.0)
        else:
            value = PROFILES[term.name]({name: scalars[slot] for name, slot in term.arguments}, at)
        out = out + scalars[term.weight] * value
    return out


def _bump(arguments: Arguments, at: Differences) -> Array:
    """exp(kappa (cos(m (x - mu)) - 1)), m = 360/period, kappa = ln 2 / (1 - cos(m width / 2)).

    Written with 1 - cos a = 2 sin(a/2)^2, which keeps narrow bumps exact.
    """
    rad = pi / at.period_deg
    square = at.xp.sin((at.delta - arguments["around"]) * rad) ** 2
    half_width = at.xp.sin(arguments["fwhm"] * (rad / 2)) ** 2
    return at.xp.exp2(-square / at.xp.maximum(half_width, _SMALLEST_SQUARE))


def _octaves(arguments: Arguments, at: Differences) -> Array:
    """2^-((2 (x - mu) / width)^2): 1 at mu, half of it `width` / 2 away. It does not repeat."""
    away = at.delta - arguments["around"]
    away = 2.0 * away / at.xp.maximum(arguments["fwhm"], _SMALLEST_OCTAVES)
    return at.xp.exp2(-away * away)


PROFILES: dict[str, Callable[[Arguments, Differences], Array]] = {
    "bump": _bump,
    "octaves": _octaves,
    "constant": lambda _, at: at.xp.ones_like(at.equal),
    "equal": lambda _, at: at.equal,
    "same": lambda _, at: at.equal,
    "other": lambda _, at: 1.0 - at.equal,
}
"""Every profile of `ir.profiles.PROFILES`."""
