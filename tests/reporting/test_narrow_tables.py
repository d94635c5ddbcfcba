"""Tables on a terminal of 60 columns: every number of a wide one is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.table import Table

from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.finders import FINDERS
from circuitdsl.reporting.printed.cleanroom import cleanroom_table
from circuitdsl.reporting.printed.coverage import coverage_table
from circuitdsl.reporting.printed.edits import (
    approximation_table,
    changes_table,
    effect_table,
    effects_table,
    moved_table,
    recovery_table,
    sweep_table,
)
from circuitdsl.reporting.printed.edits import tuning_table as of_sides
from circuitdsl.reporting.printed.families import agreement_table
from circuitdsl.reporting.printed.families import tuning_table as of_family
from circuitdsl.reporting.printed.fits import dials_table, families_table, fit_table, grids_table
from circuitdsl.reporting.printed.matches import matches_table
from circuitdsl.reporting.printed.parity import parity_tables
from circuitdsl.reporting.printed.tables import found_table, score_table
from circuitdsl.reporting.printed.terminal import print_table

Row: Any = SimpleNamespace
CI = (0.1234, 0.5678)
FIGURE = Row(r=0.4321, r_ci=CI, partial_r=0.3456, energy=0.2345, random=0.1357, wrong_pairs=0.0246)
LAYER = "mixed3a_3x3_bottleneck_pre_relu"
MEANS = dict.fromkeys(OUTPUTS, 0.98765)


def always(answer: object) -> Callable[[object], object]:
    """A function that gives one answer, whatever it is asked."""
    return lambda asked: answer


def of_agreement() -> Iterator[Table]:
    match = Row(
        **{"circuit": "high_low", "family": "hilo", "member": "hilo[th=112.5deg,side=1]"},
        **{"layer": LAYER, "unit": 163, "figure": FIGURE},
        **{"along": Row(adds=0.1928), "stimuli": Row(r=0.5637, r_ci=CI)},
    )
    yield matches_table(
        Row(
            model="inceptionv1",
            weights="0123456789abcdef",
            draws=2,
            images=32,
            chosen_on=31,
            rows=[match] * 2,
        )
    )
    unit = Row(hand="hilo[th=112.5deg,side=1]", original=f"{LAYER}:163", figure=FIGURE)
    names = ("natural_r", "partial_r", "energy", "random", "wrong_pairs")
    yield agreement_table(
        Row(
            **{"family": "hilo", "file": "high_low.circ", "layer": LAYER, "model": "inceptionv1"},
            **{"searched": [LAYER] * 3, "of_kind": True, "chosen_on": 31, "images": 32},
            **{"images_from": "photographs", "units": [unit] * 2, "natural_r_ci": CI},
            mean=dict.fromkeys(names, 0.6543),
        )
    )
    layer = Row(
        **{"layer": LAYER, "rows": [0] * 256, "mean_best_r": 0.4444},
        **{"share": always(0.8437), "families": always(dict.fromkeys(["a" * 30, "b"], 0.27))},
    )
    yield coverage_table(
        Row(
            **{"model": "inceptionv1", "images": 32, "members": 2048, "chosen_on": 31},
            **{"thresholds": (0.5, 0.6, 0.7), "layers": [layer]},
        )
    )


def of_splices() -> Iterator[Table]:
    share = Row(measure="kl", against="zero", value=0.4872, ci=CI, shuffled=0.0912, random=0.1048)
    part = Row(name=LAYER, replaced=115, units=320, share=always(share))
    yield cleanroom_table(
        Row(
            **{"model": "inceptionv1", "threshold": 0.5, "calibrated_on": 24},
            cleanroom=Row(
                images=32, layers=[part], first=[part] * 2, alone=part, controls={"random": part}
            ),
        )
    )
    means = dict.fromkeys(("intact", "zero", "spliced"), MEANS)
    found = {"n": 64, "identity": None}
    yield recovery_table(
        Row(**found, units=["u"] * 8, calibrated_on=24, means=means, shares=[share] * 2)
    )
    changes = {name: Row(value=-0.1234, ci=CI) for name in OUTPUTS}
    variant = Row(name="random units of mixed3a 1", means=MEANS, changes=changes)
    effect = Row(
        **found,
        **{"intact": MEANS, "edited": variant, "controls": [variant], "flips": (21, 13, 8)},
        **{"model": "inceptionv1", "moved": [Row(name="a long name of a class", change=0.01234)]},
    )
    yield effect_table(effect, "no curves")
    yield effects_table({"no curves": effect}, "edits.circ")
    yield changes_table(effect)
    yield moved_table(effect)


def of_the_rest() -> Iterator[Table]:
    difference = Row(layer=LAYER, largest=0.000123, share=4.5e-7)
    trial = Row(name="RGB minus means", own=True, top1=0.574, top5=0.987, cross_entropy=1.2345)
    yield from parity_tables(
        Row(model="inceptionv1", layers=[difference], images=64, trials=[trial])
    )
    means = np.full((2, len(OUTPUTS)), 0.54321)
    swept = Row(names=["intact", f"{LAYER}:163, {LAYER}:164"], images=64, means=means)
    yield sweep_table(Row(**vars(swept), change=always(np.array([0.01234]))))
    yield approximation_table(
        Row(names=[LAYER], changes=np.array([0.123]), images=64, sample=8, spearman=0.912)
    )
    settings = {"bow": 21.1437, "reach_of_the_template": 12.6543}
    measures = {"agreement": (0.5012, 0.6123), "splice": (0.1012, 0.2123)}
    yield families_table(
        [Row(file="f" * 30, family="curve", settings=settings, measures=measures)] * 2
    )
    figures = dict.fromkeys(("raw_r", "aligned_r", "echo", "filled_r", "coloured_r"), 0.7777)
    unit = Row(unit=379, match=f"{LAYER}:163", figures=figures)
    yield grids_table(
        Row(source="a published grid", units=[unit] * 2, mean=figures, variants_are="discs")
    )


def of_tunings() -> Iterator[Table]:
    finder = FINDERS["curves"]
    tuning = Row(preferred_deg=123.4567, fwhm_deg=67.89, echo=0.1234, peak=987.0, selectivity=0.87)
    unit = Row(
        **{"hand_tuning": tuning, "original_tuning": tuning, "original": f"{LAYER}:163"},
        **{"preferred_error_deg": 2.3456, "tuning_r": 0.8765, "natural_r": 0.4321},
        natural_r_ci=CI,
    )
    common = {"file": "curves.circ", "layer": LAYER, "model": "inceptionv1", "of_kind": False}
    means = {"preferred_error_deg": 2.3456, "echo": 0.1234, "tuning_r": 0.8765, "natural_r": 0.43}
    shown = {"images": 32, "images_from": "photographs", "grid": Row(size=1440), "finder": finder}
    yield score_table(
        Row(**common, **shown, family="curve", units=[unit] * 2, natural_r_ci=CI, mean=means)
    )
    found = Row(unit=163, branch=LAYER, tuning=tuning)
    yield found_table(Row(**common, **shown, units=[found] * 2), 2)
    axis = Row(axis="th", period_deg=180.0, preferred=123.4, width=56.7, rival=0.1234)
    member = Row(
        **{"original": f"{LAYER}:163", "rivals": [(0, 0.2345, 0.3456)], "tuning_r": 0.8765},
        **{"hand_axes": [axis], "original_axes": [axis]},
    )
    yield of_family(Row(family="hilo", sets=["first", "second"], axes=["th"], units=[member] * 2))
    measured = {"echo(left)": 0.1234, "echo(right)": 0.5678, "correlation": 0.8765}
    identity = Row(lines=[f"{LAYER}: {', '.join(map(str, range(100, 114)))}"])
    side = Row(name="echoes", identity=identity, measured=measured, units=always(range(14)))
    yield of_sides([side])


def of_fits() -> Iterator[Table]:
    units = [f"{LAYER}:{number}" for number in range(100, 110)]
    half = Row(natural_r=0.4321, natural_r_ci=CI, units=units)
    grids, held = Row(mean={"raw_r": 0.7654, "aligned_r": 0.8765}), [Row(holds=True)] * 14
    scores = Row(train=half, test=half, grids=grids, claims=held)
    dials = [Row(name="tangents.radius_of_the_arc", unit="px", default=21.14, low=10.5, high=60.25)]
    fitted = Row(
        **{"family": "curve", "file": "curves.circ", "model": "inceptionv1", "weights": "a" * 64},
        **{"before": scores, "after": scores, "found_by": "agreement", "dials": dials},
        **{"settings": {dials[0].name: 23.4567}, "objective": [("natural", 1.0), ("grid", 2.5)]},
        fit=Row(steps=300, measures={"natural": (0.5012, 0.6123)}),
    )
    yield dials_table(fitted)
    yield fit_table(fitted)


@pytest.mark.parametrize("tables", [of_agreement, of_splices, of_the_rest, of_tunings, of_fits])
def test_sixty_columns_have_every_number(
    tables: Callable[[], Iterator[Table]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed: list[Counter[str]] = []
    for columns in ("400", "60"):
        monkeypatch.setenv("COLUMNS", columns)
        for table in tables():
            print_table(table)
        printed.append(Counter(re.findall(r"\d+(?:\.\d+)?", capsys.readouterr().out)))
    assert printed[0] == printed[1]
