"""Circuits with stimuli of their own: claims tell a right one from a wrong one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from circuitdsl.checking import check_path
from circuitdsl.compare.expect import expectations_met
from circuitdsl.ir.circuit import Circuit
from circuitdsl.text.diagnostics import DiagnosticError

CIRCUITS = ROOT / "tests" / "circuits"

WRONG = {
    "corner": ("arm + rotated(arm, 90deg) - tail - rotated(tail, 90deg)", "arm - tail"),
    "tee": ("arm + rotated(arm, 90deg) + rotated(arm, 180deg)", "arm + rotated(arm, 180deg)"),
    "hatch": ("bump(45deg) + bump(45deg, around=90deg)", "bump(45deg)"),
}
"""What makes a wrong circuit of each: an arm left out, or stripes one way alone."""


def circuit(folder: Path, name: str, text: str) -> Circuit:
    for path in CIRCUITS.glob("*.circ"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / f"{name}.circ").write_text(text, encoding="utf-8")
    result = check_path(folder / f"{name}.circ")
    assert [d.message for d in result.diagnostics] == []
    assert result.circuit is not None
    return result.circuit


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_right_circuit_keeps_its_claims_and_a_wrong_one_does_not(name, tmp_path) -> None:
    text = (CIRCUITS / f"{name}.circ").read_text(encoding="utf-8")
    right = expectations_met(circuit(tmp_path, name, text))
    assert [outcome.line for outcome in right if not outcome.holds] == []
    before, after = WRONG[name]
    assert before in text
    wrong = expectations_met(circuit(tmp_path, name, text.replace(before, after)))
    assert not all(outcome.holds for outcome in wrong)


SPOTS = """circ 1
from std.shapes import blob
backbone V = tiny(input=64px)
stimulus dark  = photographs("dark")
stimulus light = photographs("light", n=1)
stimulus dots  = strokes(ground=photograph, photographs="light", n=2, size=32px) {
  dot = [0, 1]*dot(3px)
}
family spot at V.conv2d0 {
  expect response(light) > 2*response(dark)
  expect response(dots, dot=0, contrast=-1) > response(dots, dot=1, contrast=-1)
}
connect V.input -> spot { place = blob(sigma=1px) }
"""


def folders(path: Path) -> None:
    for name, level in (("dark", 130), ("light", 250)):
        (path / name).mkdir()
        for number in range(2):
            image = Image.fromarray(np.full((40, 50, 3), level, np.uint8))
            image.save(path / name / f"{number}.png")


def test_folders_of_images_are_stimuli_and_grounds(tmp_path) -> None:
    folders(tmp_path)
    outcomes = expectations_met(circuit(tmp_path, "spots", SPOTS))
    assert [outcome.line for outcome in outcomes if not outcome.holds] == []


def test_a_folder_that_is_not_there_is_a_fault_of_the_claim(tmp_path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        expectations_met(circuit(tmp_path, "spots", SPOTS))
    (fault,) = caught.value.diagnostics
    assert fault.code == "E902"
    assert "`light` cannot be shown: there is no image folder" in fault.message
