"""From the tensors of a file to the weights of a backbone, by name.

In: tensors under a file's own names, and a backbone. Out: every weight of the backbone under its
name, kernels `[height, width, in, out]`, batch normalisations folded into the convolutions that
they follow; or a list of all that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.backbones.naming import Part
from circuitdsl.models.files.stored import FloatArray, Stored

NAMES_SHOWN = 6
_NORM: tuple[Part, ...] = ("gamma", "beta", "mean", "variance")


@dataclass(frozen=True)
class _Source:
    """A tensor of the file that holds a part of a layer.

    Attributes:
        key: Its name in the file.
        stored: The tensor.
        turned: It lies there as `[out, in, ...]`.
    """

    key: str
    stored: Stored
    turned: bool

    def read(self) -> FloatArray:
        values = self.stored.read()
        if not self.turned or values.ndim < 2:
            return values
        return values.T if values.ndim == 2 else values.transpose(2, 3, 1, 0)


@dataclass
class Named:
    """The tensors of a file, sorted by the layers that they belong to.

    Attributes:
        backbone: Whose weights they are to be.
        parts: By layer and part.
        faults: What does not fit, a phrase each.
    """

    backbone: Backbone
    parts: dict[str, dict[Part, _Source]] = field(default_factory=dict[str, "dict[Part, _Source]"])
    faults: list[str] = field(default_factory=list[str])

    def read(self) -> dict[str, FloatArray]:
        """Every weight of the backbone; only where there is no fault."""
        weights: dict[str, FloatArray] = {}
        for layer in self._weighted():
            parts = self.parts[layer.name]
            kernel = parts["kernel"].read()
            bias = parts["bias"].read() if "bias" in parts else np.zeros(layer.width, np.float32)
            if "gamma" in parts:
                kernel, bias = self._folded(parts, kernel, bias)
            weights[layer.kernel_key] = np.ascontiguousarray(kernel, np.float32)
            weights[layer.bias_key] = np.ascontiguousarray(bias, np.float32)
        return weights

    def _folded(
        self, parts: Mapping[Part, _Source], kernel: FloatArray, bias: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        gamma, beta, mean, variance = (parts[part].read().astype(np.float64) for part in _NORM)
        with np.errstate(invalid="ignore", divide="ignore"):  # said of the weights that come out
            factor = gamma / np.sqrt(variance + self.backbone.norm_epsilon)
            return (
                (kernel * factor).astype(np.float32),
                ((bias - mean) * factor + beta).astype(np.float32),
            )

    def _weighted(self) -> Iterator[Layer]:
        return (layer for layer in self.backbone.layers if layer.has_weights)

    def sort(self, tensors: Mapping[str, Stored], *, turned: bool, extras_allowed: bool) -> None:
        """Give every tensor its place, or say why it has none."""
        own: dict[str, tuple[str, Part]] = {}
        for layer in self._weighted():
            own |= {layer.kernel_key: (layer.name, "kernel"), layer.bias_key: (layer.name, "bias")}
        unexpected: list[str] = []
        clashes: list[str] = []
        for key, stored in tensors.items():
            places = [own[key]] if key in own else self._by_rule(key)
            if len(places) > 1:
                clashes.append(f"{key} fits {len(places)} rules")
            elif not places:
                unexpected.append(key)
            elif places[0][1] != "unused":
                layer, part = places[0]
                parts = self.parts.setdefault(layer, {})
                if part in parts:
                    clashes.append(f"{parts[part].key} and {key} are both the {part} of {layer}")
                parts[part] = _Source(key, stored, turned if key in own else True)
        missing = self._missing()
        if missing:
            self.faults.append(f"missing: {listed(missing)}")
        if unexpected and not extras_allowed:
            self.faults.append(f"unexpected: {listed(sorted(unexpected))}")
        self.faults += [*clashes[:NAMES_SHOWN], *self._misshapen()[:NAMES_SHOWN]]

    def _by_rule(self, key: str) -> list[tuple[str, Part]]:
        places: list[tuple[str, Part]] = []
        for rule in self.backbone.rules:
            match = re.fullmatch(rule.pattern, key)
            layer = match.expand(rule.layer).replace(".", "_") if match else ""
            if layer in self.backbone.by_name and self.backbone.by_name[layer].has_weights:
                places.append((layer, rule.part))
        return places

    def _missing(self) -> list[str]:
        names: list[str] = []
        for layer in self._weighted():
            parts = self.parts.get(layer.name, {})
            if "kernel" not in parts:
                names.append(layer.kernel_key)
            normed = [part for part in _NORM if part in parts]
            if normed:
                names += [f"{part} of {layer.name}" for part in _NORM if part not in normed]
            elif "bias" not in parts:
                names.append(layer.bias_key)
        return names

    def _misshapen(self) -> list[str]:
        sentences: list[str] = []
        for layer in self._weighted():
            for part, source in self.parts.get(layer.name, {}).items():
                key = layer.kernel_key if part == "kernel" else layer.bias_key
                shape = self.backbone.parameter_shapes[key]
                if source.turned and len(shape) > 1:
                    shape = (shape[-1], shape[-2], *shape[:-2])
                stored = source.stored
                if (stored.shape, stored.dtype) != (shape, "float32"):
                    sentences.append(
                        f"{source.key} is {stored.dtype} {list(stored.shape)}, "
                        f"not float32 {list(shape)}"
                    )
        return sentences


def listed(names: list[str]) -> str:
    """Some names, and how many more there are."""
    text = ", ".join(names[:NAMES_SHOWN])
    return text if len(names) <= NAMES_SHOWN else f"{text} and {len(names) - NAMES_SHOWN} more"
