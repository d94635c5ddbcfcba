"""The page of universality says what the kept figures say."""

from __future__ import annotations

import json

from conftest import ROOT
from universality import best_of, table


def test_the_table_of_the_page_is_that_of_the_figures() -> None:
    figures = json.loads((ROOT / "docs" / "figures" / "universality.json").read_text("utf-8"))
    assert table(figures) in (ROOT / "docs" / "universality.md").read_text(encoding="utf-8")


def test_the_best_unit_of_all_layers_is_taken() -> None:
    rows = [
        {"family": "line", "circuit": "curves_fitted", "layer": layer, "r": r}
        for layer, r in (("conv2d1", 0.7), ("conv2d2", 0.8), ("mixed3a", 0.6))
    ]
    assert best_of(rows)["line"]["layer"] == "conv2d2"
    assert set(best_of(rows)) == {"line"}
