"""Continuous templates and profiles, sampled: the mathematics of one connection.

In: a `Plan` (where to sample), a `ConnectionForm` (what to sample) and the values of its scalars.
Out: a kernel `[height, width, in, out]`, float32; in JAX differentiable in every value.

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

from functools import reduce

from jax import Array

from circuitdsl.lowering.forms import ConnectionForm, ShapeForm
from circuitdsl.lowering.plan import CENTRE_PX
from circuitdsl.lowering.profiles import profile
from circuitdsl.lowering.sampling import Grid, Samples, Views, contract
from circuitdsl.lowering.shapes import SAMPLERS

SMALLEST = 1e-6
"""Sums of weights that are divided by are at least this.

Weights of order 1 that cancel leave float32 noise below it, which no norm may blow up.
"""


def columns(form: ConnectionForm, views: Views, scalars: Array) -> Array:
    """Every different column of a connection's kernel, before its norm, `[S, U, D or 1]`.

    Args:
        form: What the connection places and how it is tuned.
        views: Where it is sampled.
        scalars: The values that the form's slots point to: px, degrees, plain numbers.
    """
    # only a profile that depends on the place needs the sub-samples one by one
    grid = Grid(views, averaged=all(tune.frame != "radial" for tune in form.tunes))
    xp = grid.xp
    if form.displaced is not None:
        grid = _displaced(grid, xp.stack([scalars[slot] for slot in form.displaced]))
    samples = [_weighted(shape, grid, scalars) for shape in form.shapes]
    if form.dc is not None:
        samples = _balanced(samples, scalars[form.dc], grid)
    directions_deg = xp.concatenate([sample.direction_deg for sample in samples])
    plain: list[Array] = []
    by_point: list[Array] = []
    by_place: list[Array] = []
    for index, tune in enumerate(form.tunes):
        delta, equal = views.delta[index], views.equal[index]
        match tune.frame:
            case "tangent":
                delta = delta - directions_deg[:, None, None]
                by_point.append(profile(tune, delta, equal, scalars))
            case "radial":
                around = grid.over_views(grid.views.radial_deg)[..., None]
                delta, equal = delta[:, None, None, :] - around, equal[:, None, None, :]
                by_place.append(profile(tune, delta, equal, scalars))
            case "frame" | "field":
                plain.append(profile(tune, delta, equal, scalars))
    out = _contract(samples, by_point, by_place, grid)
    for factor in plain:
        out = out * factor[:, None]
    return out


def _displaced(grid: Grid, by_px: Array) -> Grid:
    """The grid with the template's origin moved in the image, `[2]`, px."""
    xp, views = grid.xp, grid.views
    origin = contract(xp, "ijr,j->ir", views.aside, by_px)
    (cosine, sine), (right, up) = views.turn, origin
    x = views.x - (cosine * right + sine * up)[:, None, None]
    y = views.y - (cosine * up - sine * right)[:, None, None]
    near = x * x + y * y < CENTRE_PX**2
    # at the origin itself there is no direction, nor a gradient
    radial_deg = xp.degrees(xp.arctan2(y, xp.where(near, 1.0, x)))
    off_centre = xp.where(near, 0.0, 1.0)
    moved = views._replace(x=x, y=y, radial_deg=radial_deg, off_centre=off_centre)
    return Grid(moved, grid.averaged, origin)


def _turned(grid: Grid, turn_deg: Array) -> Grid:
    """The grid as a shape sees it that is turned within its template.

    Directions are not turned with it: they are those of the template.
    """
    xp, views = grid.xp, grid.views
    turn_rad = xp.radians(turn_deg)
    c, s = xp.cos(turn_rad), xp.sin(turn_rad)
    cosine, sine = views.turn
    turn = xp.stack([c * cosine - s * sine, s * cosine + c * sine])
    x, y = c * views.x + s * views.y, c * views.y - s * views.x
    return grid._replace(views=views._replace(turn=turn, x=x, y=y))


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
    xp = grid.xp
    values = [sample.values for sample in samples]
    if by_point:
        profile = reduce(xp.multiply, by_point)
        points = xp.concatenate(values, axis=-1)
        out = contract(xp, "s...t,tsj->s...j", points, profile)
    else:
        out = reduce(xp.add, [value.sum(axis=-1) for value in values])[..., None]
    if not by_place:
        return out
    # a point at the origin has no direction, hence no weight
    off_centre = grid.over_views(grid.views.off_centre)[..., None]
    return (out * off_centre * reduce(xp.multiply, by_place)).mean(axis=2)


def _weighted(shape: ShapeForm, grid: Grid, scalars: Array) -> Samples:
    """A shape times its weight."""
    arguments = {name: tuple(scalars[i] for i in slots) for name, slots in shape.arguments}
    turn_deg = None if shape.turn is None else scalars[shape.turn]
    samples = SAMPLERS[shape.name](arguments, grid if turn_deg is None else _turned(grid, turn_deg))
    if turn_deg is not None:
        samples = samples._replace(direction_deg=samples.direction_deg + turn_deg)
    weight = scalars[shape.weight]
    envelope = None if samples.envelope is None else weight * samples.envelope
    return samples._replace(values=weight * samples.values, envelope=envelope)


def _balanced(samples: list[Samples], total: Array, grid: Grid) -> list[Samples]:
    """Carriers lowered by one number m, such that the taps of each view sum to `total`.

    cos(...) - m leaves `sum of values - m * sum of envelopes`, which is solved for m.
    """
    xp = grid.xp

    def summed(parts: list[Array | None]) -> Array:
        sums = [part.sum(axis=tuple(range(1, part.ndim))) for part in parts if part is not None]
        return reduce(xp.add, sums) / (1 if grid.averaged else 9)

    mass = summed([sample.envelope for sample in samples])
    nothing = xp.abs(mass) < SMALLEST
    excess = summed([sample.values for sample in samples]) - total
    offset = xp.where(nothing, 0.0, excess / xp.where(nothing, 1.0, mass))

    def lowered(sample: Samples) -> Samples:
        if sample.envelope is None:
            return sample
        m = offset.reshape(-1, *(1,) * (sample.values.ndim - 1))
        return sample._replace(values=sample.values - m * sample.envelope)

    return [lowered(sample) for sample in samples]
