"""Mixtures: shares are found again, one family serves several units, the text is a circuit."""

from pathlib import Path

import numpy as np
import pytest
from mixtures import Mixture, Samples, agreement, fitted, mixtures_source, part_names, sampled
from PIL import Image

from circuitdsl import load_network
from circuitdsl.checking.load import load, loads
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import InputError

PARTS = """circ 1 "Edges, thin and broad."
from std.shapes import half
backbone V = tiny()
motif edge(width: length) { place = half(width)  norm = l2 }
family thin  [th: rot(4)] at V.conv2d0
family broad [th: rot(4)] at V.conv2d0
connect V.input -> thin  = edge(1px)
connect V.input -> broad = edge(2px) { colour = luma }
"""

MADE = Mixture((1, 4), np.array([1, -0.5], np.float32), -0.2)


@pytest.fixture
def samples() -> Samples:
    """Parts of two members; the second unit is the first one's mixture in the other member."""
    parts = np.random.default_rng(0).random((4000, 2, 6)).astype(np.float32)
    units = np.stack([MADE.answers(parts[:, member]) for member in (0, 1)], axis=1)
    return Samples(parts, units / units.std(axis=0))


def test_one_family_with_the_right_shares_stands_for_both_units(samples: Samples) -> None:
    (found,) = fitted(samples, families=1, shares=2)
    assert set(found.parts) == {1, 4}
    first, second = (found.shares[found.parts.index(part)] for part in (1, 4))
    assert second / first == pytest.approx(-0.5, abs=0.02)
    assert found.bias / first == pytest.approx(-0.2, abs=0.02)
    assert agreement([found], samples)[0].argmax(axis=1).tolist() == [0, 1]


def test_the_text_is_a_circuit_that_answers_as_the_mixture(tmp_path: Path) -> None:
    path, folder = tmp_path / "parts.circ", tmp_path / "photographs" / "noise"
    path.write_text(PARTS, encoding="utf-8")
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((224, 224)).save(folder / "0.png")
    circuit, network = load(path), load_network("tiny")
    names = part_names(circuit)
    shown = open_images(tmp_path / "photographs")
    found = sampled(circuit, names, network, "conv2d0", shown)
    mixture = Mixture((0, 1), np.array([0.5, -0.25], np.float32), 0.125)
    written = loads(mixtures_source(path, names, [mixture]))
    assert part_names(written) == ("mixture1",)
    again = sampled(written, ("mixture1",), network, "conv2d0", shown)
    # parts that are below zero count in the sum, and are cut off in what parts answer
    above = (found.parts > 0).all(axis=-1)
    assert above.any()
    expected = 2 * mixture.answers(found.parts)[above]
    assert again.parts[..., 0][above] == pytest.approx(expected, abs=1e-3)
    with pytest.raises(InputError, match="positions"):
        sampled(circuit, names, network, "mixed3a", shown)


def test_parts_have_the_same_axes() -> None:
    with pytest.raises(InputError, match="differ"):
        part_names(loads(PARTS.replace("broad [th: rot(4)]", "broad [th: rot(8)]")))
