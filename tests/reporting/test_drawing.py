"""Pictures of circuits: what they name, what they escape, what they ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT
from gallery import picture_of, shipped
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.checking.load import load
from circuitdsl.cli import app
from circuitdsl.reporting.drawn.drawing import draw, page, svg
from circuitdsl.reporting.drawn.plots import plot
from circuitdsl.reporting.templating import rendered
from circuitdsl.run.pages.drawing import portrait
from circuitdsl.stimuli.render import rows
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.tuning import Row, sets_of

SHIPPED = shipped()
SMALL = """circ 1 "Two <b>pathways</b> & 'more'."
from std.shapes import dot, gabor
backbone V = inceptionv1(input=224px)
family gabors [th: orient(4)] at V.conv2d0 { doc = "<script>alert(1)</script>" }
family sum at V.conv2d1 { bias = 1 }
connect V.input -> gabors { colour = luma  place = gabor(6px, length=2.6px, width=1.6px)  dc = 0 }
connect gabors -> sum as less { over = th  place = dot()  gain = -1 }
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.circ"
    path.write_text(SMALL, encoding="utf-8")
    return path


def without_data(text: str) -> str:
    return re.sub(r"data:image/\w+;base64,[A-Za-z0-9+/=]+", "data:", text)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_circuit_draws(path: Path) -> None:
    """The page without what takes a run of the network; tunings are tested apart."""
    shown = portrait(path, answers=False)
    text = without_data(page(shown))
    drawn = svg(shown)
    picture = ElementTree.fromstring(drawn)
    kept = picture_of(path).read_text(encoding="utf-8")
    assert drawn == kept, "the gallery is old: python benchmarks/gallery.py"
    assert f"## {path.stem}\n" in (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    boxes = {node.get("data-unit") for node in picture.iter() if node.get("data-unit")}
    assert boxes >= set(shown.circuit.by_name)
    arrows = [node for node in picture.iter() if "arrow" in node.get("class", "").split()]
    assert len(arrows) == len(shown.circuit.connections)
    for number, connection in enumerate(shown.circuit.connections):
        assert text.count(f'id="connection-{number}"') == 1, connection.name
    if "curve" not in re.sub(r"#.*", "", path.read_text(encoding="utf-8")).lower():
        assert "curve" not in text.lower()
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)""", text) == []
    assert re.findall(r"url\((?!#)", text) == []


def test_a_family_that_does_not_answer_is_not_drawn_as_one_that_does() -> None:
    circuit = load(ROOT / "circuits_src" / "lines.circ")
    family, stimulus = circuit.families[0], circuit.stimuli[0]
    angles = tuple(range(0, 180, 20))
    row = Row(family, stimulus, "th", "deg", angles, (), np.full((len(angles), family.size), 2e-7))
    silent, loud = plot(row), plot(replace(row, responses=1e5 * row.responses))
    assert silent.peak == 0 and set(silent.lines[0].points.split()) <= {"0.0,0.0", "0.0,-0.0"} | {
        "-0.0,0.0",
        "-0.0,-0.0",
    }
    assert loud.peak == pytest.approx(0.02) and "84.0,-0.0" in loud.lines[0].points
    assert "it does not answer" in rendered("plot.html.j2", plot=silent)
    assert "the rim is 0.02" in rendered("plot.html.j2", plot=loud)


def test_the_page_forbids_requests_and_escapes_what_a_file_says(small: Path) -> None:
    text = page(portrait(small))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None and policy[1].startswith("default-src 'none'; img-src data:;")
    assert text.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in text and "<b>pathways" not in text
    assert 'data-unit="gabors[th=45deg]"' in text


def test_a_small_picture(small: Path) -> None:
    golden = ROOT / "tests" / "golden" / "drawing.svg"
    assert svg(portrait(small, answers=False)) == golden.read_text(encoding="utf-8")


def test_tunings_and_maps(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    target = tmp_path / "page.html"
    shown = draw(ROOT / "circuits_src" / "lines.circ", target, family="complex", images=tmp_path)
    assert [path.rsplit("/", 1)[-1] for path in shown.skipped] == ["broken.png"]
    (row,) = shown.tunings
    assert row.along == "th" and row.responses.shape == (len(row.values), 16)
    best = np.array(row.values)[row.responses.argmax(axis=0)]
    assert row.held == ""
    away = np.abs((best - np.arange(16) * 11.25 + 90) % 180 - 90)
    assert away.max() <= 7.5
    text = target.read_text(encoding="utf-8")
    assert "Where complex answers in noise.png" in text and "polyline" in text


def test_a_family_that_names_no_set_is_shown_few_images_of_the_first() -> None:
    circuit = load(ROOT / "circuits_src" / "curves.circ")
    (arcs,) = sets_of(circuit, circuit.by_name["bars"])
    assert arcs.name == "lab.arcs" and len(set(rows(arcs)["radius"].tolist())) == 1
    assert len(set(rows(arcs)["th"].tolist())) == 24


def test_trained_units_are_drawn_as_given() -> None:
    text = page(portrait(ROOT / "circuits_src" / "car.circ"))
    assert "by their numbers: 237" in text and "<meter" in text


def test_png_and_refusals(small: Path, tmp_path: Path) -> None:
    circuitdsl.draw(small, tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as image:
        assert image.format == "PNG" and image.width > 200
    with pytest.raises(InputError, match=r"as `small.gif`"):
        draw(small, tmp_path / "small.gif")
    with pytest.raises(InputError, match="did you mean `gabors`"):
        draw(small, tmp_path / "small.svg", family="gabor")
    with pytest.raises(InputError, match="no image folder"):
        draw(small, tmp_path / "small.html", images=tmp_path / "none")
    result = CliRunner().invoke(app, ["draw", str(small), "-o", str(tmp_path / "small.svg")])
    assert result.exit_code == 0 and (tmp_path / "small.svg").is_file()


def test_of_an_imported_file_what_is_needed_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "parts.circ").write_text(
        """circ 1 "Two bars."
from std.shapes import gabor
backbone V = tiny()
stimulus bars = lines(th=every(45deg))
family used   [th: orient(4)] at V.conv2d0
family unused [th: orient(4)] at V.conv2d0
connect V.input -> used   { place = gabor(6px, length=2.6px, width=1.6px)  norm = l2 }
connect V.input -> unused { place = gabor(9px, length=2.6px, width=1.6px)  norm = l2 }
""",
        encoding="utf-8",
    )
    path = tmp_path / "sum.circ"
    path.write_text(
        """circ 1 "A sum of bars."
from std.shapes import dot
import "parts.circ" as parts
backbone V = tiny()
stimulus lined = lines(th=every(45deg))
family summed at V.conv2d1
connect parts.used -> summed { over = th  place = dot()  norm = mass(1) }
""",
        encoding="utf-8",
    )
    shown = portrait(path)
    assert [family.name for family in shown.families] == ["parts.used", "summed"]
    assert {row.family.name for row in shown.tunings} == {"summed"}
    alone = portrait(path, family="parts.unused", answers=False)
    assert [family.name for family in alone.families] == ["parts.unused"]
