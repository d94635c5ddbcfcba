"""Images as parameters that are easy to climb: Fourier space, colours decorrelated.

In: parameters. Out: RGB images, 0..1. Two parameterisations:

- `fourier`: the complex spectrum of each colour channel moves, divided by frequency, so that all
  scales move alike (Olah, Mordvintsev, Schubert 2017, "Feature Visualization"; the numbers are
  those of Lucid, the program of its authors).
- `maco`: the magnitudes are those of photographs, and only the phases move (Fel et al. 2023,
  "Unlocking feature visualization for deeper networks with magnitude constrained optimization").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

Kind = Literal["fourier", "maco"]

_COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
"""A root of the covariance of the colours of photographs, as Lucid has it."""

RECORRELATING = _COLOURS / np.linalg.norm(_COLOURS, axis=0).max()
"""RGB from three channels that vary independently in photographs, `[rgb, channel]`."""

_DECORRELATING = np.linalg.inv(RECORRELATING)

_START = 0.01
"""Standard deviation of a spectrum at the start."""

_QUIETER = 4.0
"""Lucid divides an image's values by it before they are squashed."""

_MARGIN = 0.01
"""Start images stay so far from 0 and 1, which are infinitely far away."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Space:
    """What parameters mean.

    Attributes:
        magnitude: What the spectrum is multiplied by, `[channel, side, side // 2 + 1]`.
        mean: The mean RGB of photographs, 0..1; used by `maco`.
        kind: The parameterisation.
        side: The side of the images, in pixels.
    """

    magnitude: Array
    mean: Array
    kind: Kind = field(metadata={"static": True})
    side: int = field(metadata={"static": True})


def fourier(side: int) -> Space:
    """Spectra of images of `side` pixels, each frequency divided by itself."""
    frequency = _frequencies(side)
    magnitude = side / np.maximum(frequency, 1 / side) / _QUIETER
    return Space(
        jnp.broadcast_to(jnp.asarray(magnitude, jnp.float32), (3, *magnitude.shape)),
        jnp.full(3, 0.5),
        "fourier",
        side,
    )


def maco(magnitude: NDArray[np.floating], mean: NDArray[np.floating]) -> Space:
    """Phases of images with the magnitudes of photographs.

    Args:
        magnitude: Their mean magnitude in decorrelated colours, `[channel, side, side // 2 + 1]`.
        mean: Their mean RGB, 0..1.
    """
    as_array = jnp.asarray(magnitude, jnp.float32)
    return Space(as_array, jnp.asarray(mean, jnp.float32), "maco", magnitude.shape[1])


def magnitudes(images: Array) -> Array:
    """The magnitude spectra of photographs in decorrelated colours.

    Args:
        images: RGB, 0..255, `[batch, side, side, 3]`.

    Returns:
        `[batch, channel, side, side // 2 + 1]`.
    """
    values = images / 255.0
    centred = values - values.mean(axis=(1, 2), keepdims=True)
    channels = jnp.moveaxis(centred @ _DECORRELATING.T, -1, 1)
    return jnp.abs(jnp.fft.rfft2(channels))


def start(space: Space, key: Array, image: NDArray[np.floating] | None = None) -> Array:
    """The parameters of one image before the first step.

    Args:
        space: What they mean.
        key: Of the noise.
        image: RGB, 0..255, `[side, side, 3]`, to start from instead of noise.

    Returns:
        `[part, channel, side, side // 2 + 1]`, where `part` is real and imaginary for `fourier`,
        and the phase alone for `maco`.
    """
    shape = space.magnitude.shape
    if image is None:
        if space.kind == "fourier":
            return _START * jax.random.normal(key, (2, *shape))
        return jax.random.uniform(key, (1, *shape), minval=-jnp.pi, maxval=jnp.pi)
    values = jnp.clip(jnp.asarray(image, jnp.float32) / 255.0, _MARGIN, 1 - _MARGIN)
    if space.kind == "fourier":
        logits = jnp.log(values / (1 - values))
        spectrum = jnp.fft.rfft2(jnp.moveaxis(logits @ _DECORRELATING.T, -1, 0)) / space.magnitude
        return jnp.stack([spectrum.real, spectrum.imag])
    spectrum = jnp.fft.rfft2(jnp.moveaxis((values - space.mean) @ _DECORRELATING.T, -1, 0))
    return jnp.angle(spectrum)[None]


def image_of(space: Space, parameters: Array) -> Array:
    """The images that parameters stand for.

    Args:
        space: What they mean.
        parameters: `[..., part, channel, side, side // 2 + 1]`.

    Returns:
        RGB, 0..1, `[..., side, side, 3]`.
    """
    if space.kind == "fourier":
        real, imaginary = parameters[..., 0, :, :, :], parameters[..., 1, :, :, :]
        spectrum = jax.lax.complex(real, imaginary) * space.magnitude
    else:
        phase = parameters[..., 0, :, :, :]
        spectrum = space.magnitude * jax.lax.complex(jnp.cos(phase), jnp.sin(phase))
    channels = jnp.fft.irfft2(spectrum, s=(space.side, space.side))
    colours = jnp.moveaxis(channels, -3, -1) @ RECORRELATING.T
    if space.kind == "fourier":
        return jax.nn.sigmoid(colours)
    # a squashing of slope 1 about the middle: what photographs have between black and white stays
    return jax.nn.sigmoid(4.0 * (colours + space.mean - 0.5))


def _frequencies(side: int) -> NDArray[np.float64]:
    """The frequency of each entry of a half spectrum, in cycles a pixel."""
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
