"""Drawn scenes: labelled pictures of arcs, lines, shapes and textures among clutter.

In: a PRNG key, how many, and the side in pixels. Out: RGB images `[n, height, width, 3]`, float32
in 0..255, and class numbers `[n]`. `tiny` is trained on them, and they stand in for photographs
where there are none, so their backgrounds have the 1/f spectrum and the overlapping surfaces of
natural images (Ruderman 1997, "Origins of scaling in natural images").

The first classes are directions: every arc of such a scene bulges into one sector of the circle.
An arc and its opposite have the same tangents; straight lines and balanced curves (rings, waves)
lie in scenes of every class; strokes are dark or light alike. So edges, tangents and polarity don't
tell these classes apart, only the sign of curvature does. Shapes are drawn back to front,
antialiased; their number grows with the area, so the statistics don't depend on the side.

Directions are those of the published figures: the bulge, clockwise from +x with y down, in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from circuitdsl.compiling import compiled
from circuitdsl.stimuli.drawing.strokes import (
    DISC,
    EDGE,
    GRATING,
    SEGMENT,
    SQUARE,
    STROKE,
    TRIANGLE,
    Slot,
    angle_coverage,
    arc_coverage,
    figure_coverage,
    texture_coverage,
    wave_coverage,
)

SECTORS = 10
"""Directions of bulge that are classes of their own; sector k is centred at 360 k / SECTORS."""

CLASSES: tuple[str, ...] = (
    *(f"arc{round(360 * sector / SECTORS)}" for sector in range(SECTORS)),
    "line",
    "corner",
    "triangle",
    "square",
    "disc",
    "wave",
    "grating",
    "checks",
    "dots",
    "clutter",
)
"""What each class number means; `arcN` bulges towards N degrees."""

SMALLEST_PX, LARGEST_PX = 48, 512
"""Sides that can be drawn."""

GREY = 117.0
"""The mean that InceptionV1 subtracts, which its padding therefore looks like."""

_AREA_PX = 64.0**2  # square pixels to one main feature
_LEAST_CONTRAST = 45.0  # between a shape and the mean of its background, of 255
_LINE, _CORNER, _WAVE = (CLASSES.index(name) for name in ("line", "corner", "wave"))


def scenes(key: Array, n: int, side: int) -> tuple[Array, Array]:
    """Draw `n` labelled scenes; the same key, number and side give the same scenes.

    Args:
        key: A JAX PRNG key.
        n: How many scenes, at least 1.
        side: Height and width in pixels, 48 to 512.

    Returns:
        RGB images `[n, height, width, 3]`, float32 in 0..255, and labels `[n]`, int32, which index
        `CLASSES` and are as even as `n` allows.

    Raises:
        ValueError: `n` or `side` is out of range.
    """
    if n < 1:
        raise ValueError(f"cannot draw {n} scenes: at least 1 is needed")
    if not SMALLEST_PX <= side <= LARGEST_PX:
        raise ValueError(f"side is {side} px; scenes are {SMALLEST_PX} to {LARGEST_PX} px wide")
    return _draw(key, n, side)


@compiled(static=("n", "side"))  # hundreds of scenes: it runs for longer than it compiles
def _draw(key: Array, n: int, side: int) -> tuple[Array, Array]:
    label_key, ground_key, shape_key, finish_key = jax.random.split(key, 4)
    labels = jax.random.permutation(label_key, jnp.arange(n, dtype=jnp.int32) % len(CLASSES))
    images, ground = _background(ground_key, n, side)
    many = max(1, round(side**2 / _AREA_PX))
    # one draw for all shapes: every call to the generator costs a second of compilation
    u = jax.random.uniform(shape_key, (7, _NUMBERS, 2 * many, n))
    images = _paint(images, figure_coverage, _surfaces(u[0], ground, 2 * many, side))
    images = _paint(images, texture_coverage, _textures(u[1], ground, labels, many, side))
    images = _paint(images, figure_coverage, _figures(u[2], ground, labels, many, side))
    images = _paint(images, angle_coverage, _angles(u[3], ground, labels, many, side))
    images = _paint(images, wave_coverage, _waves(u[4], ground, labels, many, side))
    images = _paint(images, arc_coverage, _arcs(u[5], ground, labels, 2 * many, side))
    # a few lines lie over everything, so that arcs are crossed and broken
    images = _paint(images, angle_coverage, _angles(u[6], ground, labels, many, side))
    return _finish(finish_key, images, ground), labels


def _paint(images: Array, coverage: Callable[[Slot, Array, Array], Array], slots: Slot) -> Array:
    """Paint slots `[slot, n, ...]` over images, one after the other."""
    side = images.shape[1]
    x, y = jnp.arange(side)[None, :] + 0.5, jnp.arange(side)[:, None] + 0.5

    def one(images: Array, slot: Slot) -> tuple[Array, None]:
        colour = slot["colour"][:, None, None, :]
        shape = {name: value[:, None, None] for name, value in slot.items() if name != "colour"}
        alpha = coverage(shape, x, y) * shape["present"]
        return images + alpha[..., None] * (colour - images), None

    return jax.lax.scan(one, images, slots)[0]


def _uniform(u: Array, low: float, high: float) -> Array:
    """Map `u`, uniform in 0..1, to `low`..`high`."""
    return low + u * (high - low)


def _spread(u: Array, low: float, high: float) -> Array:
    """Map `u` to `low`..`high`, uniform in the logarithm: as many from 5 to 10 as from 10 to 20."""
    return jnp.exp(_uniform(u, math.log(low), math.log(high)))


def _chance(u: Array, probability: float | Array) -> Array:
    return (u < probability).astype(jnp.float32)


def _background(key: Array, n: int, side: int) -> tuple[Array, Slot]:
    """Grounds of 1/f noise and shading, and each scene's `busy`, `tone` and `soft` `[n]`."""
    key, noise_key = jax.random.split(key)
    u = jax.random.uniform(key, (16, n))
    busy = _uniform(u[0], 0.2, 1.0) * _chance(u[1], 0.7)
    plain = jnp.where(u[3] < 0.5, 255.0, 0.0)
    tone = jnp.where((busy == 0) & (u[4] < 0.5), plain, _uniform(u[2], 20.0, 235.0))
    soft = jnp.where(u[5] < 0.5, 1.0, _spread(u[6], 1.0, 4.0))
    light = _noise(noise_key, _uniform(u[7], 0.8, 1.6), side)
    # the noise is periodic, so a shifted and turned copy serves as an independent field of tint
    tint = jnp.roll(light.transpose(0, 2, 1), (side // 3, side // 2), (1, 2))
    hue = _uniform(u[8:14], -17.0, 17.0).reshape(2, 3, n).transpose(0, 2, 1)[:, :, None, None, :]
    ramp = _uniform(u[14:16], -30.0, 30.0)[:, :, None, None]
    at = jnp.linspace(-1.0, 1.0, side)
    light = 22.0 * light + ramp[0] * at[None, :] + ramp[1] * at[:, None]
    colour = light[..., None] + tint[..., None] * hue[0] + 1.3 * hue[1]
    images = tone[:, None, None, None] + busy[:, None, None, None] * colour
    return images, {"busy": busy, "tone": tone, "soft": soft}


def _noise(key: Array, slope: Array, side: int) -> Array:
    """Noise of amplitude 1/frequency^slope `[n]`, mean 0 and deviation 1: `[n, side, side]`."""
    shape = (2, slope.shape[0], side, side // 2 + 1)
    real, imaginary = jax.random.uniform(key, shape, minval=-1.0, maxval=1.0)
    frequency = jnp.hypot(jnp.fft.fftfreq(side)[:, None], jnp.fft.rfftfreq(side)[None, :]) * side
    fall = jnp.maximum(frequency, 1.0) ** -slope[:, None, None] * (frequency > 0)
    noise = jnp.fft.irfft2(jax.lax.complex(real * fall, imaginary * fall), (side, side))
    return noise / noise.std(axis=(1, 2), keepdims=True)


_COMMON = 9  # random numbers of a shape that `_common` uses
_NUMBERS = _COMMON + 9  # all that any shape uses


def _common(u: Array, ground: Slot, side: int) -> Slot:
    """What all shapes have: a place, a direction, a colour that stands out, an edge, presence.

    `u` are uniform random numbers `[9 or more, slot, n]`.
    """
    tone = ground["tone"]
    # uniform over all luminances that differ enough from the ground, darker or lighter
    darker = jnp.maximum(tone - _LEAST_CONTRAST, 0.0)
    lighter = jnp.maximum(255.0 - _LEAST_CONTRAST - tone, 0.0)
    pick = u[0] * (darker + lighter)
    light = jnp.where(pick < darker, pick, pick - darker + tone + _LEAST_CONTRAST)
    tint = _uniform(u[1:4], -45.0, 45.0) * ground["busy"]
    return {
        "x": _uniform(u[4], 0.15, 0.85) * side,
        "y": _uniform(u[5], 0.15, 0.85) * side,
        "angle_rad": _uniform(u[6], 0.0, 2 * math.pi),
        "width": _spread(u[7], 1.2, 10.0),
        "colour": jnp.moveaxis(light + tint, 0, -1),
        "soft": jnp.broadcast_to(ground["soft"], light.shape),
        "present": u[8],
    }


def _features(u: Array, main: Array, otherwise: float) -> Array:
    """Presence: in scenes where `main` the first slot surely and the rest mostly."""
    first = (jnp.arange(u.shape[0]) == 0)[:, None]
    return _chance(u, jnp.where(main, jnp.where(first, 1.0, 0.7), otherwise))


def _surfaces(u: Array, ground: Slot, slots: int, side: int) -> Slot:
    """Overlapping rectangles and ellipses of all sizes: the clutter behind."""
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    # a sum of uniforms for the bell of luminances about the ground's
    light = ground["tone"] + 45.0 * (u[0] + u[1] + u[2] - 1.5) * 2.0
    tint = jnp.moveaxis(_uniform(u[3:6], -35.0, 35.0), 0, -1)
    return slot | {
        "x": (slot["x"] - side / 2) * 1.7 + side / 2,
        # many small ones to few large: the areas of surfaces in natural images are scale-free
        "size": _spread(u[6], 4.0, 60.0),
        "aspect": _spread(u[7], 1.0, 3.0),
        "kind": jnp.where(u[8] < 0.5, SQUARE, DISC),
        "outline": jnp.zeros_like(light),
        "colour": light[..., None] + tint,
        "present": _chance(slot["present"], 0.8 * ground["busy"]),
    }


def _textures(u: Array, ground: Slot, labels: Array, slots: int, side: int) -> Slot:
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    kind = labels - CLASSES.index("grating")
    main = (kind >= 0) & (kind < 3)
    kind = jnp.where(main, kind, jnp.floor(3 * u[0]).astype(jnp.int32))
    return slot | {
        "wavelength": _spread(u[1], 5.0, 16.0) * jnp.where(kind == GRATING, 1.0, 1.3),
        "size": _uniform(u[2], 16.0, 45.0),
        "sharpness": _uniform(u[3], 0.5, 2.0),
        "kind": kind,
        "present": _features(slot["present"], main, 0.08),
    }


def _figures(u: Array, ground: Slot, labels: Array, slots: int, side: int) -> Slot:
    """Triangles, squares, discs: the main thing of their classes, else whole rings and ellipses."""
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    kind = labels - CLASSES.index("triangle")
    main = (kind >= TRIANGLE) & (kind <= DISC)
    return slot | {
        "size": _spread(u[0], 8.0, 40.0),
        "aspect": _spread(u[1], 1.0, 1.6),
        "kind": jnp.broadcast_to(jnp.where(main, kind, DISC), u[0].shape),
        "outline": _chance(u[2], 0.5),
        "width": _spread(u[3], 1.2, 6.0),
        "present": _features(slot["present"], main, 0.3),
    }


def _angles(u: Array, ground: Slot, labels: Array, slots: int, side: int) -> Slot:
    """Straight lines and corners, in scenes of every class."""
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    corner = jnp.where(labels == _CORNER, 1.0, jnp.where(labels == _LINE, 0.0, 0.3))
    return slot | {
        "half_rad": jnp.where(u[0] < corner, _uniform(u[1], 0.35, 1.15), math.pi / 2),
        "length": _spread(u[2], 8.0, 50.0),
        "width": _spread(u[3], 1.2, 8.0),
        "present": _features(slot["present"], (labels == _LINE) | (labels == _CORNER), 0.35),
    }


def _waves(u: Array, ground: Slot, labels: Array, slots: int, side: int) -> Slot:
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    wavelength = _spread(u[0], 16.0, 60.0)
    return slot | {
        "wavelength": wavelength,
        "swing": wavelength * _uniform(u[1], 0.1, 0.3),
        # half a whole number of periods to either side, so that it bulges both ways equally
        "length": wavelength * jnp.where(u[2] < 0.5, 0.5, 1.0),
        "width": jnp.minimum(slot["width"], wavelength / 4),
        "present": _features(slot["present"], labels == _WAVE, 0.12),
    }


def _arcs(u: Array, ground: Slot, labels: Array, slots: int, side: int) -> Slot:
    """The main thing of the first classes: arcs that all bulge into the label's sector."""
    slot, u = _common(u[:, :slots], ground, side), u[_COMMON:, :slots]
    sector = labels + _uniform(u[0], -0.5, 0.5)
    radius = _spread(u[1], 8.0, 160.0)
    # long enough to be seen to bend: at least 3 px between the arc and its chord
    least = jnp.sqrt(2 * 3.0 / radius)
    return slot | {
        "angle_rad": sector * (2 * math.pi / SECTORS),
        "radius": radius,
        "half_rad": jnp.clip(_uniform(u[2], 12.0, 45.0) / radius, least, 1.35),
        "width": jnp.minimum(slot["width"], radius / 2),
        "side": jnp.where(u[3] < 0.5, 1.0, -1.0),
        # strokes half of the time, edges and filled caps a quarter each
        "kind": jnp.where(u[4] < 0.5, STROKE, jnp.where(u[4] < 0.75, EDGE, SEGMENT)),
        "present": _features(slot["present"], labels < SECTORS, 0.0),
    }


def _finish(key: Array, images: Array, ground: Slot) -> Array:
    """Grain, a grey frame around some, and half of all scenes as their negatives."""
    key, grain_key = jax.random.split(key)
    n, side = images.shape[:2]
    u = jax.random.uniform(key, (4, n, 1, 1, 1))
    strength = (_uniform(u[0, :, 0, 0, 0], 0.0, 5.0) + 14.0 * ground["busy"])[:, None, None]
    grain = jax.random.uniform(grain_key, (n, side, side), minval=-1.0, maxval=1.0)
    images = images + (strength * grain)[..., None] * _chance(u[1], 0.7)
    images = jnp.where(u[2] < 0.5, 255.0 - images, images)
    frame = _uniform(u[3], -0.5, 0.15) * side
    at = jnp.minimum(jnp.arange(side) + 0.5, side - 0.5 - jnp.arange(side))
    framed = jnp.minimum(at[None, :], at[:, None])[..., None] < frame
    return jnp.clip(jnp.where(framed, GREY, images), 0.0, 255.0)
