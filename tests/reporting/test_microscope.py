"""The microscope: what a page says of units, and where it leads."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from crosses import write_crosses

import circuitdsl
from circuitdsl.text.diagnostics import InputError

UNITS = ["conv2d1:1", "conv2d1:20", "conv2d0:1"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_crosses(tmp_path_factory.mktemp("microscope"))
    target = folder / "page.html"
    shown = circuitdsl.microscope(
        target, UNITS, model="tiny", images=folder / "scenes", steps=0, circuits=[folder]
    )
    assert not shown.partial
    return unescape(re.sub(r"base64,[A-Za-z0-9+/=]+", "", target.read_text(encoding="utf-8")))


def test_each_unit_has_a_place_and_neighbours_lead_to_it(page: str) -> None:
    for unit in UNITS:
        assert f'<section id="{unit}"' in page and f'<li><a href="#{unit}">' in page
    links = set(re.findall(r'<td data-unit="([^"]+)"><a href="#([^"]+)"', page))
    links |= set(re.findall(r'scope=row data-unit="([^"]+)"><a href="#([^"]+)"', page))
    assert links and all(name == place and name in UNITS for name, place in links)


def test_what_a_unit_is_shown_with(page: str) -> None:
    for words in (
        "What excites it",
        "Photographs: conv2d1:1",
        "lines along th",
        "Two settings at once",
        "What it reads, and what reads it",
        "What conv2d1:1 gives to units of conv2d2 on",
    ):
        assert words in page
    assert "curve detectors" in page


def test_the_hand_written_member_is_put_in_the_place_of_a_unit(page: str) -> None:
    sections = {text.partition('"')[0]: text for text in page.split('<section id="')}
    for words in (
        "The attributions of a unit to all of conv2d1, and those of the member in its place",
        ">the member in its place<",
        "crosses.edges[",
    ):
        assert words in sections["conv2d0:1"]
    assert "lies on a grid of its own, so it cannot be put in its place" in sections["conv2d1:1"]


def test_the_best_of_a_kind_have_their_kernels_in_a_section(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    shown = circuitdsl.microscope(
        target, [], model="tiny", find="lines", layer="conv2d1", count=2, steps=0
    )
    names = [unit.name for unit in shown.units]
    text = unescape(target.read_text(encoding="utf-8"))
    assert '<section id="lines-of-conv2d1"' in text and 'href="#lines-of-conv2d1"' in text
    assert all(f'scope=row data-unit="{name}"><a href="#{name}">' in text for name in names)


def test_a_unit_that_is_named_and_found_is_shown_once(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    shown = circuitdsl.microscope(
        target, "conv2d1:1", model="tiny", find="lines", layer="conv2d1", count=10, steps=0
    )
    names = [unit.name for unit in shown.units]
    assert names[0] == "conv2d1:1" and len(set(names)) == len(names)


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing lies under the microscope"):
        circuitdsl.microscope(tmp_path / "page.html", model="tiny")
    with pytest.raises(InputError, match="looked for in no layer"):
        circuitdsl.microscope(tmp_path / "page.html", model="tiny", find="lines")
    with pytest.raises(InputError, match="tiny has no layer `mixd`"):
        circuitdsl.microscope(tmp_path / "page.html", "mixd:3", model="tiny")
