"""`weights`: files and refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from circuitdsl.cli import app
from circuitdsl.run.seeing.weights import weights


def test_table_record_and_sheet(tmp_path: Path) -> None:
    shown = weights("tiny", "mixed3b[20, 41]", share=0.4)
    assert [unit.name for unit in shown.units] == ["mixed3b:20", "mixed3b:41"]
    first = shown.units[0]
    assert first.upstream[0].share == 1
    assert first.readers == ()
    shares = first.shares({"all": range(first.sources.kernel.shape[2])})
    assert shares["all"] == pytest.approx(1)
    for name in ("weights.csv", "weights.json", "weights.png"):
        args = ["weights", "-m", "tiny", "-u", "mixed3a:20", "-o", str(tmp_path / name)]
        done = CliRunner().invoke(app, args)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("mixed3a:20 reads ")
    rows = list(csv.DictReader((tmp_path / "weights.csv").read_text().splitlines()))
    assert {row["way"] for row in rows} == {"reads", "read by"}
    (unit,) = json.loads((tmp_path / "weights.json").read_text())["units"]
    assert unit["source"] == "conv2d2"
    with Image.open(tmp_path / "weights.png") as image:
        assert image.width > 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-u", "mixed3a:1", "--source", "mixed3b"], "does not read"),
        (["-u", "mixed3a:1", "--source", "mixed9"], "has no layer"),
        (["--circuit", "circuits_src/lines.circ"], "circuitdsl draw"),
    ],
)
def test_refusals(options: list[str], message: str, tmp_path: Path) -> None:
    args = ["weights", "-m", "tiny", *options, "-o", str(tmp_path / "never.png")]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 2
    assert message in done.stderr
