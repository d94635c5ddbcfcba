"""The kernel of a connection as a small picture, and numbers of a family, for hovers and hints.

In: a circuit. Out: markdown. Kernels are those of the interpreter, which needs no compiler.
"""

from __future__ import annotations

from functools import lru_cache

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family
from circuitdsl.ir.motifs import expand_motifs

SMALLEST_PX, MOST_MEMBERS = 4, 8
"""Pixels of a tap at least; target members that are shown."""

WIDE_PX = 240


def receptive_field_px(circuit: Circuit, family: Family) -> int:
    """Side of the square of pixels that can reach a unit of a family."""
    from circuitdsl.reporting.facts import receptive_field

    return receptive_field(circuit, family)


def taps(circuit: Circuit, connection: Connection) -> tuple[int, int]:
    """Taps along a side of a connection's kernels, and pixels from one to the next."""
    backbone = circuit.backbone.geometry
    layer = backbone.by_name[circuit.by_name[connection.target].layer]
    return layer.kernel, backbone.sampling(layer.inputs[0], circuit.backbone.input_px).stride


@lru_cache(maxsize=64)
def picture(circuit: Circuit, name: str) -> str:
    """The kernels of a connection as a `data:` address.

    Each square is a target member: on the image, the colours that it looks for; else the sum over
    source members, red where it excites and blue where it inhibits.
    """
    import numpy as np

    from circuitdsl.reference.kernels import wired
    from circuitdsl.reporting.drawn.pixels import image_kernels, kernel_matrix, png

    whole = expand_motifs(circuit)
    connection = next(each for each in whole.connections if each.name == name)
    kernel = wired(whole, connection, circuit.defaults).kernel()
    shown = kernel[..., : min(kernel.shape[-1], MOST_MEMBERS)]
    if connection.source == INPUT:
        pixels = image_kernels(shown, shown.shape[-1])
    else:
        summed = shown.sum(axis=2)  # [height, width, targets]
        pixels = kernel_matrix(summed[..., None])  # a column for each target
    zoom = max(SMALLEST_PX, WIDE_PX // pixels.shape[1])
    return png(np.kron(pixels, np.ones((zoom, zoom, 1), np.uint8)))
