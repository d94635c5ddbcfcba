"""The profiles of the language: one row each says all that is known of them but their values.

In: nothing. Out: `PROFILES`, and how coarsely members may sample a bump. Values are computed twice,
by the compiler (`lowering/profiles.py`) and by definition (`reference/profiles.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from circuitdsl.ir.circuit import ProfileTerm
from circuitdsl.ir.expressions import ZERO, ZERO_ANGLE, Scalar
from circuitdsl.ir.tables.arguments import Argument

Reads = Literal["angles", "octaves", "index", "nothing"]


@dataclass(frozen=True)
class ProfileRow:
    """What is known of a profile.

    Attributes:
        reads: Of what it is a function: of the difference of two angles, of the difference of two
            sizes, of whether members have the same number, or of nothing.
        arguments: In the order of a call.
        narrowest: The least `fwhm`, in the unit of the difference.
        needs: What the axes at both ends must be for a profile of numbers: `alike`, or `cases` or
            of two members.
    """

    reads: Reads
    arguments: tuple[Argument, ...] = ()
    narrowest: float | None = None
    needs: Literal["alike", "cases"] = "alike"

    @property
    def continuous(self) -> bool:
        """Whether it is a function of a difference."""
        return self.reads in ("angles", "octaves")

    @property
    def defaults(self) -> dict[str, Scalar]:
        """The arguments that a call may leave out."""
        defaults: dict[str, Scalar] = {}
        for argument in self.arguments:
            if argument.default is not None and not isinstance(argument.default, tuple):
                defaults[argument.name] = argument.default
        return defaults


PROFILES: dict[str, ProfileRow] = {
    "bump": ProfileRow(
        "angles",
        (
            Argument("fwhm", "angle", legal="positive", usual=(20, 120)),
            Argument("around", "angle", ZERO_ANGLE, usual=(0, 360)),
        ),
        narrowest=0.1,
    ),
    "octaves": ProfileRow(
        "octaves",
        (
            Argument("fwhm", "real", legal="positive", usual=(0.5, 3)),
            Argument("around", "real", ZERO, usual=(-1, 1)),
        ),
        narrowest=0.01,
    ),
    "constant": ProfileRow("nothing"),
    "equal": ProfileRow("index"),
    "same": ProfileRow("index", needs="cases"),
    "other": ProfileRow("index", needs="cases"),
}
"""Every profile under the name that the language gives it."""


def primitives(terms: tuple[ProfileTerm, ...]) -> Iterator[ProfileTerm]:
    """The primitives of a profile, those of rectified parts too."""
    for term in terms:
        if term.inner:
            yield from primitives(term.inner)
        else:
            yield term


ALIASED_LIMIT = 0.05
"""The share of a bump that its source may fail to sample."""


@lru_cache(maxsize=1024)
def aliased_part(width_deg: float, count: float, period_deg: float) -> float:
    """The share of a bump that `count` evenly spaced members cannot tell from a coarser one.

    A bump is `exp(kappa (cos(m x) - 1))`; its Fourier coefficient of order k is `I_k(kappa)`, with
    I the modified Bessel function, and `count` samples reach order count/2.

    Args:
        width_deg: Full width at half maximum.
        count: Members of the source along the axis.
        period_deg: Degrees after which the axis repeats.
    """
    # 1 - cos a = 2 sin^2(a/2), which stays exact for narrow bumps
    half = math.sin(math.radians(360.0 / period_deg * width_deg / 4))
    kappa = math.log(2) / (2 * half * half)
    return _bessel(count / 2, kappa) / _bessel(0, kappa)


@lru_cache(maxsize=256)
def finest(members: float, period_deg: float) -> float | None:
    """The narrowest bump that members sample within `ALIASED_LIMIT`, degrees.

    Rounded up to a hundredth of a degree, so that it prints short.

    Args:
        members: Evenly spaced members of the source along the axis.
        period_deg: Degrees after which the axis repeats.

    Returns:
        The full width at half maximum; None if the members are too few for any bump.
    """
    narrow, wide = 0, round(100 * period_deg) - 1  # hundredths of a degree
    if aliased_part(wide / 100, members, period_deg) > ALIASED_LIMIT:
        return None
    while wide - narrow > 1:
        middle = (narrow + wide) // 2
        if aliased_part(middle / 100, members, period_deg) > ALIASED_LIMIT:
            narrow = middle
        else:
            wide = middle
    return wide / 100


def _bessel(order: float, kappa: float) -> float:
    """`exp(-kappa) I_order(kappa)` by Simpson's rule (DLMF 10.32.4).

    `I_v(k)` is `1/pi` times the integral over `[0, pi]` of `exp(k cos t) cos(v t)`, less
    `sin(v pi)/pi` times the integral over `[0, inf)` of `exp(-k cosh t - v t)`, which whole orders
    lack.
    """
    total = math.fsum(weight * math.exp(kappa * depth) for depth, weight in _waves(order))
    if order % 1:
        # beyond `far` the integrand is below exp(-40)
        far = min(40 / order, math.acosh(1 + 40 / kappa))
        rest = _simpson(
            lambda t: math.exp(-kappa * (math.cosh(t) + 1) - order * t), far, _steps(order)
        )
        total -= math.sin(order * math.pi) * rest
    return abs(total) / math.pi


def _steps(order: float) -> int:
    """Enough for each wave of `cos(order t)`, and even."""
    return 256 + 4 * int(order)


@lru_cache(maxsize=64)
def _waves(order: float) -> tuple[tuple[float, float], ...]:
    """What the integral over `[0, pi]` has for any kappa: `cos t - 1`, and `cos(v t)` weighted.

    A search for the narrowest bump asks for one order at many kappas.
    """
    steps = _steps(order)
    angles = [math.pi * step / steps for step in range(steps + 1)]
    weights = [1, *[4, 2] * (steps // 2 - 1), 4, 1]
    return tuple(
        (math.cos(angle) - 1, math.pi / steps / 3 * weight * math.cos(order * angle))
        for angle, weight in zip(angles, weights, strict=True)
    )


def _simpson(function: Callable[[float], float], end: float, steps: int) -> float:
    """The integral of a function over `[0, end]`; `steps` is even."""
    values = [function(end * step / steps) for step in range(steps + 1)]
    inner = 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2])
    return end / steps / 3 * (values[0] + inner + values[-1])
