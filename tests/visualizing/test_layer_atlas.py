"""Activation atlases: the layout, the sample, the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.atlas import cells


def test_what_is_alike_lies_together() -> None:
    generator = np.random.default_rng(0)
    kind = np.repeat(np.arange(4), 32)
    vectors = np.eye(6)[kind] + 0.05 * generator.random((128, 6))
    laid = cells(vectors, 4)
    assert [len(cell.members) for cell in laid] == [8] * 16
    assert sorted(one for cell in laid for one in cell.members) == list(range(128))
    pure = sum(len(set(kind[list(cell.members)])) == 1 for cell in laid)
    assert pure >= 12
    assert all(np.isclose(np.linalg.norm(cell.direction), 1) for cell in laid)


def test_the_command_writes_a_page_pictures_and_a_record(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 4)
    common = ["--model", "tiny", "--layer", "conv2d1", "--images", str(tmp_path / "scenes")]
    common += ["--side", "2", "--steps", "2", "--pixels", "32"]
    for name in ("atlas.html", "atlas.png", "atlas.json"):
        done = CliRunner().invoke(app, ["activation-atlas", *common, "-o", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
    page = (tmp_path / "atlas.html").read_text("utf-8")
    assert page.count("<td data-unit=") == 8 and "2 x 2" in page
    with Image.open(tmp_path / "atlas.png") as image:
        assert image.size == (64, 64)
    record = json.loads((tmp_path / "atlas.json").read_text("utf-8"))
    assert len(record["cells"]) == 4 and record["vectors"] == 64


def test_what_makes_no_atlas(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 1)
    with pytest.raises(InputError, match="4 positions do not fill 8 x 8 cells"):
        circuitdsl.activation_atlas("tiny", "conv2d1", tmp_path / "scenes", each=4)
    with pytest.raises(InputError, match="there are none"):
        circuitdsl.activation_atlas("tiny", "conv2d1")
