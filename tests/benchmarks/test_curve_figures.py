"""The page of curve detectors says what the kept figures say."""

from __future__ import annotations

import json

from conftest import ROOT
from curves import left_out_table, measures_table


def test_the_tables_of_the_page_are_those_of_the_figures() -> None:
    figures = json.loads((ROOT / "docs" / "figures" / "curves.json").read_text("utf-8"))
    page = (ROOT / "docs" / "curves.md").read_text(encoding="utf-8")
    assert measures_table(figures) in page
    assert left_out_table(figures) in page
