"""`examples`: files, labels, crops, refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.visualizing.crops import Box

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(2)] at V.conv2d0
connect V.input -> edges { place = gabor(8px, length=2px, width=2px)  dc = 0 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "edges.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(folder / "scenes", 6)
    return folder


def run(folder: Path, name: str, *options: str) -> str:
    args = ["examples", "--circuit", str(folder / "edges.circ"), "--images"]
    args += [str(folder / "scenes"), "-o", str(folder / name), "--levels", "3", *options]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_table_takes_labels_and_gives_shares(folder: Path) -> None:
    printed = run(folder, "table.csv")
    assert "edges[th=90deg]: " in printed
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    own = [row for row in rows if row["unit"] == "edges[th=0deg]" and row["kind"] == "level"]
    highest = own[-1]
    highest["label"] = "yes"
    with (folder / "labelled.csv").open("w") as file:
        writer = csv.DictWriter(file, list(highest))
        writer.writeheader()
        writer.writerows(rows)
    run(folder, "record.json", "--labels", str(folder / "labelled.csv"))
    record = json.loads((folder / "record.json").read_text())
    unit = record["units"][0]
    assert unit["levels"][-1]["labelled"] == [1.0, 1]
    photographs = {one["photograph"] for one in unit["levels"][-1]["examples"]}
    assert highest["photograph"] in photographs
    assert sum(unit["histogram"]["photographs"]) == record["images"] == 6


def test_a_sheet_with_saliency(folder: Path) -> None:
    run(folder, "sheet.png", "--saliency", "--each", "1")
    with Image.open(folder / "sheet.png") as image:
        assert image.width > 1000


def test_saliency_is_where_the_unit_looks(folder: Path) -> None:
    shown = circuitdsl.examples(circuit=folder / "edges.circ", images=folder / "scenes")
    found = shown.found[0]
    (crop,), (map_,) = (of(found, found.strongest[:1]) for of in (shown.crops, shown.saliency))
    assert crop.shape == (7, 7, 3)
    assert map_.shape == (7, 7)
    assert map_.max() > 0


def test_what_lies_beyond_a_photograph_is_grey() -> None:
    image = np.arange(48, dtype=np.float32).reshape(4, 4, 3)
    crop = Box(-1, 2, 4).of(image)
    assert (crop[:, 0] == 127.5).all()
    assert (crop[2:] == 127.5).all()
    np.testing.assert_array_equal(crop[:2, 1:], image[2:, :3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit,photograph\na,b\n", "no column `label`"),
        ("unit,photograph,label\na,b,perhaps\n", "neither yes nor no"),
    ],
)
def test_faulty_labels_are_refused(folder: Path, text: str, message: str) -> None:
    (folder / "faulty.csv").write_text(text)
    args = ["examples", "-m", "tiny", "-u", "mixed3b:1", "--images", str(folder / "scenes")]
    args += ["--labels", str(folder / "faulty.csv"), "-o", str(folder / "never.csv")]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_sheet_of_no_format_is_refused(folder: Path) -> None:
    args = ["examples", "-m", "tiny", "-u", "mixed3b:1", "--images", str(folder / "scenes")]
    done = CliRunner().invoke(app, [*args, "-o", str(folder / "sheet.doc")])
    assert done.exit_code == 2
    assert ".csv" in done.stderr
