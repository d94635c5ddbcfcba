import pytest

from circuitdsl.editing.select import edges, select, select_family
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import Axis, Family
from circuitdsl.text.diagnostics import InputError

V1 = BACKBONES["inceptionv1"]


@pytest.mark.parametrize(
    "name", ["3b:379", "mixed3b:379", "mixed3b_5x5:59", "3b[379]", "3b_5x5:59"]
)
def test_one_unit_has_many_names_and_one_canonical_one(name):
    units = select(V1, name)
    assert units.places == (("mixed3b_5x5", 59),)
    assert units.names == ("mixed3b:379",)


def test_lists_ranges_layers_and_several_names():
    assert select(V1, "3b[0..2, 379]").names == (
        "mixed3b:0",
        "mixed3b:1",
        "mixed3b:2",
        "mixed3b:379",
    )
    assert len(select(V1, "mixed3b_5x5").expect(96)) == 96
    assert len(select(V1, "mixed3b")) == 480
    assert select(V1, ["conv2d2:3", "3a:5"]).branches == ("conv2d2", "mixed3a_1x1")
    spread = select(V1, "3b[379, 5, 385]")
    assert spread.channels("mixed3b_5x5") == (59, 65)
    assert spread.positions("mixed3b_5x5") == (0, 2)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("3b:480", "3b:480 is out of range; mixed3b has 480 units"),
        ("3b:480", "mixed3b:0 to mixed3b:479"),
        ("mixed3b_7x7:1", "did you mean `mixed3b_"),
        ("mixed9z:1", "no layer `mixed9z`"),
        ("maxpool4:1", "no units of its own"),
        ("3b[1, 1]", "mixed3b:1 is selected twice"),
        ("3b[5..4]", "selects no unit"),
        ("3b[1.5]", "no unit's number"),
        ("3b 379", "names no units"),
    ],
)
def test_bad_names_are_named(name, words):
    with pytest.raises(InputError) as error:
        select(V1, name)
    assert words in str(error.value)


def test_counts_are_asserted():
    with pytest.raises(InputError, match="3 units were expected, and 2 were selected"):
        select(V1, "3b[1, 2]").expect(3)
    both = edges(select(V1, "3a[1, 2]"), select(V1, "3b[379, 385, 3]"))
    assert len(both.expect(6)) == 6
    with pytest.raises(InputError, match="5 edges were expected"):
        both.expect(5)


def test_a_found_family_selects_its_units_with_their_angles():
    axis = Axis("th", "rot", 2, at_deg=(10.0, 200.0))
    family = Family("curves", (axis,), "mixed3b", units=(379, 406))
    units = select_family(V1, family)
    assert units.names == ("mixed3b:379", "mixed3b:406")
    assert units.angles_deg == (10.0, 200.0)
    with pytest.raises(InputError, match="hand-written"):
        select_family(V1, Family("curves", (axis,), "mixed3b"))
    with pytest.raises(InputError, match="1 angles were given for 2 units"):
        units.at_angles([3])


def test_routes_go_through_bottlenecks_and_pools():
    chosen = edges(select(V1, "3a[0, 64, 255]"), select(V1, "3b[0, 200, 400, 479]"))
    assert [(r.target, r.read, r.through) for r in chosen.routes] == [
        ("mixed3b_1x1", "mixed3a", None),
        ("mixed3b_3x3", "mixed3a", "mixed3b_3x3_bottleneck"),
        ("mixed3b_5x5", "mixed3a", "mixed3b_5x5_bottleneck"),
        ("mixed3b_pool_reduce", "mixed3b_pool", None),
    ]
    assert set(chosen.columns) == {(0, 64, 255)}
    over_pool = edges(select(V1, "3b:379"), select(V1, "4a:0"))
    assert over_pool.routes[0].read == "maxpool4"
    assert over_pool.columns == ((379,),)
    inner = edges(select(V1, "mixed3b_5x5_bottleneck:3"), select(V1, "3b:379"))
    assert inner.routes[0].through is None


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("4b:1", "3a:1", "edges point forward"),
        ("3b:1", "3b:379", "edges point forward"),
        ("conv2d2:1", "3b:379", "mixed3b_5x5 reads only mixed3a"),
    ],
)
def test_edges_that_are_not_there(source, target, words):
    with pytest.raises(InputError) as error:
        edges(select(V1, source), select(V1, target))
    assert words in str(error.value)
