"""From images to the layer `input`, and back.

In: RGB images, 0..255, `[..., 3]`, and how a backbone preprocesses them. Out: what its first layer
reads, or the images again.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from circuitdsl.ir.backbones import Preprocessing


@partial(jax.jit, static_argnums=0)
def prepared(preprocessing: Preprocessing, images: Array) -> Array:
    """The layer `input` for some images."""
    return _ordered(preprocessing, centred(preprocessing, images) * _scale(preprocessing))


@partial(jax.jit, static_argnums=0)
def restored(preprocessing: Preprocessing, values: Array) -> Array:
    """The images of which `input` has these values."""
    centred_values = _ordered(preprocessing, values) / _scale(preprocessing)
    return centred_values + jnp.asarray(preprocessing.mean, jnp.float32)


def centred(preprocessing: Preprocessing, images: Array) -> Array:
    """Images minus the mean, RGB and not scaled: what hand-written units read."""
    return images - jnp.asarray(preprocessing.mean, jnp.float32)


def _scale(preprocessing: Preprocessing) -> Array:
    return jnp.asarray(preprocessing.scale, jnp.float32)


def _ordered(preprocessing: Preprocessing, values: Array) -> Array:
    return values[..., ::-1] if preprocessing.order == "bgr" else values
