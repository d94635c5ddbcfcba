"""From weights back to the text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from programs import five_layers
from safetensors import safe_open

from circuitdsl.checking import loads
from circuitdsl.ir.circuit import Circuit
from circuitdsl.lowering.provenance import describe_weights, origins, save_lowered
from circuitdsl.lowering.weights import lower
from circuitdsl.text.diagnostics import InputError

TEXT = """\
circ 1 "Edges, and arcs of them."

from std.shapes   import gabor, arc
from std.profiles import bump
from std.motifs   import copy

backbone V = inceptionv1(input=224px)

dial wave : length = 6px in [4px, 10px]
dial bow  : length = 20px in [10px, 60px]

motif bend(radius: length, reach: angle = 30deg) {
  place   = arc(radius, span=12px, width=2px)
  tune.th = (bump(reach) - 0.3) @ tangent
  norm    = mass(1, balance=0.9)
}

family edges [th: orient(4)] at V.conv2d0
family cells [th: orient(4)] at V.conv2d1
family bows  [th: rot(4)]    at V.conv2d2 { bias = -0.5 }
family bends [th: rot(4)]    at V.mixed3a_3x3

connect V.input -> edges {
  place = gabor(wave, length=2px, width=2px)
  dc    = 0
}

connect edges -> cells = copy()

connect cells -> bows = bend(2 * bow)

connect bows -> bends as twice = bend(bow) {
  norm = l2
}

normalise edges { window = 3tap  floor = 12 }
"""


@pytest.fixture(scope="module")
def program() -> Circuit:
    return loads(TEXT, name="edges.circ")


def told(program: Circuit, array: str, index=None) -> list[str]:
    return [str(origin) for origin in origins(program, array, index)]


def test_an_entry_names_its_lines_members_and_dials(program: Circuit) -> None:
    assert told(program, "input->edges", (0, 6, 1, 2)) == [
        "edges.circ:23:1: connect: input -> edges, tap (0, 6) at (3px, 3px)",
        "edges.circ:7:1: source: the image, green",
        "edges.circ:18:1: target: edges[th=90deg]",
        "edges.circ:24:11: place: gabor(wave, length=2px, width=2px)",
        "edges.circ:25:11: dc: 0",
        "edges.circ:9:1: dial: wave",
    ]


def test_a_motif_is_named_at_its_use_and_its_body(program: Circuit) -> None:
    assert told(program, "twice", (2, 0, 3, 1)) == [
        "edges.circ:32:1: connect: bows -> bends, tap (2, 0) at (-8px, -8px)",
        "edges.circ:32:1: motif use: bend",
        "edges.circ:12:1: motif: bend",
        "edges.circ:20:1: source: bows[th=270deg]",
        "edges.circ:21:1: target: bends[th=90deg]",
        "edges.circ:13:13: place: arc(radius, span=12px, width=2px)",
        "edges.circ:14:3: tune.th: (bump(reach) - 0.3) @ tangent",
        "edges.circ:33:10: norm: l2",
        "edges.circ:10:1: dial: bow",
    ]


def test_scalars_have_origins_too(program: Circuit) -> None:
    assert told(program, "bows.bias") == [
        "edges.circ:20:1: target: bows",
        "edges.circ:20:52: bias: -0.5",
    ]
    assert told(program, "edges.floor") == ["edges.circ:36:1: normalise: edges"]


@pytest.mark.parametrize(
    ("array", "index", "message"),
    [
        ("twcie", None, "no array `twcie`\n  = help: did you mean `twice`"),
        ("edges.bend", None, "no array `edges.bend`"),
        ("twice", (0, 0, 0, 4), r"kernel `twice` of shape \(3, 3, 4, 4\) has no entry"),
        ("bows.gain", (0, 0, 0, 0), "`bows.gain` is one number"),
    ],
)
def test_what_is_not_there_is_refused(program: Circuit, array: str, index, message: str) -> None:
    with pytest.raises(InputError, match=message):
        origins(program, array, index)


def test_the_table_is_aligned_and_complete(program: Circuit) -> None:
    weights = lower(program)()
    table = describe_weights(program, weights)
    lines = table.splitlines()
    assert table == describe_weights(program, lower(program)())
    assert lines[0].split() == ["array", "shape", "mass", "+", "mass", "-", "min", "max", "from"]
    assert [line.split()[0] for line in lines[2:5]] == ["edges->cells", "cells->bows", "twice"]
    assert lines[3].split()[2:4] == ["1", "-0.9"]
    assert lines[3].endswith("edges.circ:30")
    assert len(lines) == 1 + len(weights)
    assert len({line.rindex("edges.circ") for line in lines[1:]}) == 1


def test_a_saved_file_says_where_its_arrays_come_from(program: Circuit, tmp_path: Path) -> None:
    path = tmp_path / "edges.safetensors"
    weights = lower(program)({"bow": 31.0})
    save_lowered(path, program, weights, {"bow": 31.0})
    with safe_open(path, "numpy") as file:
        facts = json.loads(file.metadata()["circuitdsl"])
        assert set(file.keys()) == set(weights)
        np.testing.assert_array_equal(file.get_tensor("twice"), weights["twice"])
    assert facts["arrays"]["twice"] == "edges.circ:32"
    assert facts["arrays"]["bows.bias"] == "edges.circ:20"
    assert facts["families"]["bends"]["members"][1] == "bends[th=90deg]"
    assert facts["dials"]["bow"] == {"unit": "px", "value": 31.0}
    first = path.read_bytes()
    save_lowered(path, program, weights, {"bow": 31.0})
    assert path.read_bytes() == first


def test_a_file_that_cannot_be_written_leaves_nothing(
    program: Circuit, tmp_path: Path, monkeypatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save_lowered(tmp_path / "edges.safetensors", program, lower(program)())
    assert list(tmp_path.iterdir()) == []


def test_circuits_built_in_python_have_origins() -> None:
    program = five_layers()
    assert str(origins(program, "shape", (2, 2, 0, 0))[0]).startswith("<built in Python>:1:1")
