import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from circuitdsl.ir.backbones import Layer, Lrn, same_padding
from circuitdsl.models import convolution
from circuitdsl.models.convolution import convolve, pool
from circuitdsl.text.diagnostics import InputError

TENSORFLOW = Lrn(5, 1e-4, 0.5, 2.0)


def max_pool(x: jax.Array, side: int, stride: int) -> jax.Array:
    return pool(x, Layer("pool", "maxpool", (), 0, side, stride))


def normalise(x: jax.Array, lrn: Lrn = TENSORFLOW) -> jax.Array:
    return convolution.normalise(x, lrn)


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
    layer = Layer("conv", "conv", (), 4, side, stride)
    out = np.asarray(convolve(jnp.asarray(x), jnp.asarray(kernel), layer))
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


# ---- padding in numbers, ceil mode, borders, groups --------------------------------------------

EXPLICIT = [
    Layer("w", "conv", (), 4, 3, 2, (1, 1)),
    Layer("w", "conv", (), 4, 3, 2, (0, 0)),
    Layer("w", "conv", (), 4, 5, 1, (2, 0)),
    Layer("w", "conv", (), 4, 3, 1, (1, 1), border="reflect"),
    Layer("w", "conv", (), 4, 4, 3, (1, 2), border="reflect"),
    Layer("w", "conv", (), 4, 3, 2, (1, 1), groups=2),
    Layer("w", "conv", (), 4, 3, 1, "same", groups=4),
    Layer("w", "conv", (), 8, 3, 2, "same", groups=4),
    Layer("w", "conv", (), 4, 1, 2, (0, 0)),
]


def _spots(x: np.ndarray, layer: Layer, fill: float):
    """Every window, as the definition of padding says."""
    sizes = [layer.window(size) for size in x.shape[1:3]]
    margin = ((0, 0), *((before, after) for _, before, after in sizes), (0, 0))
    if layer.border == "reflect":
        padded = np.pad(x, margin, mode="reflect")
    else:
        padded = np.pad(x, margin, constant_values=fill)
    for i, j in np.ndindex(sizes[0][0], sizes[1][0]):
        top, left = i * layer.stride, j * layer.stride
        yield i, j, padded[:, top : top + layer.kernel, left : left + layer.kernel]


@pytest.mark.parametrize("layer", EXPLICIT, ids=range(len(EXPLICIT)))
@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_convolution_with_padding_in_numbers_borders_and_groups(layer, size):
    inputs, outputs = 4 // layer.groups, layer.width // layer.groups
    x, kernel = _values(2, *size, 4), _values(layer.kernel, layer.kernel, inputs, layer.width)
    out = np.asarray(convolve(jnp.asarray(x), jnp.asarray(kernel), layer, layer.groups))
    for i, j, window in _spots(x.astype(np.float64), layer, 0.0):
        for channel in range(layer.width):
            start = channel // outputs * inputs
            read = window[..., start : start + inputs]
            expected = np.einsum("bhwi,hwi->b", read, kernel[..., channel])
            np.testing.assert_allclose(out[:, i, j, channel], expected, rtol=1e-4, atol=1e-5)


POOLS = [
    Layer("p", "maxpool", (), 3, 3, 2, (0, 0), ceil=True),
    Layer("p", "maxpool", (), 3, 3, 1, (1, 1)),
    Layer("p", "maxpool", (), 3, 2, 2, (1, 1), ceil=True),
    Layer("p", "avgpool", (), 3, 3, 2, (1, 1)),
    Layer("p", "avgpool", (), 3, 3, 2, (0, 0), ceil=True),
    Layer("p", "avgpool", (), 3, 3, 2, (1, 1), border="exclude"),
    Layer("p", "avgpool", (), 3, 3, 2, "same", border="exclude"),
]


@pytest.mark.parametrize("layer", POOLS, ids=range(len(POOLS)))
@pytest.mark.parametrize("size", [(8, 8), (9, 6), (7, 12)])
def test_pools_with_padding_in_numbers_and_ceil(layer, size):
    x = _values(2, *size, 3) - 3  # all negative: padding must not win
    out = np.asarray(pool(jnp.asarray(x), layer))
    best, fill = (np.nanmax, -np.inf) if layer.kind == "maxpool" else (np.nanmean, np.nan)
    if layer.kind == "avgpool" and layer.border == "zeros":
        # zeros that the table adds count in an average; what only `ceil` adds never does
        x = np.pad(x, ((0, 0), layer.padding, layer.padding, (0, 0)))
        layer = Layer("p", "avgpool", (), 3, layer.kernel, layer.stride, (0, 0), layer.ceil)
    windows = list(_spots(x.astype(np.float64), layer, fill))
    for i, j, window in windows:
        np.testing.assert_allclose(out[:, i, j], best(window, axis=(1, 2)), rtol=1e-5)
    assert len(windows) == out.shape[1] * out.shape[2]


def test_a_window_that_ceil_would_start_in_the_padding_is_dropped():
    assert Layer("p", "maxpool", (), 1, 2, 2, (1, 1), ceil=True).window(4) == (3, 1, 1)
    assert Layer("p", "maxpool", (), 1, 2, 2, (0, 0), ceil=True).window(5) == (3, 0, 1)
    assert Layer("p", "maxpool", (), 1, 1, 3, (1, 1), ceil=True).window(5) == (2, 1, 0)


@pytest.mark.parametrize("lrn", [Lrn(2, 2e-5, 0.75, 1.0), Lrn(1, 0.1, 1.0, 0.5)])
def test_normalisation_with_other_numbers(lrn):
    x = 30 * _values(1, 2, 2, 9)
    near = [(x[..., max(0, c - lrn.radius) : c + lrn.radius + 1] ** 2).sum(-1) for c in range(9)]
    expected = x / (lrn.bias + lrn.alpha * np.stack(near, -1)) ** lrn.beta
    np.testing.assert_allclose(normalise(jnp.asarray(x), lrn), expected, rtol=1e-4, atol=1e-5)


def test_an_image_smaller_than_a_window_is_refused():
    with pytest.raises(InputError, match="too small") as caught:
        pool(jnp.zeros((1, 2, 8, 3)), POOLS[0])
    assert "p has a window of 3 positions, and what it reads has 2" in caught.value.why
