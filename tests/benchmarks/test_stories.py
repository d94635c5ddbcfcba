"""The tables of docs/stories.md are those of its figures, and its scripts name the units found."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT
from story_tables import tables

from circuitdsl.checking import load

FIGURES = json.loads((ROOT / "docs" / "figures" / "stories.json").read_text("utf-8"))


@pytest.mark.parametrize("number", range(len(tables(FIGURES))))
def test_the_tables_of_the_page_are_those_of_the_figures(number: int) -> None:
    assert tables(FIGURES)[number] in (ROOT / "docs" / "stories.md").read_text(encoding="utf-8")


def test_the_script_removes_the_pairs_that_were_found() -> None:
    text = (ROOT / "examples" / "one_head.circ").read_text(encoding="utf-8")
    for side in ("left", "right"):
        units: dict[str, list[int]] = {}
        for pair in FIGURES["heads"]["pairs"]:
            units.setdefault(pair["layer"], []).append(pair[side])
        named = ", ".join(f"V.{layer}{sorted(own)}" for layer, own in units.items())
        assert f"ablate {named} to zero" in text


def test_the_car_is_of_the_parts_that_were_found() -> None:
    circuit = load(ROOT / "examples" / "car_parts.circ")
    first = {name: rows[0]["unit"] for name, rows in FIGURES["car"]["parts"].items()}
    found = {name: circuit.by_name[name].units for name in ("pane", "wheel", "body")}
    assert found == {
        "pane": (first["above"],),
        "wheel": (first["below"],),
        "body": (first["body"],),
    }
