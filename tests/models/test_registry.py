import dataclasses
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from file_server import serving
from graphdefs import graphdef
from safetensors.numpy import save_file
from small_network import SMALL, small_weights

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models import outputs, registry
from circuitdsl.models.files.download import Remote
from circuitdsl.models.files.fetch import fetch
from circuitdsl.models.files.weights import GRAPH_MEMBER, read_weights, write_weights
from circuitdsl.text.diagnostics import InputError


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and no folders named."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    monkeypatch.delenv(registry.FOLDERS_VARIABLE, raising=False)
    return registry.cache_folder()


@pytest.fixture
def small(cache, monkeypatch) -> str:
    """A registry whose InceptionV1 models are small ones."""
    monkeypatch.setitem(BACKBONES, "small", SMALL)
    for name in ("inceptionv1", "inceptionv1-caffe2"):
        changed = dataclasses.replace(
            registry.MODELS[name], backbone="small", remotes=(), file_digests=(), tensor_digest=""
        )
        monkeypatch.setitem(registry.MODELS, name, changed)
    return "inceptionv1"


def test_an_unknown_model_is_refused_with_a_suggestion():
    with pytest.raises(InputError) as caught:
        registry.model_path("inceptionv2")
    assert caught.value.message == "there is no model `inceptionv2`"
    assert caught.value.help == "did you mean `inceptionv1`?"


def test_without_weights_the_message_says_which_file_to_put_where(cache):
    with pytest.raises(InputError) as caught:
        registry.load_network("inceptionv1")
    assert caught.value.message == "the weights of inceptionv1 are not here"
    assert str(cache) in caught.value.why
    assert "circuitdsl models fetch inceptionv1" in caught.value.help
    assert "put inception5h.zip from https://storage.googleapis.com" in caught.value.help
    assert f"into {cache} (or a folder that CIRCUITDSL_MODELS names)" in caught.value.help


def test_a_path_goes_before_named_folders_and_those_before_the_cache(
    small, cache, tmp_path, monkeypatch
):
    folders = [tmp_path / "first", tmp_path / "second"]
    monkeypatch.setenv(registry.FOLDERS_VARIABLE, os.pathsep.join(map(str, folders)))
    places = [cache, folders[1], folders[0]]
    for place in places:
        path = place / "inceptionv1.safetensors"
        write_weights(path, small_weights())
        assert registry.model_path(small) == path
    given = tmp_path / "given.safetensors"
    with pytest.raises(InputError, match="there is no weight file"):
        registry.model_path(small, given)
    write_weights(given, small_weights(1))
    assert registry.model_path(small, given) == given
    network = registry.load_network(small, given)
    np.testing.assert_array_equal(network.params["conv2d0_w"], small_weights(1)["conv2d0_w"])


def test_the_best_model_is_the_first_whose_weights_are_here(small, cache):
    assert registry.best_available() == "tiny"
    write_weights(cache / "inceptionv1-caffe2.safetensors", small_weights())
    assert registry.best_available() == "inceptionv1-caffe2"
    write_weights(cache / "inceptionv1.safetensors", small_weights())
    assert registry.best_available() == "inceptionv1"
    assert registry.best_available("tiny") == "tiny"
    assert registry.best_available("resnet18") == "resnet18"


def test_verify_states_what_was_compared(small, cache):
    path = cache / "inceptionv1.safetensors"
    write_weights(path, small_weights())
    assert registry.verify(small) == registry.Verification(
        path,
        "14 tensors of the right shapes, all finite; "
        "the tensors are those that were written (SHA-256)",
    )
    save_file(small_weights(), path)
    assert registry.verify(small).statement.endswith("no checksum is known for this file")


def test_verify_refuses_weights_that_are_not_the_published_ones(small, cache, monkeypatch):
    archive = cache / "inception5h.zip"
    cache.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(GRAPH_MEMBER, graphdef(small_weights()))
    changed = dataclasses.replace(
        registry.MODELS[small], file_digests=(("inception5h.zip", "0" * 64),)
    )
    monkeypatch.setitem(registry.MODELS, small, changed)
    with pytest.raises(InputError) as caught:
        registry.verify(small)
    assert caught.value.message == f"{archive} is not what it should be"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert caught.value.why == f"its SHA-256 is {found}, not {'0' * 64}"


def test_the_registry_names_the_published_files():
    urls = [remote.url for remote in registry.MODELS["inceptionv1-caffe2"].remotes]
    names = {url.rsplit("/", 1)[1].removesuffix(".h5") for url in urls}
    assert names == set(BACKBONES["inceptionv1"].parameter_shapes)
    assert all(url.startswith("https://") for url in urls)
    for model in registry.MODELS.values():
        assert all(len(remote.sha256) == 64 for remote in model.remotes)


