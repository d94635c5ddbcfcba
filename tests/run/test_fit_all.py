"""`fit-all`: every family of some circuits by its own dials, resumable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.run.fitting_all import jobs_of
from circuitdsl.text.diagnostics import InputError

BASE = """circ 1 "Edges."
from std.shapes import gabor
backbone V = tiny(input=64px)
dial period : length = 9px in [4px, 16px] free
family edges [th: orient(4), ph: phase(2)] at V.conv2d0
connect V.input -> edges { colour = luma  place = gabor(period, length=2px, width=2px)  dc = 0 }
"""
ABOVE = """circ 1 "Unions."
from std.motifs import union_of_phases
import "base.circ" as low
backbone V = tiny(input=64px)
dial strength : real = 1 in [0, 2] free
dial other : real = 1 in [0, 2] free
family complex [th: orient(4)] at V.conv2d1
family simple [th: orient(4)] at V.conv2d1
connect low.edges -> complex = union_of_phases() { gain = strength }
connect low.edges -> simple = union_of_phases() { gain = strength + other }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two circuits."""
    circuits = tmp_path / "circuits"
    circuits.mkdir()
    (circuits / "base.circ").write_text(BASE, encoding="utf-8")
    (circuits / "above.circ").write_text(ABOVE, encoding="utf-8")
    return circuits


def test_each_dial_is_fitted_once_where_it_is_declared(folder: Path) -> None:
    assert jobs_of(circuitdsl.load(folder / "base.circ")) == {"edges": ("period",)}
    assert jobs_of(circuitdsl.load(folder / "above.circ")) == {
        "complex": ("strength",),
        "simple": ("other",),
    }


def test_a_run_writes_settings_and_is_not_done_twice(folder: Path, tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 6)
    command = ["fit-all", str(folder / "base.circ"), "-m", "tiny", "-o", str(folder / "fitted")]
    command += ["--images", str(tmp_path / "scenes"), "--steps", "1"]
    command += ["--json", str(tmp_path / "fits.json")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    (one,) = json.loads((tmp_path / "fits.json").read_text(encoding="utf-8"))["families"]
    assert (one["file"], one["family"], list(one["settings"])) == ("base", "edges", ["period"])
    fitted = circuitdsl.load(folder / "fitted" / "base_fitted.circ")
    assert fitted.defaults["period"] == pytest.approx(one["settings"]["period"])
    said: list[str] = []
    again = circuitdsl.fit_all(
        folder / "base.circ",
        folder / "fitted",
        "tiny",
        images=tmp_path / "scenes",
        progress=said.append,
    )
    assert [fit.settings for fit in again] == [one["settings"]] and said == []


def test_nothing_to_fit_is_said(folder: Path, tmp_path: Path) -> None:
    (folder / "base.circ").write_text(BASE.replace(" free", ""), encoding="utf-8")
    with pytest.raises(InputError, match="no family of these files reads a free dial"):
        circuitdsl.fit_all(folder / "base.circ", folder / "fitted", "tiny", images=tmp_path)
