"""Continuous templates and profiles, sampled: the mathematics of one connection, in JAX.

In: a `Plan` (where to sample), a `ConnectionForm` (what to sample) and the values of its scalars.
Out: a kernel `[height, width, in, out]`, float32, differentiable in every value.

Convolution is cross-correlation here and everywhere else: `out[p] = sum over u of w[u] x[p + u]`,
so a kernel is a picture of what it looks for, and no kernel is ever flipped. Tap (p, q) of a k x k
kernel lies at `u = s (q - (k-1)/2, (k-1)/2 - p)`, with y up and s pixels from tap to tap.

The weight from member a to member b at tap u is

    W[b,a](u) = mean over sub-samples d of  sum over points t of
                w_t h_t(v) product over axes of f(delta - phi_t),      v = A_b^-1 (u + d - c)

where A_b dilates, mirrors and turns the template to its member, and c is where the target's units
look less where the source's do: coordinates are moved, never arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import pi
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from circuitdsl.lowering.forms import ConnectionForm, ShapeForm, TuneForm
from circuitdsl.lowering.plan import CENTRE_PX

POINTS = 25
"""Midpoints along a bar or an arc."""

SMALLEST = 1e-6
"""Sums of weights that are divided by are at least this.

Weights of order 1 that cancel leave float32 noise below it, which no norm may blow up.
"""

_SMALLEST_SQUARE = 1e-12
"""Squared sines that are divided by are at least this."""

_SMALLEST_PX = 1e-3
"""Lengths that are divided by are at least this, so that no dial at 0 gives a NaN."""


class Views(NamedTuple):
    """The arrays of a `Plan` that templates and profiles are sampled on; see there."""

    turn: Array
    steps: Array
    x: Array
    y: Array
    centre: Array
    radial_deg: Array
    off_centre: Array
    aside: Array
    turn_of: Array
    carrier: Array
    delta: Array
    equal: Array


class Samples(NamedTuple):
    """A shape, sampled.

    Attributes:
        values: Weights of each point at each tap, the mean of the sub-samples `[S, U, points]`, or
            each of them `[S, U, 9, points]`.
        direction_deg: The direction of the template at each point, `[points]`.
        envelope: For a carrier under an envelope the latter, like `values`; else None.
    """

    values: Array
    direction_deg: Array
    envelope: Array | None = None


class Grid(NamedTuple):
    """Where a shape is sampled.

    Attributes:
        views: The turns that it is seen in.
        averaged: Whether sub-samples are averaged at once.
        origin: Where the template's origin lies among the taps of each turn, px over the dilation,
            `[2, R]`; None for the middle.
    """

    views: Views
    averaged: bool
    origin: Array | None = None

    def over_views(self, values: Array) -> Array:
        """Values for each turn -> values for each view, along the first axis."""
        if len(values) == len(self.views.turn_of):
            return values  # both are in order, so without phases turns and views are one list
        return values[self.views.turn_of]

    def settled(self, values: Array) -> Array:
        """`[..., 9]`: its mean if sub-samples are averaged, else itself."""
        return values.mean(axis=-1) if self.averaged else values


Arguments = Mapping[str, tuple[Array, ...]]


def columns(form: ConnectionForm, views: Views, scalars: Array) -> Array:
    """Every different column of a connection's kernel, before its norm, `[S, U, D or 1]`.

    Args:
        form: What the connection places and how it is tuned.
        views: Where it is sampled.
        scalars: The values that the form's slots point to: px, degrees, plain numbers.
    """
    # only a profile that depends on the place needs the sub-samples one by one
    grid = Grid(views, averaged=all(tune.frame != "radial" for tune in form.tunes))
    if form.displaced is not None:
        grid = _displaced(grid, jnp.stack([scalars[slot] for slot in form.displaced]))
    samples = [_weighted(shape, grid, scalars) for shape in form.shapes]
    if form.dc is not None:
        samples = _balanced(samples, scalars[form.dc], grid)
    directions_deg = jnp.concatenate([sample.direction_deg for sample in samples])
    plain: list[Array] = []
    by_point: list[Array] = []
    by_place: list[Array] = []
    for index, tune in enumerate(form.tunes):
        delta, equal = views.delta[index], views.equal[index]
        match tune.frame:
            case "tangent":
                delta = delta - directions_deg[:, None, None]
                by_point.append(_profile(tune, delta, equal, scalars))
            case "radial":
                around = grid.over_views(grid.views.radial_deg)[..., None]
                delta, equal = delta[:, None, None, :] - around, equal[:, None, None, :]
                by_place.append(_profile(tune, delta, equal, scalars))
            case "frame" | "field":
                plain.append(_profile(tune, delta, equal, scalars))
    out = _contract(samples, by_point, by_place, grid)
    for factor in plain:
        out = out * factor[:, None]
    return out


def _displaced(grid: Grid, by_px: Array) -> Grid:
    """The grid with the template's origin moved in the image, `[2]`, px."""
    views = grid.views
    origin = jnp.einsum("ijr,j->ir", views.aside, by_px, precision=lax.Precision.HIGHEST)
    (cosine, sine), (right, up) = views.turn, origin
    x = views.x - (cosine * right + sine * up)[:, None, None]
    y = views.y - (cosine * up - sine * right)[:, None, None]
    near = x * x + y * y < CENTRE_PX**2
    # at the origin itself there is no direction, nor a gradient
    radial_deg = jnp.degrees(jnp.arctan2(y, jnp.where(near, 1.0, x)))
    off_centre = jnp.where(near, 0.0, 1.0)
    moved = views._replace(x=x, y=y, radial_deg=radial_deg, off_centre=off_centre)
    return Grid(moved, grid.averaged, origin)


