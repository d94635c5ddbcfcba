"""`direction` declarations: what they mean, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import circuitdsl
from circuitdsl.checking import check_source
from circuitdsl.ir.backbones.directions import Direction
from circuitdsl.ir.edits import script as ir
from circuitdsl.ir.edits.steps import Ablate
from circuitdsl.text.source import Source

HEAD = 'circ 1\nbackbone V = tiny(weights="default")\n'
EDIT = "edit quiet on V { ablate bent to zero }\n"


def check(text: str):
    return check_source(Source("script.circ", HEAD + text))


def test_a_direction_is_a_unit_by_its_name() -> None:
    text = "direction bent on V.mixed3a = 2*0.35*1 - 0.3*5 + 7\n"
    script = check(text + EDIT + "edit all on V { scale V.bent[0] by 2  negate bent }").script
    assert script is not None
    terms = ((1, 0.7), (5, -0.3), (7, 1.0))
    assert script.directions == (Direction("bent", "mixed3a", terms),)
    (step,) = script.steps("quiet")
    assert isinstance(step, Ablate)
    assert step.units == ir.UnitSet((ir.Picked("bent", (0,)),))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("direction bent on V.mixed9 = 0.7*1\n", "E204", "no layer `mixed9`"),
        ("direction bent on V.maxpool0 = 0.7*1\n", "E204", "`maxpool0` has no units of its own"),
        ("direction bent on mixed3a = 0.7*1\n", "E302", "must be a layer"),
        ("direction bent on V.mixed3a = 0.7*9999\n", "E701", "mixed3a:9999 is out of range"),
        ("direction bent on V.mixed3a = 1 + 1\n", "E208", "mixed3a:1 is given twice"),
        ("direction bent on V.mixed3a = 0.7*1.5\n", "E302", "must be a weight times a unit"),
        ("direction bent on V.mixed3a = 0*1\n", "E304", "`bent` has the length 0"),
        ("direction conv2d0 on V.mixed3a = 1\n", "E203", "`conv2d0` is declared twice"),
        ("let bent = 3\ndirection bent on V.mixed3a = 1\n", "E203", "`bent` is declared twice"),
    ],
)
def test_each_fault_is_one_message(text: str, code: str, words: str) -> None:
    (first,) = check(text).diagnostics
    assert first.code == code
    assert words in first.message


def test_an_edit_of_a_file_acts_along_its_direction(tmp_path) -> None:
    path = tmp_path / "bent.circ"
    path.write_text(f"{HEAD}direction bent on V.mixed3a = 0.7*1 - 0.3*5\n{EDIT}", encoding="utf-8")
    tiny = circuitdsl.load_network("tiny")
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype(np.float32)
    expected = circuitdsl.direction(tiny, "bent", "mixed3a", {1: 0.7, 5: -0.3})
    intact = tiny.logits(pixels)
    edited = circuitdsl.edit(path, model=tiny)
    np.testing.assert_array_equal(edited.network.logits(pixels), intact)
    assert abs(edited.logits(pixels) - intact).max() > 0.01
    assert edited.network.backbone == expected.backbone
    assert not np.asarray(edited.activations(pixels, ["bent"])["bent"]).any()
