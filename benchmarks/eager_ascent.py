"""Feature visualisation in eager PyTorch: the same network, objective, parameterisation and steps.

In: a `Network`, the numbers of units of one branch. Out: pictures, and the seconds that they took.
What is not the same is the noise: the views and the start are drawn by PyTorch's own generator.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Layer
from circuitdsl.models.network import Network
from circuitdsl.visualizing.features import views
from circuitdsl.visualizing.features.ascent import RATE
from circuitdsl.visualizing.features.parameters import RECORRELATING, fourier


class EagerNetwork:
    """A network's layers, one by one, in PyTorch."""

    def __init__(self, network: Network, torch: Any) -> None:
        self.torch, self.backbone = torch, network.backbone
        self.weights = {
            name: torch.tensor(np.asarray(value).transpose(3, 2, 0, 1).copy())
            if value.ndim == 4
            else torch.tensor(np.asarray(value))
            for name, value in network.params.items()
        }

    def before_relu(self, images: Any, branch: str) -> Any:
        """A convolution before its activation function; `images` are prepared."""
        values = {"input": images}

        def value(name: str) -> Any:
            if name not in values:
                layer = self.backbone.by_name[name]
                values[name] = self.step(layer, [value(source) for source in layer.inputs])
            return values[name]

        layer = self.backbone.by_name[branch]
        return self.convolved(layer, value(layer.inputs[0]))

    def step(self, layer: Layer, sources: list[Any]) -> Any:
        """One layer."""
        torch, (source, *_) = self.torch, sources
        match layer.kind:
            case "conv":
                return torch.relu(self.convolved(layer, source))
            case "maxpool":
                padded = self.padded(layer, source, -math.inf)
                return torch.nn.functional.max_pool2d(padded, layer.kernel, layer.stride)
            case "lrn" if layer.lrn is not None:
                lrn, square = layer.lrn, (source * source)[:, None]
                around = [0, 0, 0, 0, lrn.radius, lrn.radius]
                window = (2 * lrn.radius + 1, 1, 1)
                total = torch.nn.functional.avg_pool3d(
                    torch.nn.functional.pad(square, around), window, 1
                )[:, 0]
                return source / (lrn.bias + lrn.alpha * window[0] * total) ** lrn.beta
            case "concat":
                return torch.cat(sources, 1)
            case _:
                raise SystemExit(f"no {layer.kind} layers here")

    def convolved(self, layer: Layer, source: Any) -> Any:
        """A convolution with its bias."""
        kernel, bias = self.weights[layer.kernel_key], self.weights[layer.bias_key]
        padded = self.padded(layer, source, 0.0)
        return self.torch.nn.functional.conv2d(padded, kernel, bias, layer.stride)

    def padded(self, layer: Layer, source: Any, value: float) -> Any:
        """The source with the layer's padding around it."""
        (_, top, bottom), (_, left, right) = (layer.window(side) for side in source.shape[2:])
        return self.torch.nn.functional.pad(source, (left, right, top, bottom), value=value)


def climb(
    network: Network,
    branch: str,
    channels: list[int],
    centre: int,
    *,
    steps: int,
    side: int,
    torch: Any,
) -> tuple[NDArray[np.float32], float]:
    """Pictures RGB 0..255, `[unit, side, side, 3]`, and the seconds that they took."""
    torch.manual_seed(0)
    eager = EagerNetwork(network, torch)
    magnitude = torch.tensor(np.asarray(fourier(side).magnitude))
    colours = torch.tensor(RECORRELATING)
    parameters = (0.01 * torch.randn(len(channels), *magnitude.shape, 2)).requires_grad_()
    optimiser = torch.optim.Adam([parameters], RATE)
    own = torch.arange(len(channels))

    def images() -> Any:
        spectrum = torch.view_as_complex(parameters) * magnitude
        channel_values = torch.fft.irfft2(spectrum, s=(side, side))
        return torch.sigmoid(torch.einsum("dc,nchw->ndhw", colours, channel_values))

    begun = time.perf_counter()
    for _ in range(steps):
        optimiser.zero_grad()
        seen = _view(images(), torch)
        maps = eager.before_relu(_prepared(network, seen, torch), branch)
        scores = maps[own, channels, centre, centre]
        loss = -torch.nn.functional.leaky_relu(scores, 0.01).sum()
        loss.backward()
        optimiser.step()
    seconds = time.perf_counter() - begun
    return 255.0 * images().detach().permute(0, 2, 3, 1).numpy(), seconds


def _prepared(network: Network, images: Any, torch: Any) -> Any:
    how = network.backbone.preprocessing
    mean = torch.tensor(how.mean, dtype=torch.float32).reshape(1, 3, 1, 1)
    return (255.0 * images - mean) * torch.tensor(how.scale, dtype=torch.float32).reshape(
        1, -1, 1, 1
    )


def _view(images: Any, torch: Any) -> Any:
    """The images shifted, scaled and turned at random; grey from beyond the edge."""
    side = images.shape[-1]
    low, high = views.SCALES
    scale = low + (high - low) * float(torch.rand(()))
    turn = math.radians(views.TURN_DEG) * (2 * float(torch.rand(())) - 1)
    shift = (2 * torch.rand(2) - 1) * views.SHIFT_PX * 2 / side
    cos, sin = math.cos(turn) / scale, math.sin(turn) / scale
    matrix = torch.tensor([[cos, sin, float(shift[0])], [-sin, cos, float(shift[1])]])
    matrix = matrix.expand(len(images), 2, 3)
    grid = torch.nn.functional.affine_grid(matrix, list(images.shape), align_corners=False)
    seen = torch.nn.functional.grid_sample(images - 0.5, grid, align_corners=False)
    return seen + 0.5
