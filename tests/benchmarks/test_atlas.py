"""The photographs of the atlas, split once and for good; its tables."""

from __future__ import annotations

import json
from pathlib import Path

from atlas import cleanroom_table, coverage_table, networks_table, thirds
from conftest import ROOT

SHARE = {"zero": 0.9, "mean": 0.8}
PART = {"replaced": 60, "units": 64, "recovered": SHARE}
COVERAGE = {
    "layers": [
        {
            "layer": "conv2d0",
            "units": 64,
            "covered": {"0.5": 0.9375, "0.7": 0.5},
            "mean_best_r": 0.75,
        }
    ]
}
CLEANROOM = {
    "layers": [{"layer": "conv2d0", **PART}],
    "first": [{"through": "conv2d0", **PART}, {"through": "conv2d1", **PART}],
    "alone": PART,
    "all": dict.fromkeys(("permuted", "shuffled", "random"), SHARE),
}


def test_every_third_photograph_by_sorted_name(tmp_path: Path) -> None:
    names = ("a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "c/1.jpg")
    for name in names:
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text(name)
    for _ in range(2):  # a second run finds the links there
        parts = thirds(tmp_path / "all", tmp_path / "parts")
    found = [
        sorted(path.relative_to(part).as_posix() for path in part.rglob("*.jpg")) for part in parts
    ]
    assert found == [["a/1.jpg", "b/2.jpg"], ["a/2.jpg", "c/1.jpg"], ["b/1.jpg"]]


def test_the_tables() -> None:
    assert coverage_table(COVERAGE).endswith("| conv2d0 | 64 | 94% | 50% | 0.75 |")
    lines = cleanroom_table(CLEANROOM).splitlines()
    assert lines[2] == "| conv2d0 | 60 of 64 | 0.90 | 0.80 |"
    assert lines[3] == "| all through conv2d1 | 60 of 64 | 0.90 | 0.80 |"
    assert lines[-1] == "| control: permuted kernels | | 0.90 | 0.80 |"
    networks = {
        name: {"gabors.bars": {"layer": "conv1", "mean_r": r}}
        for name, r in (("a", 0.6), ("b", 0.7), ("c", 0.5), ("d", 0.3))
    }
    text = networks_table(networks)
    assert "| `gabors.bars` | conv1 0.60 | conv1 0.70 | conv1 0.50 | conv1 0.30 |" in text
    assert text.endswith("1 in at least 3; 0 in at least 4 networks.")


def test_the_tables_of_the_page_are_those_of_the_figures() -> None:
    figures = json.loads((ROOT / "docs" / "figures" / "atlas.json").read_text("utf-8"))
    page = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
    assert coverage_table(figures["coverage"]) in page
    if "cleanroom" in figures:
        assert cleanroom_table(figures["cleanroom"]) in page
