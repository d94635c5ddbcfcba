"""Training `tiny`: reproducible, resumable; and the weights that ship are as good as their card."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import jax
import numpy as np
import pytest
from conftest import ROOT
from safetensors import safe_open
from safetensors.numpy import load_file

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.network import Network
from circuitdsl.stimuli.scenes import CLASSES

TINY = BACKBONES["tiny"]
SHIPPED = ROOT / "circuitdsl" / "models" / "tiny.safetensors"
STEPS = 3


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_tiny", ROOT / "examples/train_tiny.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_tiny"] = module
    spec.loader.exec_module(module)
    return module


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, output: Path, seed: int = 3) -> None:
    arguments = ["--output", str(output), "--seed", str(seed), "--steps", str(STEPS)]
    monkeypatch.setattr(sys, "argv", ["train_tiny", *arguments, "--held-out", "40"])
    script.main()


@pytest.fixture(scope="module")
def unbroken(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("unbroken") / "tiny.safetensors"
    with pytest.MonkeyPatch.context() as monkeypatch:
        run(script, monkeypatch, output)
    return output


def test_it_writes_every_weight_of_the_backbone_and_nothing_else(unbroken: Path) -> None:
    shapes = {name: value.shape for name, value in load_file(unbroken).items()}
    assert shapes == TINY.parameter_shapes
    assert [path.name for path in unbroken.parent.iterdir()] == [unbroken.name]


def test_a_run_that_was_interrupted_ends_with_the_weights_of_an_unbroken_one(
    script: ModuleType, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "tiny.safetensors"
    draw, drawn = script.scenes, []

    def interrupted(*arguments: object) -> object:
        drawn.append(arguments)
        if len(drawn) == 2:
            raise KeyboardInterrupt
        return draw(*arguments)

    monkeypatch.setattr(script, "scenes", interrupted)
    with pytest.raises(SystemExit, match="130"):
        run(script, monkeypatch, output)
    assert not output.exists()
    run(script, monkeypatch, output)
    # the files' bytes may differ: safetensors writes metadata in no fixed order
    resumed, straight = load_file(output), load_file(unbroken)
    for name, value in straight.items():
        np.testing.assert_array_equal(resumed[name], value, err_msg=name)


def test_another_seed_gives_other_weights(
    script: ModuleType, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(script, monkeypatch, tmp_path / "other.safetensors", seed=4)
    other = load_file(tmp_path / "other.safetensors")["conv2d0_w"]
    assert not np.allclose(other, load_file(unbroken)["conv2d0_w"], atol=1e-2)


def test_a_checkpoint_of_other_settings_is_refused(script: ModuleType, tmp_path: Path) -> None:
    checkpoint = tmp_path / "tiny.checkpoint.safetensors"
    state = script.start(jax.random.key(3), STEPS)
    script.save_checkpoint(checkpoint, state, {"seed": 3, "steps": STEPS}, 1)
    with pytest.raises(SystemExit, match="delete it to start afresh"):
        script.train(4, STEPS, checkpoint)


def test_the_shipped_weights_are_small_and_say_what_they_are() -> None:
    assert SHIPPED.stat().st_size < 2_000_000
    shapes = {name: value.shape for name, value in load_file(SHIPPED).items()}
    assert shapes == TINY.parameter_shapes
    with safe_open(SHIPPED, framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["model"] == "tiny"
    assert metadata["classes"].count('"') == 2 * len(CLASSES)


def test_the_shipped_weights_are_as_good_as_their_card_says(script: ModuleType) -> None:
    card = SHIPPED.with_suffix(".md").read_text(encoding="utf-8")
    stated = re.search(r"([\d.]+) % of [\d,]+ held-out scenes of 64 px", card)
    assert stated is not None
    found = script.accuracy(Network(TINY, load_file(SHIPPED)), 0, 400, 64)
    # three standard errors of a share of 400
    assert found == pytest.approx(float(stated[1]) / 100, abs=0.075)
