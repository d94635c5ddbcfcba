"""The command `sweep`, and the studies that programs call, on random weights of `tiny`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl import load_network, recovery
from circuitdsl.cli import app
from circuitdsl.editing.apply import edit
from circuitdsl.editing.select import select
from circuitdsl.editing.verbs import Ablate
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.files.weights import write_weights
from circuitdsl.reporting.printed.edits import effect_table, recovery_table
from circuitdsl.reporting.printed.terminal import print_table
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import held

ARCS = """circ 1 "Bright arcs."

from std.shapes import arc

backbone V = tiny(input=224px)

family arcs [th: rot(8)] at V.conv2d0

connect V.input -> arcs {
  place = arc(5px, span=7px, width=0.8tap)
  norm  = mass(1, balance=1)
}
"""

LIGHT = """circ 1 "How light it is."

from std.shapes import blob

backbone V = tiny(input=224px)

family light at V.conv2d0

connect V.input -> light {
  place = blob(sigma=2px)
  norm  = mass(1)
}
"""


@pytest.fixture(autouse=True)
def models(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setenv("CIRCUITDSL_MODELS", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    shapes = BACKBONES["tiny"].parameter_shapes
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    write_weights(folder / "tiny.safetensors", weights)


@pytest.fixture
def photographs(tmp_path) -> Path:
    generator = np.random.default_rng(0)
    for index in range(6):
        target = tmp_path / "photographs" / str(index % 2) / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (60, 60, 3), np.uint8)).save(target)
    return tmp_path / "photographs"


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _sweep(photographs, target, *more):
    units = "mixed3b_5x5[0..2]"
    options = ["--units", units, "--images", photographs, "-o", target]
    return run("sweep", "--model", "tiny", *options, *more)


def test_photographs_that_cannot_be_read_are_named(photographs, tmp_path):
    (photographs / "1" / "broken.jpg").write_text("no picture")
    for result in (
        _sweep(photographs, tmp_path / "sweep.csv"),
        _sweep(photographs, tmp_path / "approx.csv", "--approx"),
    ):
        assert result.exit_code == 0, result.output
        assert "left out" in result.output
        assert "broken.jpg: cannot identify image file" in result.output.replace("\n", "")
    network = load_network("tiny")
    steps = [Ablate(select(BACKBONES["tiny"], "mixed3b_5x5"))]
    found = circuitdsl.effect(edit(network, steps), photographs, draws=0)
    assert [name.rsplit("/", 1)[1] for name, _ in found.skipped] == ["broken.jpg"]


def test_a_sweep_writes_a_table_and_goes_on_with_it(photographs, tmp_path):
    target = tmp_path / "sweep.csv"
    first = _sweep(photographs, target)
    assert first.exit_code == 0, first.output
    rows = list(csv.DictReader(target.read_text().splitlines()))
    start = BACKBONES["tiny"].by_name["mixed3b_1x1"].width
    start += BACKBONES["tiny"].by_name["mixed3b_3x3"].width
    assert [row["units"] for row in rows] == [
        "intact",
        *(f"mixed3b:{start + index}" for index in range(3)),
    ]
    assert {row["images"] for row in rows} == {"6"}
    assert "3 ablations" in first.stdout
    again = _sweep(photographs, target)
    assert again.stdout == first.stdout
    other = _sweep(photographs, target, "--ablate", "mean")
    assert other.exit_code == 2
    assert "not the beginning of this sweep" in other.stderr


def test_two_sweeps_at_once_do_not_share_a_table(photographs, tmp_path):
    target = tmp_path / "sweep.csv"
    with held(target):
        result = _sweep(photographs, target)
    assert result.exit_code == 2
    assert f"another run is working on {target}" in result.stderr
    assert not target.exists()


def test_groups_are_ablated_together(photographs, tmp_path):
    target = tmp_path / "groups.csv"
    result = _sweep(photographs, target, "--units", "mixed3b_1x1[0, 1]", "--by", "group")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [len(row["units"].split()) for row in rows] == [1, 3, 2]
    assert rows[2]["units"] == "mixed3b:0 mixed3b:1"


def test_attribution_prints_how_well_it_ranks(photographs, tmp_path):
    target = tmp_path / "approx.csv"
    result = _sweep(photographs, target, "--approx")
    assert result.exit_code == 0, result.output
    assert "rank correlation with the exact ablation of 3 of them" in " ".join(
        result.stdout.split()
    )
    rows = list(csv.DictReader(target.read_text().splitlines()))
    exact = list(csv.DictReader((tmp_path / "approx.sample.csv").read_text().splitlines()))
    assert [row["units"] for row in rows] == [row["units"] for row in exact[1:]]
    both = _sweep(photographs, target, "--approx", "--by", "pair")
    assert both.exit_code == 2


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ("mixed3b:999", "mixed3b:999 is out of range"),
        ("mixed3b[0..9999999999]", "mixed3b:9999999999 is out of range"),
        ("mixed9a", "has no layer `mixed9a`"),
        ("3a[0], 3b[1]", "names no units"),
    ],
)
def test_units_that_are_not_there(photographs, tmp_path, units, words):
    target = tmp_path / "sweep.csv"
    result = run(
        "sweep", "--model", "tiny", "--units", units, "--images", photographs, "-o", target
    )
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert not target.exists()


def test_a_splice_is_scored_by_path(photographs, tmp_path, capsys):
    circuit = tmp_path / "arcs.circ"
    circuit.write_text(ARCS, encoding="utf-8")
    found = recovery(circuit, photographs, model="tiny", units=3, members="placed")
    assert (found.n, found.calibrated_on, len(found.units)) == (4, 2, 3)
    print_table(recovery_table(found))
    printed = capsys.readouterr().out
    assert "recovered" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
    with pytest.raises(InputError, match="overlap"):
        recovery(circuit, photographs, model="tiny", units=3, calibration=photographs)
    with pytest.raises(InputError, match="nothing can be spliced in for conv2d0"):
        recovery(circuit, photographs, model="tiny", units=3, members="nearest", within_deg=1e-3)


def test_a_family_of_any_kind_stands_in_for_units_that_agree_with_it(photographs):
    circuit = circuitdsl.loads(LIGHT)
    found = recovery(circuit, photographs, model="tiny", layers=["conv2d0"], units=2)
    # two photographs are set aside; one of them chooses units, the other one matches gains
    assert (found.n, found.calibrated_on, len(found.units)) == (4, 1, 2)
    assert all(name.startswith("conv2d0:") for name in found.units)
    share = found.share("kl")
    assert np.isfinite([share.value, *share.ci, share.random]).all()
    assert np.isnan(share.shuffled)  # both units have the only member
    with pytest.raises(InputError, match="`light` cannot be scored as a family of curves"):
        recovery(circuit, photographs, model="tiny", members="placed")
    with pytest.raises(InputError, match="its maps have 112x112 positions, and mixed3b has 28x28"):
        recovery(circuit, photographs, model="tiny", layers=["mixed3b"])


def test_an_effect_is_measured_by_path(photographs, capsys):
    network = load_network("tiny")
    units = select(network.backbone, "mixed3b_5x5[0..2]")
    edited = edit(network, [Ablate(units)])
    found = circuitdsl.effect(edited, photographs, mirror=True, draws=1)
    assert found.n == 12
    assert [control.name for control in found.controls] == ["mean", "random 1"]
    print_table(effect_table(found, "no_units"))
    printed = capsys.readouterr().out
    assert "random 1" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
