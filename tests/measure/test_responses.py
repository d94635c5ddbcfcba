"""Sets of activity as maps of units of a trained network."""

from __future__ import annotations

import numpy as np
import pytest

from circuitdsl.checking import loads
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.members.groups import Element, permutation
from circuitdsl.ir.members.scattered import can_turn
from circuitdsl.measure.calibration import solved_weights
from circuitdsl.measure.responses import answers
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.activity import activity_batches
from circuitdsl.stimuli.centre import central

HEAD = """circ 1
from std.shapes import dot
backbone V = inceptionv1()
family window at V.mixed4b { units = [237] }
family edges [th: orient(4), ph: phase(2)] at V.mixed4a { units = [1, 2, 3, 4, 5, 6, 7, 8] }
family snout [side: flip, th: rot(4)] at V.mixed4b { units = [1, 2, 3, 4, 5, 6, 7, 8] }
connect window -> car { place = dot() }
"""
CAR = "family car at V.mixed4c_1x1\n"


def circuit(text: str, car: str = CAR) -> Circuit:
    return loads(f"{HEAD}{car}{text}\n")


def maps(text: str, batch: int = 100) -> dict[str, np.ndarray]:
    found = circuit(text)
    parts = list(activity_batches(found.stimuli[0], found, found.by_name["car"], batch))
    assert all(len(each["window"]) <= batch for each in parts)
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}


def test_a_spot_lies_where_the_measured_neuron_sees_it() -> None:
    found = maps("stimulus s = activity(size=112px) { a = spot(window, at=(16px, 32px)) }")
    middle = central(loads(f"{HEAD}{CAR}").backbone.geometry, "mixed4c_1x1", 112).index
    assert found["window"].shape == (1, 7, 7, 1)
    assert [tuple(at) for at in np.argwhere(found["window"])] == [(0, middle - 2, middle + 1, 0)]
    assert found["window"].max() == 1
    assert not found["edges"].any()
    assert not found["snout"].any()


def test_between_positions_a_spot_is_shared() -> None:
    found = maps("stimulus s = activity(size=112px) { a = 3*spot(window, at=(4px, -8px)) }")
    (image,) = found["window"][..., 0]
    np.testing.assert_allclose(image[3:5, 3:5], 3 * np.outer([0.5, 0.5], [0.75, 0.25]), atol=1e-6)
    assert image.sum() == pytest.approx(3)


def test_levels_and_turns_are_crossed_and_come_in_batches() -> None:
    text = """stimulus s = activity(th=[0deg, 90deg], size=112px) {
  a = [0, 1, 2]*spot(window, at=(0px, 16px))
  b = spot(window)
}"""
    found = maps(text, batch=4)["window"][..., 0]
    assert len(found) == 6
    np.testing.assert_allclose(found[:, 3, 3], 1, atol=1e-6)
    np.testing.assert_allclose(found[:3, 2, 3], [0, 1, 2], atol=1e-6)
    np.testing.assert_allclose(found[3:, 3, 2], [0, 1, 2], atol=1e-6)  # counter-clockwise


def test_what_turns_the_plane_turns_to_another_member() -> None:
    text = """stimulus s = activity(th=[0deg, 90deg, 180deg], size=112px) {
  a = spot(snout[side=right, th=270deg])
  b = spot(edges[th=90deg, ph=180deg])
  c = [0]*spot(edges)
}"""
    found = maps(text)
    members = [np.flatnonzero(image.sum(axis=(0, 1))) for image in found["snout"]]
    assert [list(each) for each in members] == [[7], [4], [5]]
    # a grating that has made half a turn is itself with its phase negated
    members = [np.flatnonzero(image.sum(axis=(0, 1))) for image in found["edges"]]
    assert [list(each) for each in members] == [[5], [1], [5]]


@pytest.mark.parametrize(
    ("axes", "turn", "leads"),
    [
        ("", 33.3, True),
        ("[side: flip]", 33.3, True),
        ("[th: rot(8)]", 45, True),
        ("[th: rot(8)]", -135, True),
        ("[th: rot(8)]", 20, False),
        ("[th: orient(8)]", 22.5, True),
        ("[th: rot(angles=[10deg, 130.1deg, 250.05deg])]", 360, True),
        ("[th: rot(angles=[10deg, 130deg, 250deg])]", 120, True),
        ("[th: rot(angles=[10deg, 130.1deg, 250.05deg])]", 120, False),
    ],
)
def test_turns_that_lead_from_each_member_to_one(axes: str, turn: float, leads: bool) -> None:
    size = {"": 1, "[side: flip]": 2}.get(axes, 3 if "angles=" in axes else 8)
    units = f"{{ units = {list(range(size))} }}"
    found = loads(f"{HEAD}{CAR}family some {axes} at V.mixed4b {units}\n").by_name["some"]
    assert can_turn(found, turn) is leads
    assert (permutation(found, Element(turn % 360.0)) is not None) is leads


def test_a_circuit_answers_to_activity_without_a_network() -> None:
    found = circuit("stimulus s = activity() { a = [0, 1, 3]*spot(window) }")
    network, stimulus = build(found), found.stimuli[0]
    answered = np.concatenate(
        [maps["car"] for maps in answers(network, found.by_name["car"], stimulus)]
    )
    at = central(network.backbone, "mixed4c_1x1", 224).index
    np.testing.assert_allclose(answered[:, at, at, 0], [0, 1, 3], atol=1e-5)
    assert network.given is None


def test_families_are_calibrated_on_activity() -> None:
    car = """family car at V.mixed4c_1x1 {
  calibrate = one(cars, peak=preferred) and zero(noise, quantile=1)
}
"""
    found = circuit(
        "stimulus cars = activity() { a = [1, 5]*spot(window) }\n"
        "stimulus noise = activity() { a = spot(window) }",
        car,
    )
    solved = solved_weights(found, build(found).arrays)
    assert float(solved["car.gain"]) == pytest.approx(0.25)
    assert float(solved["car.bias"]) == pytest.approx(-0.25)