def _contract(
    samples: list[Samples], by_point: list[Array], by_place: list[Array], grid: Grid
) -> Array:
    """Sum over points, mean over sub-samples: samples and profiles -> `[S, U, D or 1]`.

    Args:
        samples: The shapes.
        by_point: Profiles that depend on the template's points, `[points, S, D]`.
        by_place: Profiles that depend on the place, `[S, U, 9, D]`.
        grid: Where the shapes were sampled.
    """
    values = [sample.values for sample in samples]
    if by_point:
        profile = reduce(jnp.multiply, by_point)
        points = jnp.concatenate(values, axis=-1)
        out = jnp.einsum("s...t,tsj->s...j", points, profile, precision=lax.Precision.HIGHEST)
    else:
        out = reduce(jnp.add, [value.sum(axis=-1) for value in values])[..., None]
    if not by_place:
        return out
    # a point at the origin has no direction, hence no weight
    seen = grid.over_views(grid.views.off_centre)[..., None]
    return (out * seen * reduce(jnp.multiply, by_place)).mean(axis=2)


def _weighted(shape: ShapeForm, grid: Grid, scalars: Array) -> Samples:
    """A shape times its weight."""
    arguments = {name: tuple(scalars[i] for i in slots) for name, slots in shape.arguments}
    samples = _SHAPES[shape.name](arguments, grid)
    weight = scalars[shape.weight]
    envelope = None if samples.envelope is None else weight * samples.envelope
    return samples._replace(values=weight * samples.values, envelope=envelope)


def _balanced(samples: list[Samples], total: Array, grid: Grid) -> list[Samples]:
    """Carriers lowered by one number m, such that the taps of each view sum to `total`.

    cos(...) - m leaves `sum of values - m * sum of envelopes`, which is solved for m.
    """

    def summed(parts: list[Array | None]) -> Array:
        sums = [part.sum(axis=tuple(range(1, part.ndim))) for part in parts if part is not None]
        return reduce(jnp.add, sums) / (1 if grid.averaged else 9)

    mass = summed([sample.envelope for sample in samples])
    nothing = jnp.abs(mass) < SMALLEST
    excess = summed([sample.values for sample in samples]) - total
    offset = jnp.where(nothing, 0.0, excess / jnp.where(nothing, 1.0, mass))

    def lowered(sample: Samples) -> Samples:
        if sample.envelope is None:
            return sample
        m = offset.reshape(-1, *(1,) * (sample.values.ndim - 1))
        return sample._replace(values=sample.values - m * sample.envelope)

    return [lowered(sample) for sample in samples]


