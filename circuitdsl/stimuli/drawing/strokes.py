"""Coverage of pixels by drawn shapes, from signed distances.

In: a slot, the properties of one shape in each of n scenes as arrays that broadcast against
`[n, height, width]`, and pixel coordinates x to the right and y down. Out: coverage in 0..1,
`[n, height, width]`. An edge is a ramp `soft` pixels wide, which antialiases at 1 and blurs above.

Distances follow I. Quilez, "2D distance functions" (iquilezles.org).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

Slot = dict[str, Array]
"""The properties of one shape in each scene."""

STROKE, EDGE, SEGMENT = 0, 1, 2
"""How an arc is drawn: a line of some width, a step that fades away from the arc, a filled cap."""

TRIANGLE, SQUARE, DISC = 0, 1, 2
"""The kinds of figure."""

GRATING, CHECKS, DOTS = 0, 1, 2
"""The kinds of texture."""


def _ramp(depth: Array, soft: Array) -> Array:
    """Coverage of a pixel that lies `depth` pixels inside an edge."""
    return jnp.clip(0.5 + depth / soft, 0.0, 1.0)


def arc_coverage(slot: Slot, x: Array, y: Array) -> Array:
    """An arc of a circle, `half_rad` to either side of the middle (`x`, `y`).

    It bulges to `angle_rad`, clockwise from +x with y down. `width` is the stroke's, and how far
    an edge takes to fade; `side` is 1 where an edge is filled inside the circle and -1 outside.
    """
    cos, sin = jnp.cos(slot["angle_rad"]), jnp.sin(slot["angle_rad"])
    radius, half = slot["radius"], slot["half_rad"]
    dx, dy = x - slot["x"] + radius * cos, y - slot["y"] + radius * sin
    along, across = dx * cos + dy * sin, jnp.abs(dy * cos - dx * sin)
    outwards = jnp.sqrt(dx * dx + dy * dy) - radius
    cos_half, sin_half = jnp.cos(half), jnp.sin(half)
    inside_sector = along * sin_half - across * cos_half
    end = jnp.sqrt((along - radius * cos_half) ** 2 + (across - radius * sin_half) ** 2)
    distance = jnp.where(inside_sector > 0, jnp.abs(outwards), end)
    stroke = _ramp(slot["width"] / 2 - distance, slot["soft"])
    depth = -slot["side"] * outwards
    fade = jnp.clip(1 - depth / (2 * slot["width"] + 4), 0, 1) * jnp.clip(inside_sector / 6, 0, 1)
    edge = _ramp(depth, slot["soft"]) * fade
    cap = _ramp(jnp.minimum(-outwards, along - radius * cos_half), slot["soft"])
    return jnp.where(slot["kind"] == STROKE, stroke, jnp.where(slot["kind"] == EDGE, edge, cap))


def angle_coverage(slot: Slot, x: Array, y: Array) -> Array:
    """Two strokes from a point, `half_rad` to either side of `angle_rad`; a line at 90 degrees."""
    dx, dy = x - slot["x"], y - slot["y"]
    nearest = None
    for sign in (-1.0, 1.0):
        turn = slot["angle_rad"] + sign * slot["half_rad"]
        cos, sin = jnp.cos(turn), jnp.sin(turn)
        along = jnp.clip(dx * cos + dy * sin, 0.0, slot["length"])
        square = (dx - along * cos) ** 2 + (dy - along * sin) ** 2
        nearest = square if nearest is None else jnp.minimum(nearest, square)
    return _ramp(slot["width"] / 2 - jnp.sqrt(nearest), slot["soft"])


def figure_coverage(slot: Slot, x: Array, y: Array) -> Array:
    """A triangle, rectangle or ellipse: filled, or an outline of `width` where `outline` is 1."""
    dx, dy = x - slot["x"], y - slot["y"]
    cos, sin = jnp.cos(slot["angle_rad"]), jnp.sin(slot["angle_rad"])
    u, v = dx * cos + dy * sin, (dy * cos - dx * sin) * slot["aspect"]
    size = slot["size"]
    triangle = jnp.maximum(jnp.abs(u) * (3**0.5 / 2) + v / 2, -v) - size / 2
    square = jnp.maximum(jnp.abs(u), jnp.abs(v)) - size * 0.8
    disc = jnp.sqrt(u * u + v * v) - size
    distance = jnp.where(
        slot["kind"] == TRIANGLE, triangle, jnp.where(slot["kind"] == SQUARE, square, disc)
    )
    distance = jnp.where(slot["outline"] > 0, jnp.abs(distance) - slot["width"] / 2, distance)
    return _ramp(-distance, slot["soft"])


def wave_coverage(slot: Slot, x: Array, y: Array) -> Array:
    """A sine-shaped stroke of `swing` pixels, `wavelength` pixels long a period."""
    dx, dy = x - slot["x"], y - slot["y"]
    cos, sin = jnp.cos(slot["angle_rad"]), jnp.sin(slot["angle_rad"])
    u, v = dx * cos + dy * sin, dy * cos - dx * sin
    rate = 2 * jnp.pi / slot["wavelength"]
    slope = slot["swing"] * rate * jnp.cos(rate * u)
    # first-order distance to the curve v = swing sin(rate u)
    distance = jnp.abs(v - slot["swing"] * jnp.sin(rate * u)) / jnp.sqrt(1 + slope * slope)
    beyond = jnp.abs(u) - slot["length"]
    return _ramp(slot["width"] / 2 - jnp.maximum(distance, beyond), slot["soft"])


def texture_coverage(slot: Slot, x: Array, y: Array) -> Array:
    """A round patch of grating, checks or dots, `wavelength` pixels a period."""
    dx, dy = x - slot["x"], y - slot["y"]
    rate = 2 * jnp.pi / slot["wavelength"]
    cos, sin = jnp.cos(slot["angle_rad"]) * rate, jnp.sin(slot["angle_rad"]) * rate
    first, second = jnp.sin(dx * cos + dy * sin), jnp.sin(dy * cos - dx * sin)
    value = jnp.where(
        slot["kind"] == GRATING,
        first,
        jnp.where(slot["kind"] == CHECKS, first * second, first + second - 1.0),
    )
    window = jnp.clip((slot["size"] - jnp.sqrt(dx * dx + dy * dy)) / 8, 0.0, 1.0)
    return jnp.clip(0.5 + value * slot["sharpness"], 0.0, 1.0) * window