def test_every_output_of_inceptionv1_has_a_name():
    labels, names = outputs.labels("inceptionv1"), outputs.class_names("inceptionv1")
    assert len(labels) == len(names) == 1008
    assert labels == outputs.labels("inceptionv1-caffe2")
    assert (labels[0], names[0]) == ("", "unused")
    assert (labels[1], names[1]) == ("n02119789", "kit fox")
    assert (labels[1000], names[1000]) == ("n03255030", "dumbbell")
    assert len(set(labels)) == 1008


@pytest.fixture
def published(small, monkeypatch):
    """A server that publishes the small models, and a registry that points to it."""
    import io

    import h5py

    with serving() as server:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(GRAPH_MEMBER, graphdef(small_weights()))
        server.files["/inception5h.zip"] = buffer.getvalue()
        for name, values in small_weights(1).items():
            part = io.BytesIO()
            with h5py.File(part, "w") as file:
                file.create_dataset(name, data=np.moveaxis(values, -1, 0))
            server.files[f"/dump/{name}.h5"] = part.getvalue()
        remotes = [
            Remote(server.url + path, hashlib.sha256(body).hexdigest(), len(body))
            for path, body in server.files.items()
        ]
        single, parts = remotes[0], tuple(remotes[1:])
        for name, changes in {
            "inceptionv1": {"remotes": (single,)},
            "inceptionv1-caffe2": {"remotes": parts},
        }.items():
            changed = dataclasses.replace(registry.MODELS[name], **changes)
            monkeypatch.setitem(registry.MODELS, name, changed)
        yield server


def test_a_single_file_is_fetched_and_opens(published, cache):
    path = fetch("inceptionv1")
    assert path == cache / "inception5h.zip"
    assert registry.model_path("inceptionv1") == path
    network = registry.load_network("inceptionv1")
    np.testing.assert_array_equal(network.params["softmax2_w"], small_weights()["softmax2_w"])


def test_a_dump_is_fetched_file_by_file_and_joined(published, cache):
    seen: list[tuple[int, int | None]] = []
    published.stop_after = 2300  # the larger files break off
    with pytest.raises(InputError, match="stopped after 2,300 of"):
        fetch("inceptionv1-caffe2")
    assert (cache / "inceptionv1-caffe2.parts" / "conv2d0_w.h5.part").stat().st_size == 2300
    published.stop_after = None
    path = fetch("inceptionv1-caffe2", lambda here, total: seen.append((here, total)))
    assert ("/dump/conv2d0_w.h5", "bytes=2300-") in published.requests
    total = sum(remote.size for remote in registry.MODELS["inceptionv1-caffe2"].remotes)
    assert seen[-1] == (total, total)
    assert [entry.name for entry in cache.iterdir()] == ["inceptionv1-caffe2.safetensors"]
    for name, values in read_weights(path, SMALL).items():
        np.testing.assert_array_equal(values, small_weights(1)[name])
    before = len(published.requests)
    assert fetch("inceptionv1-caffe2") == path
    assert len(published.requests) == before
    path.write_bytes(path.read_bytes()[:-10])  # damaged: it is fetched again
    read_weights(fetch("inceptionv1-caffe2"), SMALL)


def test_a_failed_fetch_says_what_to_put_where(published, cache):
    published.files.clear()
    with pytest.raises(InputError) as caught:
        fetch("inceptionv1")
    assert caught.value.why == "the server answered 404 Not Found"
    assert f"put inception5h.zip from {published.url}/inception5h.zip" in caught.value.help
    assert str(cache) in caught.value.help


def test_what_ships_needs_no_fetching(tmp_path, monkeypatch, small):
    monkeypatch.setenv(registry.FOLDERS_VARIABLE, str(tmp_path))
    write_weights(tmp_path / "tiny.safetensors", {"a": np.zeros(1, np.float32)})
    assert fetch("tiny") == tmp_path / "tiny.safetensors"


def test_class_names_may_be_noted_in_the_weights(tmp_path, monkeypatch):
    monkeypatch.setenv(registry.FOLDERS_VARIABLE, str(tmp_path))
    weights = {"a": np.zeros(1, np.float32)}
    write_weights(tmp_path / "tiny.safetensors", weights, {"classes": '["arc", "line"]'})
    assert outputs.labels("tiny") == ("arc", "line")


def test_looking_at_the_registry_does_not_load_jax():
    script = "import circuitdsl.models.registry, sys; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert done.stdout.strip() == b"False"


@pytest.mark.network
def test_the_real_weights_are_the_published_ones(caffe2_weights):
    statement = registry.verify("inceptionv1-caffe2", caffe2_weights).statement
    assert statement.endswith("the tensors are as published (SHA-256)")
