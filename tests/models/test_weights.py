import contextlib
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from graphdefs import graphdef
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from small_network import SMALL, small_weights

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.files.weights import (
    GRAPH_MEMBER,
    read_metadata,
    read_weights,
    tensors_digest,
    write_weights,
)
from circuitdsl.text.diagnostics import InputError


def _assert_equal(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(SMALL.parameter_shapes)
    for name, values in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def _refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_weights(path, SMALL)
    return caught.value


def test_written_weights_come_back_with_their_metadata(tmp_path):
    weights = small_weights()
    path = tmp_path / "folder" / "small.safetensors"
    write_weights(path, weights, {"seed": "0"})
    _assert_equal(read_weights(path, SMALL), weights)
    assert read_metadata(path) == {"seed": "0", "tensors_sha256": tensors_digest(weights)}


def test_the_digest_is_of_names_shapes_and_values():
    weights = small_weights()
    assert tensors_digest(weights) == tensors_digest(dict(reversed(weights.items())))
    others = [
        {**weights, "conv2d0_b": weights["conv2d0_b"] + 1},
        {**weights, "conv2d0_b": weights["conv2d0_b"].reshape(2, 3)},
        {name.replace("conv2d0", "conv2d9"): values for name, values in weights.items()},
    ]
    assert len({tensors_digest(other) for other in [weights, *others]}) == 4


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_published_zip_is_read(tmp_path, compression):
    weights = small_weights()
    extra = {**weights, "head0_bottleneck_w": np.zeros((1, 1, 8, 2), np.float32)}
    path = tmp_path / "inception5h.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(GRAPH_MEMBER, graphdef(extra))
        archive.writestr("LICENSE", "Apache-2.0")
    _assert_equal(read_weights(path, SMALL), weights)


def test_the_bare_graph_is_read(tmp_path):
    path = tmp_path / GRAPH_MEMBER
    path.write_bytes(graphdef(small_weights()))
    _assert_equal(read_weights(path, SMALL), small_weights())


def _write_dump(folder: Path, weights: dict[str, np.ndarray], *, dense_ndim: int = 4) -> None:
    folder.mkdir()
    for name, values in weights.items():
        stored = np.moveaxis(values, -1, 0) if values.ndim > 1 else values
        if values.ndim == 2 and dense_ndim == 4:
            stored = stored[:, None, None, :]
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file.create_dataset(name, data=stored)


@pytest.mark.parametrize("dense_ndim", [2, 4])
def test_the_public_dump_is_read_and_turned(tmp_path, dense_ndim):
    _write_dump(tmp_path / "dump", small_weights(), dense_ndim=dense_ndim)
    _assert_equal(read_weights(tmp_path / "dump", SMALL), small_weights())
    _assert_equal(read_weights(tmp_path, SMALL), small_weights())  # a clone of the repository


def test_a_dump_with_a_broken_file_is_refused(tmp_path):
    folder = tmp_path / "dump"
    _write_dump(folder, small_weights())
    broken = folder / "conv2d0_w.h5"
    broken.write_bytes(broken.read_bytes()[:1000])
    assert _refused(folder).message == f"{broken} cannot be read as HDF5"
    (folder / "conv2d0_w.h5").unlink()
    assert _refused(folder).why == "missing: conv2d0_w"
    with h5py.File(folder / "conv2d0_w.h5", "w") as file:
        file.create_dataset("another", data=np.zeros(3))
    assert _refused(folder).message == f"{broken} has no dataset `conv2d0_w`"


def test_a_folder_without_a_dump_is_refused(tmp_path):
    assert _refused(tmp_path).message == f"{tmp_path} holds no HDF5 files"


@pytest.mark.parametrize("keep", [0, 5, 100, 2000])
def test_a_truncated_safetensors_is_refused(tmp_path, keep):
    path = tmp_path / "small.safetensors"
    write_weights(path, small_weights())
    path.write_bytes(path.read_bytes()[:keep])
    error = _refused(path)
    assert error.message == f"{path} is no safetensors file, or is damaged"
    assert "fetch it again" in error.help


def _written(tmp_path: Path, kind: str, weights: dict[str, np.ndarray]) -> Path:
    path = tmp_path / f"weights.{kind}"
    if kind == "pb":
        path.write_bytes(graphdef(weights))
    else:
        save_file(weights, path)
    return path


@pytest.mark.parametrize("kind", ["pb", "safetensors"])
def test_a_missing_and_a_misshapen_tensor_are_named_in_one_message(tmp_path, kind):
    weights = small_weights()
    del weights["mixed3a_3x3_b"]
    weights["conv2d0_w"] = weights["conv2d0_w"][:5].copy()
    error = _refused(_written(tmp_path, kind, weights))
    assert error.message == f"{tmp_path}/weights.{kind} does not hold the weights of small"
    assert error.why == (
        "missing: mixed3a_3x3_b; conv2d0_w is float32 [5, 7, 3, 6], not float32 [7, 7, 3, 6]"
    )


def test_an_unexpected_tensor_and_another_type_are_named(tmp_path):
    weights = {**small_weights(), "stranger": np.zeros(3, np.float32)}
    weights["conv2d0_b"] = weights["conv2d0_b"].astype(np.float64)
    error = _refused(_written(tmp_path, "safetensors", weights))
    assert error.why == "unexpected: stranger; conv2d0_b is float64 [6], not float32 [6]"


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kind", ["pb", "safetensors"])
def test_values_that_are_not_finite_are_refused(tmp_path, kind, value):
    weights = small_weights()
    weights["mixed3a_1x1_w"][0, 0, 1, 1] = value
    error = _refused(_written(tmp_path, kind, weights))
    assert error.message.endswith("holds values that are not finite, in mixed3a_1x1_w")


def test_weights_of_another_architecture_are_refused_briefly(tmp_path):
    path = tmp_path / "small.safetensors"
    write_weights(path, small_weights())
    with pytest.raises(InputError) as caught:
        read_weights(path, BACKBONES["inceptionv1"])
    assert len(caught.value.why) < 1000


def test_unknown_and_absent_files_are_refused(tmp_path):
    assert "there is no weight file" in _refused(tmp_path / "none.safetensors").message
    (tmp_path / "weights.pkl").write_bytes(b"cos\nsystem\n(S'echo'\ntR.")
    assert "no weight file that is known" in _refused(tmp_path / "weights.pkl").message


def test_a_zip_without_the_graph_or_that_is_none_is_refused(tmp_path):
    path = tmp_path / "inception5h.zip"
    path.write_bytes(b"PK\x03\x04 nothing more")
    assert _refused(path).message == f"{path} is no zip archive, or is damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert _refused(path).message == f"{path} holds no {GRAPH_MEMBER}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(GRAPH_MEMBER, graphdef(small_weights()))
    assert "compressed in an unusual way" in _refused(path).message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.parametrize("kind", ["zip", "safetensors"])
def test_damaged_files_raise_only_input_errors(tmp_path, kind, data):
    path = tmp_path / f"damaged.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(GRAPH_MEMBER, graphdef(small_weights()))
    else:
        write_weights(path, small_weights())
    content = bytearray(path.read_bytes())
    ends = st.one_of(st.integers(0, 400), st.integers(len(content) - 400, len(content) - 1))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(ends)] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        read_weights(path, SMALL)


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / "small.safetensors"
    write_weights(path, small_weights(), {"version": "old"})
    script = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from small_network import small_weights
from circuitdsl.text.diagnostics import InputError
from circuitdsl.models.files.weights import write_weights
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_weights(Path({str(path)!r}), small_weights(1))
except InputError as error:
    print(error.message)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout == f"{path} cannot be written\n", done.stderr
    assert read_metadata(path)["version"] == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.safetensors"]
