"""Reports: what they say, and what they say where something is lacking."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from crosses import write_crosses
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.run.opening.asking import INTERRUPTED, NO_MODEL
from circuitdsl.run.pages.pairs import Pair, Wiring
from circuitdsl.text.diagnostics import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crosses(tmp_path_factory.mktemp("reports"))


def text_of(page: Path) -> str:
    """A page without its pictures."""
    text = re.sub(r"data:image/\w+;base64,[A-Za-z0-9+/=]+", "data:", page.read_text("utf-8"))
    return unescape(text)


def test_a_circuit_alone(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(
        app, ["report", str(folder / "crosses.circ"), "-o", str(page), "--steps", "0"]
    )
    assert done.exit_code == 0, done.output
    text = text_of(page)
    order = ["Verdicts", "1. Feature visualisation", "2. Dataset examples", "The source"]
    assert [text.index(f">{title}</h2>") for title in order] == sorted(
        text.index(f">{title}</h2>") for title in order
    )
    assert NO_MODEL in text
    assert "curve" not in re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL).lower()
    holds = re.search(r'class="holds">.*?<code>(.*?)</code>', text)
    assert holds is not None and holds[1] == "response(bars) > 0"
    for line, connection in ((11, 0), (12, 1)):
        assert f'<li id="line-0-{line}"><a href="#connection-{connection}">connect' in text
        assert f'<a href="#line-0-{line}">' in text
    assert "<dt>seed</dt><dd>0</dd>" in text


def test_beside_a_trained_network(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shown = circuitdsl.report(
        folder / "crosses.circ",
        page,
        model="tiny",
        images=folder / "scenes",
        steps=0,
        units=50,
    )
    (argued,) = shown.families
    text = text_of(page)
    units = {unit for _, unit in argued.pairs}
    assert units and all(f'data-unit="{unit}"' in text for unit in units)
    assert "curve" not in re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL).lower()
    assert shown.weights in text and shown.images_digest in text and not shown.partial
    for words in (
        "Trained: a row for each unit beside crosses, a column for each beside edges",
        "of channels of conv2d0 that are read alike",
        "Hand-written on bars: contrast -1 to 1 downwards, th 0 to 158 deg rightwards",
        "the pixels that mattered in the strongest",
    ):
        assert words in text
    assert isinstance(argued.wiring, Wiring)
    (pair,) = argued.wiring.pairs.values()
    assert isinstance(pair, Pair)
    assert pair.trained.shape == pair.written.shape
    assert pair.trained.shape[2:] == (len(pair.sources), len(argued.wiring.targets))
    assert 0 <= argued.wiring.shares[0]["edges"] <= 1
    assert argued.wiring.written_shares == {"edges": 1.0}


def test_an_interrupt_leaves_a_page_marked_as_partial(folder: Path, tmp_path: Path) -> None:
    def interrupt(stage: str) -> None:
        if stage.startswith("holding"):
            raise KeyboardInterrupt

    page = tmp_path / "page.html"
    shown = circuitdsl.report(folder / "crosses.circ", page, model="tiny", progress=interrupt)
    text = text_of(page)
    assert shown.partial and "This report is partial" in text and INTERRUPTED in text
    assert "response(bars) > 0" in text


@pytest.mark.parametrize("kind", ["one", "grey", "small"])
def test_poor_photographs(folder: Path, tmp_path: Path, kind: str) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(1 if kind == "one" else 4):
        side = 9 if kind == "small" else 64
        noise = np.random.default_rng(number).integers(0, 255, (side, side), np.uint8)
        Image.fromarray(np.full_like(noise, 128) if kind == "grey" else noise).save(
            images / f"{number}.png"
        )
    page = tmp_path / "page.html"
    shown = circuitdsl.report(folder / "crosses.circ", page, model="tiny", images=images, steps=0)
    assert shown.images == (1 if kind == "one" else 4)
    assert "5. Implementation" in text_of(page)


def test_what_cannot_be_reported(folder: Path, tmp_path: Path) -> None:
    circuit = folder / "crosses.circ"
    with pytest.raises(InputError, match="names no page"):
        circuitdsl.report(circuit, tmp_path / "page.pdf")
    with pytest.raises(InputError, match="has no family `cross`"):
        circuitdsl.report(circuit, tmp_path / "page.html", families=["cross"])
    with pytest.raises(InputError, match="no model `tin`"):
        circuitdsl.report(circuit, tmp_path / "page.html", model="tin")
    (tmp_path / "file").write_text("", encoding="utf-8")
    command = ["report", str(circuit), "-o", str(tmp_path / "file" / "page.html"), "--steps", "0"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 2 and "Traceback" not in done.output
