"""`cleanroom` on a small network: what it replaces, measures and writes."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest
from engine_verbs import sent
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.compare.recovery import SPLICED
from circuitdsl.editing.apply import edit
from circuitdsl.editing.replacing import logits_of
from circuitdsl.editing.select import Units
from circuitdsl.editing.verbs import Ablate
from circuitdsl.measure import shards
from circuitdsl.text.diagnostics import InputError

CIRCUIT = """circ 1
from std.motifs import union_of_phases
from std.shapes import blob, gabor
backbone V = tiny(input=224px)
family edges [th: orient(8), ph: phase(4)] at V.conv2d0
family spots [h: hue(6)] at V.conv2d0
family complex [th: orient(8)] at V.conv2d1
connect V.input -> edges {
  colour = luma
  place = gabor(8px, length=2px, width=2px)
  dc = 0
}
connect V.input -> spots { colour = hue(0deg)  place = blob(sigma=2px) }
connect edges -> complex = union_of_phases()
"""
RECOVERED = {"zero", "mean"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A circuit, and 12 labelled pictures."""
    folder = tmp_path_factory.mktemp("cleanroom")
    (folder / "early.circ").write_text(CIRCUIT, encoding="utf-8")
    (folder / "scenes").mkdir()
    write_scenes(folder / "scenes" / "disc", 12)
    return folder


@pytest.fixture(scope="module")
def result(folder: Path):
    return circuitdsl.cleanroom(
        folder / "early.circ", folder / "scenes", model="tiny", through="conv2d1", threshold=0.4
    )


def test_shards_of_other_processes_come_to_the_same(
    folder: Path, result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "by_processes", sent)
    again = circuitdsl.cleanroom(
        folder / "early.circ",
        folder / "scenes",
        model="tiny",
        through="conv2d1",
        threshold=0.4,
        workers=2,
        store=tmp_path,
    )
    assert json.dumps(again.record()) == json.dumps(result.record())
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
        *("choosing", "measuring", "fitting", "scoring")
    }


def test_covered_units_are_replaced_layer_by_layer_and_together(result) -> None:
    figures = result.cleanroom
    first, second = figures.layers
    assert (first.name, second.name) == ("conv2d0", "conv2d1")
    assert 0 < first.replaced < first.units == 64
    assert figures.all.replaced == first.replaced + second.replaced
    assert set(figures.controls) == {"permuted", "shuffled", "random"}
    assert figures.first[0].share("mean").value == first.share("mean").value


def test_removed_units_are_as_ablated_ones(result) -> None:
    room, network = result.room, result.room.network
    images = jax.random.uniform(jax.random.key(0), (1, 224, 224, 3), maxval=255.0)
    prepared = network.prepared(images)
    seats = room.seatings[SPLICED].seats
    maps = {name: np.zeros((1, 112, 112, len(own))) for name, own in seats.items()}
    maps["conv2d1"] = maps["conv2d1"][:, ::2, ::2]
    places = tuple((name, seat.channel) for name, own in seats.items() for seat in own)
    units = Units(network.backbone, places)
    average = tuple(float(room.means[name][channel]) for name, channel in places)
    for to, step in (("zero", Ablate(units)), ("mean", Ablate(units, average))):
        changes = room.variant(room.layers, to).changes(seats, maps)
        np.testing.assert_allclose(
            logits_of(network, prepared, changes),
            edit(network, [step]).logits(images),
            rtol=1e-4,
            atol=1e-4,
        )


def test_the_units_run_alone_from_their_file(result, tmp_path: Path) -> None:
    room = result.room
    circuitdsl.save(result.alone, tmp_path / "alone.safetensors")
    again = circuitdsl.load_cleanroom(tmp_path / "alone.safetensors")
    images = jax.random.uniform(jax.random.key(0), (2, 224, 224, 3), maxval=255.0)
    found = again.activations(images, ["conv2d0", "conv2d1"])
    for layer, maps in result.alone.activations(images, ["conv2d0", "conv2d1"]).items():
        np.testing.assert_allclose(found[layer], maps, rtol=1e-5, atol=1e-4)
        taken = [seat.channel for seat in room.seatings[SPLICED].seats[layer]]
        empty = np.delete(np.asarray(maps), taken, axis=-1)
        assert not empty.any() and np.asarray(maps)[..., taken].any()
    with pytest.raises(InputError, match="no unit of `conv2d2` is written by hand"):
        again.activations(images, ["conv2d2"])
    with pytest.raises(InputError, match="holds no cleanroom network"):
        circuitdsl.load_cleanroom(Path(__file__))


def test_the_command_writes_the_figures(folder: Path, tmp_path: Path, result) -> None:
    target = tmp_path / "cleanroom.json"
    command = ["cleanroom", str(folder / "early.circ"), "-m", "tiny", "--through", "conv2d1"]
    command += ["--images", str(folder / "scenes"), "--threshold", "0.4", "--json", str(target)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    record = json.loads(target.read_text(encoding="utf-8"))
    assert (record["model"], record["through"], record["images"]) == ("tiny", "conv2d1", 6)
    assert [layer["layer"] for layer in record["layers"]] == ["conv2d0", "conv2d1"]
    assert set(record["layers"][0]["recovered"]) == RECOVERED
    assert set(record["all"]["recovered"]) == set(record["all"]["permuted"]) == RECOVERED
    assert record["all"]["recovered"]["mean"] == pytest.approx(
        result.cleanroom.all.share("mean").value, abs=1e-4
    )


def test_nothing_to_replace_is_said(folder: Path) -> None:
    with pytest.raises(InputError, match="no unit up to conv2d0 is covered"):
        circuitdsl.cleanroom(
            folder / "early.circ",
            folder / "scenes",
            model="tiny",
            through="conv2d0",
            threshold=0.999,
            limit=4,
        )