def _falloff(width: Array) -> Array:
    """1 / (2 width^2), the factor in the exponent of a Gaussian, 1/px^2."""
    return 0.5 / jnp.maximum(width * width, _SMALLEST_PX**2)


def _one_point(values: Array) -> Samples:
    """A shape without points: it has one, whose direction is 0."""
    return Samples(values[..., None], jnp.zeros(1, jnp.float32))


def _dot(arguments: Arguments, grid: Grid) -> Samples:
    """1 at the middle tap. It has no extent, so all of it is in the middle sub-sample."""
    centre = grid.views.centre
    if not grid.averaged:
        centre = centre[:, None] * jnp.zeros(9, jnp.float32).at[4].set(9.0)
    return _one_point(jnp.broadcast_to(centre, (len(grid.views.turn_of), *centre.shape)))


def _ring(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-(|v| - r)^2 / 2 w^2)."""
    (radius,), (width,) = arguments["radius"], arguments["width"]
    distance = jnp.sqrt(grid.views.x**2 + grid.views.y**2)
    values = jnp.exp(-_falloff(width) * (distance - radius) ** 2)
    return _one_point(grid.over_views(grid.settled(values)))


def _half(arguments: Arguments, grid: Grid) -> Samples:
    """(x / w) exp(-|v|^2 / 2 w^2): positive to the right, negative to the left."""
    (width,) = arguments["width"]
    x, y = grid.views.x, grid.views.y
    values = x / jnp.maximum(width, _SMALLEST_PX) * jnp.exp(-_falloff(width) * (x * x + y * y))
    return _one_point(grid.over_views(grid.settled(values)))


def _gabor(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-x^2/2l^2 - y^2/2w^2) cos(2 pi y / lambda + phase).

    The phase is that of the view plus the shape's own. The carriers of all phases are mixtures of
    one cosine and one sine.
    """
    (wavelength,), (length,), (width,), (phase_deg,) = (
        arguments[name] for name in ("wavelength", "length", "width", "phase")
    )
    x, y = grid.views.x, grid.views.y
    envelope = jnp.exp(-_falloff(length) * x * x - _falloff(width) * y * y)
    turn_rad = y * (2 * pi / jnp.maximum(wavelength, _SMALLEST_PX)) + jnp.radians(phase_deg)
    carriers = jnp.stack([jnp.cos(turn_rad), jnp.sin(turn_rad), jnp.ones_like(turn_rad)])
    even, odd, envelope = map(grid.over_views, grid.settled(envelope * carriers))
    cosine, sine = (part.reshape(-1, *(1,) * (even.ndim - 1)) for part in grid.views.carrier)
    carried = _one_point(even * cosine - odd * sine)
    return carried._replace(envelope=envelope[..., None])


