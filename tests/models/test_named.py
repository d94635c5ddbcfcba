"""Weights under other people's names: rules, layouts, archives, ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx_models import onnx
from safetensors.numpy import save_file
from small_network import SMALL, small_weights

from circuitdsl.ir.backbones.naming import Rule
from circuitdsl.models.files.weights import read_weights
from circuitdsl.text.diagnostics import InputError

State = dict[str, np.ndarray]


def torch_state() -> State:
    """`SMALL` as PyTorch would save it."""
    state: State = {}
    weights = small_weights()
    for layer in SMALL.layers:
        if layer.has_weights:
            kernel = weights[layer.kernel_key]
            order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
            state[f"{layer.name}.weight"] = np.ascontiguousarray(kernel.transpose(order))
            state[f"{layer.name}.bias"] = weights[layer.bias_key]
    return state


def written(kind: str, state: State, folder: Path) -> Path:
    path = folder / f"small.{kind}"
    if kind == "onnx":
        path.write_bytes(onnx(state))
    elif kind == "npz":
        np.savez(path, **state)
    else:
        save_file(state, path)
    return path


@pytest.mark.parametrize("kind", ["safetensors", "npz", "onnx"])
def test_a_state_dict_is_read_by_rules_from_any_file(kind, tmp_path):
    found = read_weights(written(kind, torch_state(), tmp_path), SMALL)
    for name, values in small_weights().items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_an_archive_of_our_own_names_is_read_as_it_is(tmp_path):
    found = read_weights(written("npz", small_weights(), tmp_path), SMALL)
    np.testing.assert_array_equal(found["conv2d0_w"], small_weights()["conv2d0_w"])


def _refused(path: Path, backbone=SMALL) -> InputError:
    with pytest.raises(InputError) as caught:
        read_weights(path, backbone)
    return caught.value


@pytest.mark.parametrize("kind", ["safetensors", "npz", "onnx"])
def test_a_key_without_a_rule_is_named(kind, tmp_path):
    state = {**torch_state(), "head.weight": np.zeros((2, 2), np.float32)}
    assert _refused(written(kind, state, tmp_path)).why == "unexpected: head.weight"


def test_a_key_with_two_rules_is_named(tmp_path):
    second = Rule(r"conv2d0\.weight", "conv2d1", "kernel")
    backbone = replace(SMALL, rules=(*SMALL.rules, second))
    path = written("npz", torch_state(), tmp_path)
    assert "conv2d0.weight fits 2 rules" in _refused(path, backbone).why


def test_two_keys_of_one_weight_are_named(tmp_path):
    state = {**torch_state(), "conv2d0_b": small_weights()["conv2d0_b"]}
    why = _refused(written("npz", state, tmp_path)).why
    assert "conv2d0.bias and conv2d0_b are both the bias of conv2d0" in why


def test_a_missing_key_a_wrong_shape_and_a_value_that_is_no_number_are_named(tmp_path):
    state = torch_state()
    del state["conv2d1.bias"]
    state["conv2d0.weight"] = state["conv2d0.weight"][:, :, :5]
    assert _refused(written("npz", state, tmp_path)).why == (
        "missing: conv2d1_b; conv2d0.weight is float32 [6, 3, 5, 7], not float32 [6, 3, 7, 7]"
    )
    state = torch_state()
    state["conv2d0.weight"][0, 0, 0, 0] = np.nan
    assert "not finite, in conv2d0_w" in _refused(written("npz", state, tmp_path)).message


def test_part_of_a_batch_normalisation_is_not_enough(tmp_path):
    norm = Rule(r"bn\.weight", "conv2d0", "gamma")
    backbone = replace(SMALL, rules=(*SMALL.rules, norm))
    state = {**torch_state(), "bn.weight": np.ones(6, np.float32)}
    why = _refused(written("npz", state, tmp_path), backbone).why
    assert why == "missing: beta of conv2d0, mean of conv2d0, variance of conv2d0"


def test_broken_archives_and_models_are_refused(tmp_path):
    path = tmp_path / "small.npz"
    path.write_bytes(written("npz", torch_state(), tmp_path).read_bytes()[:900])
    assert "no archive of arrays" in _refused(path).message
    np.savez(path, a=np.array([{}], object))
    assert "unexpected: a" in _refused(path).why
    path = tmp_path / "small.onnx"
    path.write_bytes(onnx(torch_state())[:-30])
    assert "no ONNX model, or is damaged" in _refused(path).message
    path.write_bytes(b"")
    assert "holds no weights" in _refused(path).message
    path.write_bytes(onnx(torch_state(), outside=True))
    assert "in another file" in _refused(path).message
