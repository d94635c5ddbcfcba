"""Members fitted to units: convolutions with some covered units, and with none."""

from __future__ import annotations

import numpy as np

import circuitdsl
from circuitdsl.editing.alone import CleanroomNetwork
from circuitdsl.editing.replacing import Member, Seat, seating
from circuitdsl.measure.passes import run
from circuitdsl.stimuli.batches import batches_of

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(2)] at V.conv2d0
connect V.input -> edges { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
"""


def test_a_convolution_without_covered_units_stays_out_of_the_fit() -> None:
    network = circuitdsl.load_network("tiny")
    hand = circuitdsl.build(circuitdsl.loads(CIRCUIT))
    seats = [Seat("conv2d0", "conv2d0", channel, Member(hand, "edges", 0)) for channel in (3, 5)]
    images = np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 3)).astype(np.float32)
    fitted = run(seating(network, seats, ("conv2d0", "conv2d1")), batches_of([images]))
    assert fitted.gain["conv2d0"].shape == (2,) and fitted.gain["conv2d1"].shape == (0,)
    maps = CleanroomNetwork(network.backbone, fitted).activations(images, ["conv2d0", "conv2d1"])
    assert np.asarray(maps["conv2d0"])[..., 3].any()
    assert not np.asarray(maps["conv2d1"]).any()
