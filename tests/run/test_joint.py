"""`joint`: a figure, a record, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_scenes import write_scenes
from typer.testing import CliRunner

from circuitdsl.cli import app

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(2)] at V.conv2d0
connect V.input -> edges { place = gabor(8px, length=2px, width=2px)  dc = 0 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joint")
    (folder / "edges.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(folder / "scenes", 3)
    return folder


def invoke(folder: Path, name: str, *options: str) -> tuple[int, str]:
    args = ["joint", "--images", str(folder / "scenes"), "-o", str(folder / name), *options]
    done = CliRunner().invoke(app, args)
    return done.exit_code, done.output


def test_files(folder: Path) -> None:
    own = ("--circuit", str(folder / "edges.circ"), "--step", "30", "--examples", "1")
    assert invoke(folder, "joint.json", *own) == (
        0,
        f"2 units, 12 values of rot\nwrote {folder / 'joint.json'}\n",
    )
    record = json.loads((folder / "joint.json").read_text())
    assert record["units"] == ["edges[th=0deg]", "edges[th=90deg]"]
    assert len(record["owners"]["edges[th=0deg]"][0]) == 12
    code, _ = invoke(
        folder, "joint.png", *own, "--axis", "flip", "--beside", str(folder / "edges.circ")
    )
    assert code == 0
    assert (folder / "joint.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-m", "tiny", "-u", "mixed3b:1", "-u", "mixed3a:1"), "several layers"),
        (("-m", "tiny", "-u", "mixed3b:1", "--step", "7"), "do not make a whole one"),
    ],
)
def test_refusals(folder: Path, options: tuple[str, ...], message: str) -> None:
    code, output = invoke(folder, "never.png", *options)
    assert code == 2
    assert message in output
