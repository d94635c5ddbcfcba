"""Responses over two settings of a stimulus set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from crosses import write_crosses
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.text.diagnostics import InputError


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crosses(tmp_path_factory.mktemp("grids")) / "crosses.circ"


def test_a_grid_of_a_family_turns_with_its_members(circuit: Path) -> None:
    made = circuitdsl.grid(circuit, "bars", family="crosses")
    assert (made.down.name, made.across.name) == ("contrast", "th")
    assert made.responses.shape == (2, 8, 8)
    turned = np.roll(made.responses[..., 0], 4, axis=1)
    np.testing.assert_allclose(made.responses[..., 4], turned, rtol=1e-4, atol=1e-5)


def test_the_command_writes_what_units_answer(circuit: Path, tmp_path: Path) -> None:
    command = ["grid", str(circuit), "bars", "--model", "tiny", "--unit", "conv2d1:1"]
    for name in ("grid.png", "grid.json"):
        done = CliRunner().invoke(app, [*command, "-o", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert "conv2d1:1: " in done.stdout
    record = json.loads((tmp_path / "grid.json").read_text("utf-8"))
    assert np.shape(record["units"]["conv2d1:1"]) == (2, 8)
    assert (tmp_path / "grid.png").stat().st_size > 1000


def test_what_makes_no_grid(circuit: Path) -> None:
    with pytest.raises(InputError, match="has no set of images `bar`"):
        circuitdsl.grid(circuit, "bar")
    with pytest.raises(InputError, match="has no setting `radius` of several values"):
        circuitdsl.grid(circuit, "bars", "radius")
    with pytest.raises(InputError, match="a grid has two settings, and both are `th`"):
        circuitdsl.grid(circuit, "bars", "th", "th")
