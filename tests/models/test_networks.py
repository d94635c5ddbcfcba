"""The networks of the registry: their tables, their page, their geometry, what their weights do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from circuitdsl.ir.backbones import BACKBONES, Backbone, Layer, declared
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels
from circuitdsl.models.registry import MODELS, find_weights, load_network
from circuitdsl.text.diagnostics import InputError

NAMES = sorted(BACKBONES)


def test_every_backbone_has_a_model_and_a_row_on_the_page():
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = {
        row[0]: row for row in re.findall(r"^\| `(\w+)` \| (\d+)px \|(.*)$", page, re.MULTILINE)
    }
    assert set(rows) == set(BACKBONES) == {model.backbone for model in MODELS.values()}
    for name, (_, side, rest) in rows.items():
        backbone = BACKBONES[name]
        assert int(side) == backbone.input_px
        assert ("BGR" in rest) == (backbone.preprocessing.order == "bgr")
        assert ("256" in rest) == (backbone.preprocessing.short_side is not None)
        if backbone.logits is None:
            assert f"none, ends at `{backbone.layers[-1].name}`" in rest
        else:
            assert f"{backbone.by_name[backbone.logits].width:,} outputs" in rest


Span = tuple[int, int, bool]
"""The first and last pixel, and whether no border cut a window off on the way."""


def _reached(backbone: Backbone, side: int) -> dict[str, list[Span]]:
    """The pixels of an axis that reach each position, by following every window."""
    reached: dict[str, list[Span]] = {}
    for layer in backbone.layers:
        if layer.kind == "input":
            reached[layer.name] = [(pixel, pixel, True) for pixel in range(side)]
        if not layer.inputs or not layer.has_positions:
            continue
        sources = [reached[source] for source in layer.inputs]
        size, before, _ = layer.window(len(sources[0]))
        reached[layer.name] = []
        for position in range(size):
            start = position * layer.stride - before
            at = [tap for tap in range(start, start + layer.kernel) if 0 <= tap < len(sources[0])]
            spans = [source[tap] for source in sources for tap in at]
            whole = len(at) == layer.kernel and all(span[2] for span in spans)
            ends = min(span[0] for span in spans), max(span[1] for span in spans)
            reached[layer.name].append((*ends, whole))
    return reached


@pytest.mark.parametrize("name", NAMES)
def test_strides_offsets_and_fields_are_those_of_the_windows(name):
    backbone = BACKBONES[name]
    side = 2 * backbone.input_px
    for layer, spans in _reached(backbone, side).items():
        sampling = backbone.sampling(layer, side)
        assert len(spans) == sampling.size
        for at, (low, high, whole) in enumerate(spans):
            if whole:
                assert high - low + 1 == sampling.receptive_field, layer
                assert (low + high) / 2 == sampling.offset + at * sampling.stride, layer


@pytest.mark.parametrize("name", NAMES)
def test_ways_and_central_windows_stay_within_the_table(name):
    backbone = BACKBONES[name]
    for layer in backbone.layers:
        if layer.has_units:
            shared = backbone.common_source((layer.name,))
            assert shared is None or backbone.order[shared[0]] < backbone.order[layer.name]


def test_a_table_that_contradicts_itself_is_refused():
    image = Layer("input", "input", (), 3)
    wide = Layer("a", "conv", ("input",), 4)
    with pytest.raises(ValueError, match="comes twice, or reads what does not come before"):
        declared([image, wide, wide])
    with pytest.raises(ValueError, match="add is 3 wide, and what it reads"):
        declared([image, wide, Layer("add", "add", ("input", "a"), 0)])
    with pytest.raises(ValueError, match="cannot be split into 2 groups"):
        declared([image, Layer("b", "conv", ("input",), 4, groups=2)])


@pytest.mark.parametrize("name", [name for name in NAMES if BACKBONES[name].logits is None])
def test_a_network_without_a_classifier_says_so(name):
    with pytest.raises(InputError, match=f"{name} has no classifier") as caught:
        labels(name)
    assert "its table ends at" in caught.value.why


def test_the_classes_of_imagenet_are_in_order_of_their_wordnet_ids():
    assert labels("bvlc_googlenet") == tuple(sorted(labels("inceptionv1")[1:1001]))


# ---- real weights --------------------------------------------------------------------------------


@pytest.fixture
def opened(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Network]:
    """Opens a network with its real weights, or skips."""
    monkeypatch.setenv("CIRCUITDSL_MODELS", str(shared / "models"))

    def open_(name: str) -> Network:
        if find_weights(name) is None:
            pytest.skip(f"no weights of {name} in {shared / 'models'}")
        return load_network(name)

    return open_


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "top1", "top5"), [("bvlc_googlenet", 0.749, 0.926), ("squeezenet_v1_1", 0.622, 0.837)]
)
def test_ported_networks_classify_as_they_did(name, top1, top5, opened, photographs):
    """The figures are those of the full-size photographs; these are smaller copies."""
    from circuitdsl.compare.accuracy import accuracy
    from circuitdsl.stimuli.photographs import open_images

    network = opened(name)
    result = accuracy(network, open_images(photographs, 250), labels(name))
    spread = 3 * np.sqrt(0.25 / result.n)
    assert abs(result.top1 - top1) < spread
    assert abs(result.top5 - top5) < spread


@pytest.mark.network
@pytest.mark.parametrize("name", ["bvlc_alexnet", "vgg16", "vgg19"])
def test_features_of_partial_networks_bring_dogs_together(name, opened, photographs):
    """Nearest neighbours of dogs are dogs, more often than with the weights shuffled."""
    from circuitdsl.stimuli.photographs import open_images

    network = opened(name)
    layer = network.backbone.layers[-1].name
    generator = np.random.default_rng(0)
    shuffled = Network(
        network.backbone,
        {
            key: generator.permutation(np.asarray(value).ravel()).reshape(value.shape)
            for key, value in network.params.items()
        },
    )
    classes = labels("bvlc_googlenet")
    images = open_images(photographs, 250)
    dog = np.array([151 <= classes.index(images.label(path)) <= 268 for path in images.paths])
    share: list[float] = []
    for each in (network, shuffled):
        parts: list[np.ndarray] = []
        for batch in images.batches(25, 96, network.backbone.preprocessing.short_side):
            maps = np.asarray(each.activations(batch.images, [layer])[layer])[: batch.count]
            parts.append(np.concatenate([maps.mean((1, 2)), maps.max((1, 2))], axis=1))
        values = np.concatenate(parts)
        values = (values - values.mean(0)) / (values.std(0) + 1e-9)
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        near = values @ values.T
        np.fill_diagonal(near, -np.inf)
        share.append(float(dog[near.argmax(axis=1)][dog].mean()))
    assert share[0] > share[1] + 0.05
    assert share[0] > 0.2
