"""Names of weights in other people's files.

A backbone's own names are `LAYER_w` and `LAYER_b`. A `Rule` leads a key of another file to a part
of a layer; a batch normalisation's parts are folded into the layer that it follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["kernel", "bias", "gamma", "beta", "mean", "variance", "unused"]
"""`gamma`, `beta`, `mean` and `variance` are a batch normalisation's."""


@dataclass(frozen=True)
class Rule:
    r"""Keys of one form.

    Attributes:
        pattern: A regular expression that the whole key matches.
        layer: The layer, with groups of the pattern as `\1`; a `.` in it becomes `_`.
        part: What of the layer the key holds.

    Kernels are `[out, in, height, width]`, matrices `[out, in]`, as PyTorch and ONNX have them.
    """

    pattern: str
    layer: str
    part: Part


def batch_norm(pattern: str, layer: str) -> tuple[Rule, ...]:
    """The rules of a PyTorch batch normalisation that follows a layer."""
    parts: dict[str, Part] = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "mean",
        "running_var": "variance",
        "num_batches_tracked": "unused",
    }
    return tuple(Rule(rf"{pattern}\.{key}", layer, part) for key, part in parts.items())


def weighted(pattern: str, layer: str) -> tuple[Rule, ...]:
    """The rules of a PyTorch convolution or linear layer."""
    return (
        Rule(rf"{pattern}\.weight", layer, "kernel"),
        Rule(rf"{pattern}\.bias", layer, "bias"),
    )


TORCH = weighted(r"([\w.]+)", r"\1")
"""Modules that are called as the layers are."""
