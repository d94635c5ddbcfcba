"""Every part of a circuit is left out once, and what is left still runs."""

import numpy as np
from left_out import ablations

from circuitdsl.checking.load import loads
from circuitdsl.models.written.handwritten import build

TEXT = """circ 1
from std.motifs import copy
from std.profiles import equal
from std.shapes import blob, gabor
backbone V = tiny(input=32px)
family bars  [th: orient(4)] at V.conv2d0
family edges [th: orient(4)] at V.conv2d0
family line  [th: orient(4)] at V.conv2d1
connect V.input -> bars  { place = gabor(6px, length=2px, width=2px) }
connect V.input -> edges { place = gabor(9px, length=2px, width=2px) }
connect bars -> line  = copy()
connect edges -> line = copy()
family second [th: orient(4)] at V.conv2d2 { centre = (1px, 0px) }
connect line -> second { place = blob(sigma=3px)  tune.th = equal }
normalise bars  { window = 3tap  floor = 1  pool = [bars, edges] }
normalise edges { window = 3tap  floor = 2  pool = [edges, bars] }
normalise line  { window = 3tap  floor = 1  pool = [line] }
"""


def test_each_part_is_left_out() -> None:
    circuit = loads(TEXT)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
    found = {each.left_out: each for each in ablations(circuit, "second")}
    assert list(found) == [
        "family bars",
        "family edges",
        "family line, line->second",
        "input->bars",
        "input->edges",
        "bars->line",
        "edges->line",
        "normalise bars, edges",
        "normalise line",
        "centre of second",
    ]
    whole = build(circuit)
    maps = {}
    for name, each in found.items():
        network = build(each.circuit)
        zeros = {silent: 0 * network.arrays[silent] for silent in each.silent}
        maps[name] = np.asarray(
            network.with_weights(zeros).activations(images, ["second"])["second"]
        )
    intact = np.asarray(whole.activations(images, ["second"])["second"])
    for name, answer in maps.items():
        assert np.abs(answer - intact).max() > 1e-3, name
    # without its connection a family is silent, but still dilutes what it normalises
    assert np.abs(maps["family bars"] - maps["input->bars"]).max() > 1e-3
    rest = build(found["family bars"].circuit).circuit
    assert [each.pool for each in rest.normalisations] == [("edges",), ("line",)]
