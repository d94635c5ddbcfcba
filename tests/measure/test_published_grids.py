"""Published grids: reading them, turning onto them, and the trained family that they check."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from circuitdsl.checking.load import loads
from circuitdsl.cli import app
from circuitdsl.compare.score import scored_family
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.members.angles import bulge_deg
from circuitdsl.measure.finders.curves_published import (
    ANGLES,
    PUBLISHED,
    RADII,
    published_angles_deg,
    published_stimuli,
)
from circuitdsl.measure.tunings import published as grids
from circuitdsl.measure.tunings.published import (
    aligned_r,
    match_grids,
    raw_r,
    read_grids,
    score_grids,
)
from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.drawing.canvas import saturated
from circuitdsl.text.diagnostics import InputError

CURVES = """circ 1
from std.shapes import gabor
backbone V = tiny(input=224px)
family edges [th: rot(4)] at V.conv2d0
connect V.input -> edges {
  place = gabor(6px, length=3px, width=2px, phase=90deg)
  dc    = 0
  norm  = l2
}
"""


def blob(at, width=20.0):
    """A grid with one peak, at column `at`."""
    away = (np.arange(ANGLES) - at + ANGLES / 2) % ANGLES - ANGLES / 2
    return np.exp(-((away / width) ** 2)) * np.linspace(0.2, 1, RADII)[:, None]


@pytest.fixture
def grids_file(tmp_path):
    path = tmp_path / "grids.npz"
    outline = np.stack([blob(100), blob(400)]).astype(np.float16)
    np.savez(path, units=np.array([379, 406]), outline=outline)
    return path


def test_the_published_angles_are_those_of_the_ten_curve_neurons():
    known = published_angles_deg()
    assert len(known) == 10
    assert bulge_deg(known[379]) == 243
    assert known[406] == 181.5


def test_the_stimuli_are_in_the_order_of_the_published_grids():
    grid = published_stimuli()
    assert grid.shape == (80, 720, 1)
    assert grid.radius_px[0] == pytest.approx(288)
    assert grid.radius_px[-1] == pytest.approx(25.758)
    assert bulge_deg(grid.tangent_deg[0]) == 180
    assert bulge_deg(grid.tangent_deg[361]) == 0.5
    assert published_stimuli(4, 8).shape == (20, 90, 1)


def test_aligned_grids_are_turned_onto_each_other():
    assert raw_r(blob(100), blob(400)) < 0.1
    assert aligned_r(blob(100), blob(400)) == pytest.approx(1.0)
    assert aligned_r(blob(100), -blob(400)) < 0.1
    assert aligned_r(blob(100), np.ones((RADII, ANGLES))) == 0


def test_alignment_is_the_best_of_all_turns():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 5, 24))
    turns = (np.corrcoef(left.ravel(), np.roll(right, t, 1).ravel())[0, 1] for t in range(24))
    assert aligned_r(left, right) == pytest.approx(max(turns))


@pytest.fixture
def known_responses(monkeypatch):
    """Units that answer as their names say: a bulge that they prefer, or a constant."""

    def respond(subject, grid, side):
        assert side == 60
        bulge = np.array([bulge_deg(tangent) for tangent in grid.tangent_deg])
        curves = []
        for name in subject.names:
            prefers = PREFERRED.get(name)
            away = 0 if prefers is None else (bulge - prefers + 180) % 360 - 180
            curves.append(np.exp(-((away / 10) ** 2)) * np.ones(len(bulge)))
        rows = np.linspace(0.2, 1, len(grid.radius_px))[:, None]
        grids = np.stack([rows * curve for curve in curves], axis=-1)
        return grids[:, :, None] * (0.5 if grid.coloured else 1.0)

    monkeypatch.setattr(grids, "response_grid", respond)


PREFERRED = {
    "one": 230.0,
    "edges[th=207deg]": 230.0,  # that of blob(100): column 100
    "edges[th=181.5deg]": 20.0,  # that of blob(400)
}


def test_each_published_neuron_gets_the_unit_most_like_it(grids_file, known_responses):
    units = Subject(BACKBONES["tiny"], "mixed3b", ("constant", "one"), None, None, None)
    scores = match_grids(units, read_grids(grids_file, PUBLISHED))
    assert [score.match for score in scores.units] == ["one", "one"]
    first, second = scores.units
    assert first.raw_r == pytest.approx(1, abs=1e-3)
    assert second.raw_r < 0.1
    assert first.aligned_r == pytest.approx(1, abs=1e-3)
    assert second.aligned_r == pytest.approx(1, abs=1e-3)
    assert first.variants["filled_r"] == first.variants["coloured_r"] == pytest.approx(1, abs=1e-3)
    assert first.echo == pytest.approx(0, abs=1e-9)
    record = scores.record()
    assert set(record["mean"]) == {"raw_r", "aligned_r", "echo", "filled_r", "coloured_r"}
    assert record["units"][0]["unit"] == 379
    json.dumps(record)


def test_hand_written_members_stand_at_the_published_angles(grids_file, known_responses):
    circuit = loads(CURVES)
    published = read_grids(grids_file, PUBLISHED)
    assert published.preferred_deg == (207.0, 181.5)
    scores = score_grids(circuit, scored_family(circuit), published)
    assert [score.match for score in scores.units] == list(PREFERRED)[1:]
    assert [score.raw_r for score in scores.units] == pytest.approx([1, 1], abs=1e-3)


def test_hues_are_opposite_and_saturated():
    colours = np.asarray(saturated(np.array([0.0, 60.0, 120.0, 180.0, 240.0, -60.0])))
    pure = [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]]
    assert colours.tolist() == (255.0 * np.array(pure)).tolist()


@pytest.mark.parametrize("broken", ["missing", "text", "keys", "shape", "nan", "pickle"])
def test_files_that_hold_no_grids_are_refused(tmp_path, broken):
    path = tmp_path / "grids.npz"
    outline = np.zeros((1, RADII, ANGLES))
    match broken:
        case "text":
            path.write_text("no grids", encoding="utf-8")
        case "keys":
            np.savez(path, units=np.array([379]))
        case "shape":
            np.savez(path, units=np.array([379]), outline=outline[:, :3])
        case "nan":
            np.savez(path, units=np.array([379]), outline=outline * np.nan)
        case "pickle":
            np.savez(path, units=np.array([{}], object), outline=outline)
        case _:
            pass
    with pytest.raises(InputError, match=r"grids\.npz"):
        read_grids(path, PUBLISHED)


def test_a_neuron_without_a_published_angle_is_named(tmp_path):
    path = tmp_path / "grids.npz"
    np.savez(path, units=np.array([12]), outline=np.zeros((1, RADII, ANGLES)))
    with pytest.raises(InputError, match="mixed3b:12"):
        _ = read_grids(path, PUBLISHED).preferred_deg


def test_the_command_line_names_a_missing_file(tmp_path):
    circ = tmp_path / "edges.circ"
    circ.write_text(CURVES, encoding="utf-8")
    arguments = ["score", str(circ), "--model", "tiny", "--find", "curves"]
    arguments += ["--grid", str(tmp_path / "none.npz")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "cannot read published grids" in result.stderr
    assert "there is no such file" in result.stderr


def test_a_rough_score_takes_a_sixteenth_of_the_circles(grids_file, known_responses):
    units = Subject(BACKBONES["tiny"], "mixed3b", ("one",), None, None, None)
    published = read_grids(grids_file, PUBLISHED)
    rough = published.thinned()
    assert rough.outline.shape == (2, 20, 180)
    whole, part = (match_grids(units, each) for each in (published, rough))
    assert part.mean == pytest.approx(whole.mean, abs=5e-3)
