"""Commands that show, given little: one small grey photograph, no place to write, an interrupt."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from crosses import write_crosses
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.run.opening.asking import INTERRUPTED

UNIT = ["--model", "tiny", "--unit", "conv2d1:1"]

COMMANDS = {
    "draw": (["{circuit}", "--images", "{images}"], "html"),
    "microscope": ([*UNIT, "--images", "{images}", "--steps", "0"], "html"),
    "activation-atlas": (
        ["--model", "tiny", "--layer", "conv2d1", "--images", "{images}", "--steps", "0"],
        "html",
    ),
    "visualize": ([*UNIT, "--images", "{images}", "--steps", "1", "--side", "32"], "png"),
    "examples": ([*UNIT, "--images", "{images}", "--saliency"], "png"),
    "joint": ([*UNIT, "--images", "{images}", "--step", "90"], "png"),
    "weights": (UNIT, "png"),
    "look": (["{images}/0.png", "--model", "tiny"], "png"),
    "grid": (["{circuit}", "bars"], "png"),
}
"""Of each command, what it is given and what it writes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A circuit, and a folder with one small grey photograph."""
    folder = write_crosses(tmp_path_factory.mktemp("surviving"))
    (folder / "images").mkdir()
    Image.fromarray(np.full((9, 9), 128, np.uint8)).save(folder / "images" / "0.png")
    (folder / "file").write_text("", encoding="utf-8")
    return folder


def run(command: str, folder: Path, output: Path):
    """A command's exit code and what it said."""
    given, _ = COMMANDS[command]
    filled = [
        one.format(circuit=folder / "crosses.circ", images=folder / "images") for one in given
    ]
    return CliRunner().invoke(app, [command, *filled, "-o", str(output)])


@pytest.mark.parametrize("command", COMMANDS)
def test_one_small_grey_photograph_is_shown_or_refused(
    command: str, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / f"out.{COMMANDS[command][1]}"
    done = run(command, folder, output)
    assert done.exit_code in (0, 2), done.output
    assert "Traceback" not in done.output
    assert output.exists() == (done.exit_code == 0)
    assert done.output.count("error:") == (done.exit_code == 2)
    assert [one.name for one in tmp_path.iterdir()] in ([], [output.name])


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nothing_can_be_written_nothing_is_measured(command: str, folder: Path) -> None:
    done = run(command, folder, folder / "file" / f"out.{COMMANDS[command][1]}")
    assert done.exit_code == 2 and done.output.count("error:") == 1, done.output
    assert "Traceback" not in done.output and "showing" not in done.output


def test_a_folder_without_leave_to_write_is_refused(folder: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    # a superuser may write there all the same
    code = 0 if os.access(locked, os.W_OK) else 2
    done = run("grid", folder, locked / "out.png")
    assert done.exit_code == code and "Traceback" not in done.output, done.output
    assert len(list(locked.iterdir())) == (code == 0)


@pytest.mark.parametrize("command", ["examples", "visualize"])
def test_fifty_units_are_shown(command: str, folder: Path, tmp_path: Path) -> None:
    given = ["--model", "tiny", "--unit", "conv2d0[0..49]"]
    more = ["--steps", "1", "--side", "32"] if command == "visualize" else []
    images = [] if command == "visualize" else ["--images", str(folder / "images")]
    target = tmp_path / "out.json"
    done = CliRunner().invoke(app, [command, *given, *more, *images, "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert "conv2d0:49" in target.read_text("utf-8")


def test_an_interrupt_leaves_a_microscope_marked_as_partial(folder: Path, tmp_path: Path) -> None:
    def interrupt(stage: str) -> None:
        if stage.startswith("weights"):
            raise KeyboardInterrupt

    page = tmp_path / "page.html"
    shown = circuitdsl.microscope(page, "conv2d1:1", model="tiny", steps=0, progress=interrupt)
    text = page.read_text("utf-8")
    assert shown.partial and "This page is partial" in text and INTERRUPTED in text
