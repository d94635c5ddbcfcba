"""`models verify`: layers against a reference, preprocessings against each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.ir.backbones.preprocessing import CAFFE
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

LAYERS = ("conv2d0", "mixed3a")


@pytest.fixture(scope="module")
def tiny() -> Network:
    return circuitdsl.load_network("tiny")


@pytest.fixture(scope="module")
def reference(tiny: Network) -> dict[str, np.ndarray]:
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.float32)
    found = tiny.activations(images, LAYERS)
    return {"images": images} | {name: np.asarray(values) for name, values in found.items()}


def test_layers_are_held_against_a_reference(
    reference: dict[str, np.ndarray], tmp_path: Path
) -> None:
    first = {name: values.transpose(0, 3, 1, 2) for name, values in reference.items()}
    first["mixed3a"] = first["mixed3a"] * 1.01
    np.savez(tmp_path / "first.npz", **first)
    arguments = ["models", "verify", "tiny", "--reference", str(tmp_path / "first.npz")]
    done = CliRunner().invoke(app, [*arguments, "--json", str(tmp_path / "parity.json")])
    assert done.exit_code == 1, done.output
    assert "finding: mixed3a differs from its reference" in done.stdout
    record = json.loads((tmp_path / "parity.json").read_text(encoding="utf-8"))
    shares = {row["layer"]: row["share"] for row in record["layers"]}
    assert shares["conv2d0"] < 1e-6 and shares["mixed3a"] == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": None}, "does not say what the network was shown"),
        ({"mixed3x": np.ones((2, 8, 8, 4), np.float32)}, "did you mean `mixed3"),
        ({"mixed3a": np.ones((2, 8, 9, 4), np.float32)}, "mixed3a is .* in the reference"),
        ({"mixed3a": np.array([np.nan], np.float32)}, "not finite, in mixed3a"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(tiny, reference, change, words, tmp_path) -> None:
    changed = {name: values for name, values in (reference | change).items() if values is not None}
    save_file(
        {name: np.ascontiguousarray(a) for name, a in changed.items()}, tmp_path / "r.safetensors"
    )
    with pytest.raises(InputError, match=words):
        circuitdsl.verify(tiny, reference=tmp_path / "r.safetensors")


def test_a_wrong_preprocessing_is_seen(tiny: Network, tmp_path: Path) -> None:
    """Images are filed under what the network calls them, so its own preprocessing is right."""
    write_scenes(tmp_path / "scenes", 12)
    from circuitdsl.stimuli.photographs import open_images

    batches = open_images(tmp_path / "scenes").batches_for(tiny.backbone, 12)
    (batch,) = list(batches)
    called = np.asarray(tiny.logits(batch.images))[: batch.count].argmax(axis=1)
    for name, output in zip(batch.names, called, strict=True):
        (tmp_path / "filed" / str(output)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "scenes" / name).rename(tmp_path / "filed" / str(output) / name)
    labels = tuple(map(str, range(tiny.backbone.by_name[tiny.backbone.classifier].width)))
    right = Network(replace(tiny.backbone, labels=labels), tiny.params)
    parity = circuitdsl.verify(right, images=tmp_path / "filed")
    own = next(row for row in parity.trials if row.own)
    assert own.top1 == 1.0 and parity.images == 12
    assert len(parity.trials) == 12
    wrong = Network(replace(right.backbone, preprocessing=CAFFE), tiny.params)
    parity = circuitdsl.verify(wrong, images=tmp_path / "filed")
    assert "prepared otherwise" in parity.findings[0]
    assert parity.trials[0].top1 == 1.0
