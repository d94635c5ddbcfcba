from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from circuitdsl.compare.effect import Effect, Flip, Variant
from circuitdsl.reporting.drawn.sheets import draw_flips
from circuitdsl.text.diagnostics import InputError


@pytest.fixture
def found(tmp_path) -> Effect:
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "a.png")
    flips = (
        Flip("a.png", "ant", "ant", "bee"),
        Flip("a.png (mirrored)", "ant", "bee", "ant"),
        Flip("a.png", "ant", "a name that goes on and on and on", "bee"),
    )
    return Effect(3, {}, Variant("edited", {}, {}), (), (), flips, (3, 1, 1), ())


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_flipped_predictions_are_drawn(found, tmp_path, suffix):
    target = tmp_path / "out" / f"sheet.{suffix}"
    draw_flips(found, tmp_path, target)
    assert target.stat().st_size > 1000


def test_what_cannot_be_drawn_is_refused(found, tmp_path):
    with pytest.raises(InputError, match="no prediction changed"):
        draw_flips(replace(found, flipped=()), tmp_path, tmp_path / "a.svg")
    with pytest.raises(InputError, match="is no image"):
        draw_flips(found, tmp_path / "elsewhere", tmp_path / "b.svg")
    with pytest.raises(InputError):
        draw_flips(found, tmp_path, tmp_path / "c.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
