"""`visualize` from a circuit: files, figures, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(4)] at V.conv2d0
connect V.input -> edges { place = gabor(8px, length=2px, width=2px)  dc = 0 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "edges.circ"
    path.write_text(CIRCUIT, encoding="utf-8")
    return path


def test_a_folder_holds_a_picture_for_each_member(file: Path, tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 3)
    args = ["visualize", "--circuit", file, "--steps", 8, "--side", 32, "--frame", 4]
    args += ["--images", tmp_path / "scenes", "-o", tmp_path / "out"]
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    assert done.exit_code == 0, done.output
    assert "edges[th=45deg]: activation" in done.stdout
    assert "times the strongest photograph's" in done.stdout
    record = json.loads((tmp_path / "out" / "pictures.json").read_text())
    assert [one["name"] for one in record["pictures"]] == [
        f"edges[th={angle}deg]" for angle in (0, 45, 90, 135)
    ]
    assert record["photographs"] == 3
    names = {path.name for path in (tmp_path / "out").glob("edges_th_0deg*.png")}
    assert names == {
        "edges_th_0deg.png",
        "edges_th_0deg_next_seed.png",
        "edges_th_0deg_step4.png",
    }
    with Image.open(tmp_path / "out" / "edges_th_0deg.png") as image:
        assert image.size == (32, 32)


def test_a_sheet(file: Path, tmp_path: Path) -> None:
    args = ["visualize", "--circuit", str(file), "--steps", "2", "--side", "32", "--no-again"]
    done = CliRunner().invoke(app, [*args, "-o", str(tmp_path / "sheet.png")])
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width > 800


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing is asked for"),
        (["--unit", "mixed3b:9999"], "out of range"),
        (["--unit", "mixed3b:1", "--family", "edges"], "is of no circuit"),
        (["--class", "unicorn"], "has no class `unicorn`"),
        (["--unit", "mixed3b:1", "--space", "maco"], "there are none"),
        (["--circuit", "FILE", "--family", "edge"], "did you mean"),
        (["--circuit", "FILE", "--unit", "mixed3b:1"], "one of them at a time"),
    ],
)
def test_refusals(file: Path, tmp_path: Path, options: list[str], message: str) -> None:
    named = [str(file) if option == "FILE" else option for option in options]
    output = tmp_path / "sheet.png"
    done = CliRunner().invoke(app, ["visualize", "-m", "tiny", *named, "-o", str(output)])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not output.exists()


def test_python_has_the_same_door(file: Path) -> None:
    made = circuitdsl.visualize(circuit=file, steps=1, side=16, again=False)
    assert [picture.images.shape for picture in made.pictures] == [(1, 16, 16, 3)] * 4
