import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from circuitdsl.ir.backbones import same_padding
from circuitdsl.models.convolution import convolve, max_pool, normalise


def _values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _windows(x: np.ndarray, side: int, stride: int, fill: float):
    """Every window of `x` under SAME padding: positions, then `[batch, side, side, channels]`."""
    rows, top, bottom = same_padding(x.shape[1], side, stride)
    columns, left, right = same_padding(x.shape[2], side, stride)
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    for i in range(rows):
        for j in range(columns):
            at = np.s_[:, i * stride : i * stride + side, j * stride : j * stride + side]
            yield i, j, padded[at]


@pytest.mark.parametrize(("side", "stride"), [(1, 1), (3, 1), (5, 1), (7, 2), (3, 2)])
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_convolution_is_cross_correlation_with_same_padding(side, stride, size):
    x, kernel = _values(2, *size, 3), _values(side, side, 3, 4, seed=1)
    out = np.asarray(convolve(jnp.asarray(x), jnp.asarray(kernel), stride))
    for i, j, window in _windows(x.astype(np.float64), side, stride, 0.0):
        expected = np.einsum("bhwi,hwio->bo", window, kernel)
        np.testing.assert_allclose(out[:, i, j], expected, rtol=1e-5, atol=1e-5)
    assert out.shape[1:3] == tuple(same_padding(n, side, stride)[0] for n in size)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_max_pool_takes_the_largest_of_each_window(stride, size):
    x = _values(2, *size, 3) - 10  # all negative: padding must not win
    out = np.asarray(max_pool(jnp.asarray(x), 3, stride))
    for i, j, window in _windows(x, 3, stride, -np.inf):
        np.testing.assert_array_equal(out[:, i, j], window.max(axis=(1, 2)))


@pytest.mark.parametrize("stride", [1, 2])
def test_max_pool_has_the_derivatives_of_one_square_window(stride):
    x, direction = jnp.asarray(_values(2, 9, 8, 3)), jnp.asarray(_values(2, 9, 8, 3, seed=1))

    def square(x: jax.Array) -> jax.Array:
        window, strides = (1, 3, 3, 1), (1, stride, stride, 1)
        return jnp.sin(lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "SAME")).sum()

    def ours(x: jax.Array) -> jax.Array:
        return jnp.sin(max_pool(x, 3, stride)).sum()

    np.testing.assert_allclose(jax.grad(ours)(x), jax.grad(square)(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        jax.jvp(ours, (x,), (direction,))[1], jax.jvp(square, (x,), (direction,))[1], rtol=1e-4
    )


def _normalised(x: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = (x[..., max(0, c - 5) : c + 6] ** 2).sum(-1)
        out[..., c] = x[..., c] / (2 + 1e-4 * near) ** 0.5
    return out


@pytest.mark.parametrize("channels", [3, 11, 40])
def test_normalisation_divides_by_the_energy_of_eleven_channels(channels):
    x = 100 * _values(2, 3, 4, channels)
    expected = _normalised(x.astype(np.float64))
    np.testing.assert_allclose(normalise(jnp.asarray(x)), expected, rtol=1e-5, atol=1e-5)


def test_normalisation_has_the_derivative_of_its_formula():
    x, direction = 100 * _values(1, 2, 2, 20), _values(1, 2, 2, 20, seed=1)
    step = 1e-3
    high = _normalised(x.astype(np.float64) + step * direction)
    low = _normalised(x.astype(np.float64) - step * direction)
    slope = (high - low) / (2 * step)
    _, tangent = jax.jvp(normalise, (jnp.asarray(x),), (jnp.asarray(direction),))
    np.testing.assert_allclose(tangent, slope, rtol=1e-4, atol=1e-5)
    cotangent = _values(1, 2, 2, 20, seed=2)
    _, pull = jax.vjp(normalise, jnp.asarray(x))
    assert np.vdot(pull(jnp.asarray(cotangent))[0], direction) == pytest.approx(
        np.vdot(cotangent, slope), rel=1e-3
    )


def test_kernels_can_be_mapped_and_mapped_gradients_taken():
    x = jnp.asarray(_values(2, 2, 6, 6, 12))

    def total(x: jax.Array) -> jax.Array:
        return (normalise(max_pool(x, 3, 2)) ** 2).sum()

    gradient_of = jax.jit(jax.grad(total))
    mapped = jax.jit(jax.vmap(jax.grad(total)))(x)
    for one, gradient in zip(x, mapped, strict=True):
        np.testing.assert_allclose(gradient, gradient_of(one), rtol=1e-5, atol=1e-6)
