import pytest
from programs import PROGRAMS

from circuitdsl.ir.members.placing import place_members


def test_members_stand_where_they_are_put() -> None:
    circuit = PROGRAMS["five_layers"]
    moved = place_members(circuit, "curve", [10, 20.5, 300])
    axis = moved.by_name["curve"].axes[0]
    assert (axis.count, axis.angles_deg) == (3, (10.0, 20.5, 300.0))
    assert moved.by_name["curve"].member_name(1) == "curve[th=20.5deg]"
    assert [f for f in moved.families if f.name != "curve"] == [
        f for f in circuit.families if f.name != "curve"
    ]
    assert moved.connections == circuit.connections
    assert circuit.by_name["curve"].size == 10


def test_other_axes_stay() -> None:
    moved = place_members(PROGRAMS["five_layers"], "gabors", [5.0, 95.0])
    assert moved.by_name["gabors"].size == 8
    assert moved.by_name["gabors"].members[1] == (0, 1)
    assert moved.by_name["gabors"].axis("ph") == PROGRAMS["five_layers"].by_name["gabors"].axes[1]


@pytest.mark.parametrize("name", ["curves", "spot"])
def test_only_families_that_turn_can_be_placed(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is no family with a rot or orient axis"):
        place_members(PROGRAMS["normalised_together"], name, [0.0])
