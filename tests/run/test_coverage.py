"""`coverage` on a small network: what it counts, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.run.circuits import circuit_files
from circuitdsl.text.diagnostics import InputError

EDGES = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(8), ph: phase(4)] at V.conv2d0
connect V.input -> edges {
  colour = luma
  place = gabor(8px, length=2px, width=2px)
  dc = 0
}
"""
SPOTS = """circ 1
from std.shapes import blob
import "edges.circ" as low
backbone V = tiny(input=64px)
family spots [h: hue(6)] at V.conv2d0
connect V.input -> spots { colour = hue(0deg)  place = blob(sigma=2px) }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two circuits, a file without families, and two folders of pictures."""
    folder = tmp_path_factory.mktemp("coverage")
    circuits = folder / "circuits"
    circuits.mkdir()
    (circuits / "edges.circ").write_text(EDGES, encoding="utf-8")
    (circuits / "spots.circ").write_text(SPOTS, encoding="utf-8")
    (circuits / "stimuli.circ").write_text("circ 1\nlet size = 3px\n", encoding="utf-8")
    write_scenes(folder / "scenes", 14)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path):
    return circuitdsl.coverage(
        folder / "circuits", folder / "scenes", model="tiny", layers=["conv2d0"]
    )


def test_every_unit_has_its_best_member(found) -> None:
    (layer,) = found.layers
    assert found.members == 38  # the edges that both files have count once
    assert [row.unit for row in layer.rows] == list(range(64))
    assert {row.family for row in layer.rows} >= {"edges.edges", "spots.spots"}
    assert 0.2 < layer.share(0.5) < 1
    assert layer.share(0.7) <= layer.share(0.5)
    assert sum(layer.families(0.5).values()) == pytest.approx(layer.share(0.5))


def test_what_a_plainer_thing_explains_is_not_covered(found) -> None:
    for row in found.layers[0].rows:
        if row.covered(0.5):
            assert row.figure.r > max(abs(row.figure.energy), row.figure.random)


def test_the_command_writes_the_shares(folder: Path, tmp_path: Path, found) -> None:
    target = tmp_path / "coverage.json"
    command = ["coverage", str(folder / "circuits"), "-m", "tiny", "-l", "conv2d0"]
    command += ["--images", str(folder / "scenes"), "--json", str(target)]
    command += ["-o", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "conv2d0" in done.stdout
    record = json.loads(target.read_text(encoding="utf-8"))
    assert (record["model"], record["images"]) == ("tiny", 7)
    (layer,) = record["layers"]
    assert (layer["layer"], layer["units"]) == ("conv2d0", 64)
    assert layer["covered"] == {
        "0.5": found.layers[0].share(0.5),
        "0.7": found.layers[0].share(0.7),
    }
    assert layer["mean_best_r"] == pytest.approx(found.layers[0].mean_best_r)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(f'id="conv2d0:{unit}"' in page for unit in range(64))
    assert "http:" not in page and "What nothing covers" in page


def test_thresholds_are_correlations(folder: Path) -> None:
    command = ["coverage", str(folder / "circuits"), "-m", "tiny", "--thresholds", "0.5,high"]
    done = CliRunner().invoke(app, [*command, "--images", str(folder / "scenes")])
    assert done.exit_code == 2
    assert "`0.5,high` is no list of correlations" in done.output


def test_a_file_that_is_named_twice_is_one(folder: Path, tmp_path: Path) -> None:
    file = folder / "circuits" / "edges.circ"
    link = tmp_path / "again.circ"
    link.symlink_to(file)
    around = folder / "circuits" / ".." / "circuits" / "edges.circ"
    assert circuit_files([file, around, link]) == (file,)


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no circuit files"):
        circuitdsl.coverage(tmp_path, folder / "scenes", model="tiny")
    twin = tmp_path / "edges.circ"
    twin.write_text(EDGES, encoding="utf-8")
    with pytest.raises(InputError, match="two circuits are called `edges`"):
        circuitdsl.coverage([folder / "circuits", twin], folder / "scenes", model="tiny")
    with pytest.raises(InputError, match="overlap"):
        circuitdsl.coverage(
            folder / "circuits",
            folder / "scenes",
            model="tiny",
            calibration=folder / "scenes",
        )