def _blob(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-|v - at|^2 / 2 sigma^2)."""
    x, y = arguments["at"]
    return _stroke(x[None], y[None], arguments["sigma"][0], grid)


def _bar(arguments: Arguments, grid: Grid) -> Samples:
    """Points at + (t, 0), |t| <= length / 2."""
    (length,), (width,), (x, y) = (arguments[name] for name in ("length", "width", "at"))
    return _stroke(x + length * _midpoints(), jnp.broadcast_to(y, (POINTS,)), width, grid)


def _arc(arguments: Arguments, grid: Grid) -> Samples:
    """Points at + (r sin(s/r), r (1 - cos(s/r))), |s| <= span / 2, with direction s/r."""
    (radius,), (span,), (width,) = (arguments[name] for name in ("radius", "span", "width"))
    x, y = arguments["at"]
    radius = jnp.where(jnp.abs(radius) < _SMALLEST_PX, _SMALLEST_PX, radius)
    turn_rad = span * _midpoints() / radius
    # r (1 - cos a) as 2 r sin(a/2)^2, which loses no digits where the radius is large
    rise = 2.0 * radius * jnp.sin(turn_rad / 2) ** 2
    samples = _stroke(x + radius * jnp.sin(turn_rad), y + rise, width, grid)
    return samples._replace(direction_deg=jnp.degrees(turn_rad))


def _midpoints() -> Array:
    """The middles of equal parts of [-1/2, 1/2], `[points]`."""
    return (jnp.arange(POINTS, dtype=jnp.float32) - (POINTS - 1) / 2) / POINTS


def _stroke(x: Array, y: Array, width: Array, grid: Grid) -> Samples:
    """Round Gaussians at some points of the template, sharing a weight of 1.

    A round Gaussian is a product of one along x and one along y, in any frame. So the points are
    turned to the frame of the taps, and the taps need two short lists of exponentials, not a plane.
    """
    cosine, sine = (part[:, None] for part in grid.views.turn)
    at = jnp.stack([cosine * x - sine * y, sine * x + cosine * y])[:, :, None, None]
    if grid.origin is not None:
        at = at + grid.origin[:, :, None, None, None]
    steps = jnp.stack([grid.views.steps, -grid.views.steps])[..., None]
    along = jnp.exp(-_falloff(width) * (steps - at) ** 2)  # [x and y, R, k, 3, points]
    if grid.averaged:
        along_x, along_y = along.mean(axis=3)
        values = along_y[:, :, None] * along_x[:, None]
        values = values.reshape(len(values), -1, len(x))
    else:
        along_x, along_y = along
        values = along_y[:, :, None, :, None] * along_x[:, None, :, None, :]
        values = values.reshape(len(values), -1, 9, len(x))
    return Samples(grid.over_views(values) / len(x), jnp.zeros(len(x), jnp.float32))


_SHAPES: dict[str, Callable[[Arguments, Grid], Samples]] = {
    "dot": _dot,
    "blob": _blob,
    "ring": _ring,
    "half": _half,
    "bar": _bar,
    "arc": _arc,
    "gabor": _gabor,
}


def _profile(tune: TuneForm, delta: Array, equal: Array, scalars: Array) -> Array:
    """A profile at some differences, degrees or octaves; `equal` broadcasts against them."""
    out = jnp.zeros_like(delta)
    for term in tune.terms:
        arguments = {name: scalars[slot] for name, slot in term.arguments}
        match term.name:
            case "bump":
                value = _bump(delta, arguments["width"], arguments["around"], tune.period_deg)
            case "octaves":
                value = _octaves(delta, arguments["width"], arguments["around"])
            case "equal" | "same":
                value = equal
            case "other":
                value = 1.0 - equal
            case _:
                value = jnp.ones_like(equal)
        out = out + scalars[term.weight] * value
    return out


def _bump(x_deg: Array, width_deg: Array, around_deg: Array, period_deg: float) -> Array:
    """exp(kappa (cos(m (x - mu)) - 1)), m = 360/period, kappa = ln 2 / (1 - cos(m width / 2)).

    Written with 1 - cos a = 2 sin(a/2)^2, which keeps narrow bumps exact.
    """
    rad = pi / period_deg
    square = jnp.sin((x_deg - around_deg) * rad) ** 2
    half_width = jnp.sin(width_deg * (rad / 2)) ** 2
    return jnp.exp2(-square / jnp.maximum(half_width, _SMALLEST_SQUARE))


def _octaves(x: Array, width: Array, around: Array) -> Array:
    """2^-((2 (x - mu) / width)^2): 1 at mu, half of it `width` / 2 away. It does not repeat."""
    away = 2.0 * (x - around) / jnp.maximum(width, SMALLEST)
    return jnp.exp2(-away * away)
