"""Ranking by tuning alone: hand-made units, and a real network."""

import math

import numpy as np
import pytest

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.members.angles import even_deg, largest_gap_deg
from circuitdsl.measure.tunings.find import FoundFamily, FoundUnit, find_family, rank
from circuitdsl.measure.tunings.tuning import tuning_along
from circuitdsl.models.network import Network
from circuitdsl.stimuli.drawing.circles import CircleGrid
from circuitdsl.text.diagnostics import InputError

ANGLES = even_deg(72, 360.0)
RADII, CONTRASTS = 4, 2


def bump(preferred, width=45.0):
    away = np.deg2rad(np.asarray(ANGLES) - preferred)
    return np.exp(math.log(2) * (np.cos(away) - 1) / (1 - math.cos(math.radians(width / 2))))


def unit(curve_of):
    """Responses `[radius, angle, contrast]` from a curve for each radius and contrast."""
    curves = [[curve_of(r, c) for c in range(CONTRASTS)] for r in range(RADII)]
    return np.moveaxis(np.array(curves), 2, 1)


UNITS = {
    "curve": unit(lambda r, c: 100 * bump(70)),
    "broad": unit(lambda r, c: 100 * bump(70, 140)),
    "wanders": unit(lambda r, c: 100 * bump(70 + 60 * r)),
    "flips": unit(lambda r, c: 100 * bump(70 + 180 * c)),
    "line": unit(lambda r, c: 100 * (bump(70) + bump(250))),
    "dark only": unit(lambda r, c: 100 * bump(70) * (c == 0)),
    "flat": unit(lambda r, c: np.full(72, 20.0)),
    "weak": unit(lambda r, c: bump(70)),
    "dead": unit(lambda r, c: np.zeros(72)),
}


def test_the_single_peaked_unit_comes_first_and_the_dead_one_never():
    names = list(UNITS)
    ranked = rank(np.stack(list(UNITS.values()), axis=-1), ANGLES)
    scores = {names[index]: score for index, score in ranked}
    order = list(scores)
    assert order[:2] == ["curve", "broad"]
    assert order.index("dark only") > 1
    assert {"dead", "flat", "line", "flips"} & set(order[:4]) == set()
    assert "dead" not in scores
    assert scores["curve"] > 1.5 * scores["dark only"]
    assert scores.get("weak", 0) < 0.3  # no peak above what any unit of the layer does


def test_ranking_does_not_depend_on_scale():
    grid = np.stack(list(UNITS.values()), axis=-1)
    first, second = rank(grid, ANGLES), rank(1000 * grid, ANGLES)
    assert [unit for unit, _ in first] == [unit for unit, _ in second]
    assert [score for _, score in first] == pytest.approx([score for _, score in second])


def found(count=3):
    units = tuple(
        FoundUnit(100 + i, "mixed3b_1x1", 0.9, tuning_along(bump(300 - 100.123 * i), ANGLES))
        for i in range(count)
    )
    return FoundFamily(
        "m", "mixed3b", "inceptionv1", CircleGrid((9.0,), ANGLES), units, np.zeros(0)
    )


def test_the_record_has_the_fields_of_the_json():
    record = found().record()
    assert (record["model"], record["layer"]) == ("m", "mixed3b")
    first = record["units"][0]
    assert {"unit", "preferred_deg", "fwhm_deg", "echo", "peak", "selectivity"} <= set(first)
    assert first["bulge_deg"] == pytest.approx((90 - first["preferred_deg"]) % 360)


def test_the_circuit_declares_the_best_units_in_order_of_angle():
    (family,) = found().circuit(2).families
    assert family.units == (101, 100)
    assert family.axes[0].angles_deg == pytest.approx((199.88, 300), abs=0.2)
    assert family.layer == "mixed3b"


def test_a_layer_that_never_fires_is_said_to():
    backbone = BACKBONES["tiny"]
    shapes = backbone.parameter_shapes
    network = Network(
        backbone, {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    )
    grid = CircleGrid((30.0,), even_deg(4, 360.0))
    with pytest.raises(InputError, match="no unit of mixed3a in silent fires"):
        find_family(network, "mixed3a", "silent", grid)


@pytest.mark.network
def test_the_family_of_inceptionv1_caffe2(caffe2_weights):
    from safetensors.numpy import load_file

    network = Network(BACKBONES["inceptionv1"], load_file(caffe2_weights))
    best = find_family(network, "mixed3b", "inceptionv1-caffe2").units[:10]
    assert {unit.branch for unit in best} == {"mixed3b_5x5"}
    assert all(320 <= unit.unit < 416 for unit in best)
    assert min(unit.tuning.selectivity for unit in best) >= 0.85
    assert largest_gap_deg([unit.tuning.preferred_deg for unit in best]) <= 90
