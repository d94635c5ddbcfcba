"""Photographs before a long run: what suits the network, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from circuitdsl import check_images
from circuitdsl.cli import app
from circuitdsl.models.outputs import labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of classes of `tiny`, one that is there twice, a broken and an unknown one."""
    root = tmp_path / "images"
    for number, label in enumerate(("line", "line", "disc", "hedgehog")):
        path = root / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(min(number, 2)).integers(0, 256, (20, 20, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (root / "disc" / "broken.jpg").write_text("no picture")
    return root


def test_every_image_is_accounted_for(folder: Path) -> None:
    seen: list[str] = []
    report = check_images(folder, "tiny", progress=seen.append)
    assert report.images == 5
    assert report.matched == {"line": 2, "disc": 1}
    assert set(report.missing) == set(labels("tiny")) - {"line", "disc", ""}
    assert report.unknown == {"hedgehog": 1}
    assert [name for name, _ in report.inspection.broken] == ["disc/broken.jpg"]
    assert report.inspection.twice == (("disc/2.png", "hedgehog/3.png"),)
    assert not report.sound
    assert seen[-1] == "photographs: 5 of 5"


def test_a_class_whose_images_are_all_broken_has_none(folder: Path) -> None:
    for label in ("line", "hedgehog"):
        for path in (folder / label).iterdir():
            path.write_text("no picture")
    report = check_images(folder, "tiny")
    assert (report.images, report.matched) == (5, {"disc": 1})
    assert "line" in report.missing and report.unknown == {}
    assert len(report.inspection.broken) == 4


def test_the_command_says_so(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    command = ["images", "check", str(folder), "--model", "tiny", "--json", str(target)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "matched: 3 images of 2 of 20 classes" in result.stdout
    assert "  hedgehog (1 images)" in result.stdout
    assert "  disc/2.png = hedgehog/3.png" in result.stdout
    assert json.loads(target.read_text())["unknown"] == {"hedgehog": 1}
    (folder / "disc" / "broken.jpg").unlink()
    (folder / "hedgehog" / "3.png").unlink()
    assert CliRunner().invoke(app, command).exit_code == 0
