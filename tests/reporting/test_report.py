"""What is printed, drawn and written."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from circuitdsl.compare.score import Comparison, UnitScore
from circuitdsl.ir.members.angles import even_deg
from circuitdsl.measure.tunings.find import FoundFamily, FoundUnit
from circuitdsl.measure.tunings.tuning import tuning_along
from circuitdsl.reporting.drawn.figures import draw_tuning
from circuitdsl.reporting.json_files import write_json
from circuitdsl.reporting.printed.tables import found_table, score_table
from circuitdsl.stimuli.drawing.circles import CircleGrid
from circuitdsl.text.diagnostics import InputError

GRID = CircleGrid((20.0, 40.0), even_deg(72, 360.0))


def tuning(preferred, scale=1.0):
    away = np.deg2rad(np.asarray(GRID.tangent_deg) - preferred)
    return tuning_along(scale * np.exp(4 * (np.cos(away) - 1)), GRID.tangent_deg)


def comparison(units=3, *, silent=False):
    pairs = tuple(
        UnitScore(
            hand=f"curve[th={40 * index}deg]",
            original=f"mixed3b:{320 + index}",
            hand_tuning=tuning(40 * index + 1, 0.0 if silent else 1.0),
            original_tuning=tuning(40 * index, 700.0),
            tuning_r=0.9,
            natural_r=0.5,
            natural_r_ci=(0.4, 0.6),
        )
        for index in range(units)
    )
    names = {"file": "curves.circ", "model": "inceptionv1-caffe2", "family": "curve"}
    where = {"layer": "mixed3b", "grid": GRID, "images": 100, "images_from": "photographs"}
    return Comparison(**names, **where, units=pairs, natural_r_ci=(0.45, 0.55))


def printed(table):
    console = Console(width=80, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def test_the_score_table_fits_80_columns_and_has_the_mean():
    text = printed(score_table(comparison()))
    assert "…" not in text
    assert "curve of curves.circ against mixed3b of inceptionv1-caffe2" in text
    first = next(line for line in text.splitlines() if "mixed3b:320" in line)
    prefers, original, error, *_ = first.split()
    assert original == "mixed3b:320"
    assert float(prefers.rstrip("°")) == pytest.approx(1, abs=0.11)
    assert float(error.rstrip("°")) == pytest.approx(1, abs=0.11)
    mean = next(line for line in text.splitlines() if line.strip().startswith("mean"))
    assert mean.split()[2:] == ["0.00", "0.90", "0.50", "0.45..0.55"]


def test_the_widest_numbers_fit_too():
    wide = comparison()
    flat = tuning_along(np.ones(72), GRID.tangent_deg)
    pairs = [
        replace(
            unit,
            original="mixed3b:479",
            hand_tuning=replace(flat, echo=0.99, preferred_deg=359.9),
            original_tuning=replace(flat, preferred_deg=180.1),
            tuning_r=-0.99,
            natural_r=-0.02,
            natural_r_ci=(-0.06, -0.01),
        )
        for unit in wide.units
    ]
    text = printed(score_table(replace(wide, units=tuple(pairs))))
    assert "…" not in text
    assert "360/360°" in text
    assert "-0.02 -0.06..-0.01" in text


def test_a_silent_unit_has_no_preference_in_the_table():
    assert "none" in printed(score_table(comparison(silent=True)))


def test_the_found_table_fits_80_columns():
    units = tuple(FoundUnit(n, "mixed3b_5x5", 0.9, tuning(n, 900.0)) for n in (321, 380, 415))
    family = FoundFamily("tiny", "mixed3b", "tiny", GRID, units, np.zeros(0))
    text = printed(found_table(family, 2))
    assert "…" not in text
    assert "mixed3b:321" in text
    assert "mixed3b:415" not in text
    assert "the best 2 of 3 units" in text


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_figures_are_drawn_in_every_format(tmp_path, suffix):
    target = tmp_path / f"figure.{suffix}"
    draw_tuning(comparison(7, silent=suffix == "svg"), target)
    assert target.stat().st_size > 5000
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    if suffix == "png":
        with Image.open(target) as image:
            assert min(image.size) > 1000


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot draw a figure as `figure\.xyz`"):
        draw_tuning(comparison(), tmp_path / "figure.xyz")


def test_json_has_null_for_what_is_not_a_number(tmp_path):
    target = tmp_path / "record.json"
    write_json(target, {"a": math.nan, "b": [1.5, math.inf], "c": {"d": "x"}, "e": (2, None)})
    assert json.loads(target.read_text(encoding="utf-8")) == {
        "a": None,
        "b": [1.5, None],
        "c": {"d": "x"},
        "e": [2, None],
    }
