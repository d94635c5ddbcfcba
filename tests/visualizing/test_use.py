"""Who reads units: against differences by hand; where two units differ; the command `use`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_scenes import write_scenes
from two_blocks import TWO, noise_images, two_weights
from typer.testing import CliRunner

from circuitdsl.cli import app
from circuitdsl.editing.select import select
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.use import attribution

IMAGES = noise_images(3)

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family edges [th: orient(8)] at V.conv2d0
connect V.input -> edges { place = gabor(8px, length=2px, width=2px)  dc = 0 }
"""


def test_attribution_is_the_first_order_change() -> None:
    network = Network(TWO, two_weights())
    units = select(TWO, ["mixed3a:1", "mixed3a:5"])
    found = run(attribution(network, units, "mixed3b_5x5"), batches_of([IMAGES[:2], IMAGES[2:]]))
    maps = np.asarray(network.activations(IMAGES, ["mixed3a"])["mixed3a"])
    whole = network.resume({"mixed3a": maps}, ["mixed3b_5x5"])["mixed3b_5x5"]
    share = 1e-3
    for row, channel in zip(found, (1, 5), strict=True):
        less = maps.copy()
        less[..., channel] *= 1 - share
        changed = network.resume({"mixed3a": less}, ["mixed3b_5x5"])["mixed3b_5x5"]
        expected = np.asarray(whole - changed).sum(axis=(1, 2)).mean(axis=0) / share
        np.testing.assert_allclose(row, expected, rtol=0.05, atol=0.02 * np.abs(expected).max())
    with pytest.raises(InputError, match="several layers"):
        attribution(network, select(TWO, ["mixed3a:1", "conv2d2:1"]), "mixed3b")


def test_the_command_with_a_hand_written_family(tmp_path: Path) -> None:
    (tmp_path / "edges.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(tmp_path / "scenes", 6)
    args = ["use", "-m", "tiny", "-u", "conv2d0[3, 7]", "--images", str(tmp_path / "scenes")]
    args += ["--circuit", str(tmp_path / "edges.circ"), "--json", str(tmp_path / "use.json")]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    assert "conv2d0:3 moves conv2d1:" in done.stdout
    assert "in its place: r " in done.stdout
    first, second = json.loads((tmp_path / "use.json").read_text())["units"]
    assert len(first["readers"]) == 10
    for unit in (first, second):
        assert -1 <= unit["agreement"] <= 1
        assert unit["member"].startswith("edges[th=")
        for side in ("unit_alone", "member_alone"):
            activations = [one["activation"] for one in unit[side]]
            assert activations == sorted(activations, reverse=True)


def test_a_family_of_another_layer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "edges.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(tmp_path / "scenes", 2)
    args = ["use", "-m", "tiny", "-u", "mixed3a:3", "--images", str(tmp_path / "scenes")]
    done = CliRunner().invoke(app, [*args, "--circuit", str(tmp_path / "edges.circ")])
    assert done.exit_code == 2
    assert "give units of the family's own layer" in done.stderr
