import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuitdsl.ir.members.angles import (
    bulge_deg,
    cos_sin_deg,
    difference_deg,
    even_deg,
    largest_gap_deg,
    tangent_deg,
)

# Preferred angles of the ten curve neurons of mixed3b as published (Cammarata et al. 2020, "Curve
# Detectors", Distill): the direction of the bulge, clockwise from +x; and the language's angle of
# the tangent, worked out by drawing them.
PUBLISHED = (
    (379, 243.0, 207.0),
    (406, 268.5, 181.5),
    (385, 290.0, 160.0),
    (343, 358.0, 92.0),
    (342, 22.5, 67.5),
    (388, 66.5, 23.5),
    (324, 91.5, 358.5),
    (340, 110.0, 340.0),
    (330, 145.0, 305.0),
    (349, 181.0, 269.0),
)


@pytest.mark.parametrize(("unit", "bulge", "tangent"), PUBLISHED)
def test_published_angles(unit: int, bulge: float, tangent: float) -> None:
    assert tangent_deg(bulge) == pytest.approx(tangent)
    assert bulge_deg(tangent) == pytest.approx(bulge)


@pytest.mark.parametrize(("unit", "bulge", "tangent"), PUBLISHED)
def test_the_bulge_points_away_from_the_centre(unit: int, bulge: float, tangent: float) -> None:
    """An arc bends to the left, so its bulge points to the right of its tangent.

    With y down and clockwise angles, the bulge's direction is (cos, sin) of its angle.
    """
    cosine, sine = cos_sin_deg(bulge)
    right_of_tangent = cos_sin_deg(tangent - 90)
    assert (cosine, -sine) == pytest.approx(right_of_tangent)


@given(st.floats(-1e4, 1e4))
def test_the_map_is_its_own_inverse(angle: float) -> None:
    there_and_back = bulge_deg(bulge_deg(angle))
    assert difference_deg(there_and_back, angle) == pytest.approx(0, abs=1e-8)
    assert bulge_deg(angle) == tangent_deg(angle)
    assert 0 <= bulge_deg(angle) < 360


def test_differences_are_short_and_signed() -> None:
    assert difference_deg(10, 350) == 20
    assert difference_deg(350, 10) == -20
    assert difference_deg(0, 180) == -180
    assert difference_deg(170, 10, period=180) == -20


def test_even_angles() -> None:
    assert even_deg(4, 180.0) == (0.0, 45.0, 90.0, 135.0)


def test_the_largest_gap_goes_round() -> None:
    assert largest_gap_deg([10.0, 350.0, 180.0]) == 170.0
    assert largest_gap_deg([30.0]) == 360.0
    assert largest_gap_deg([]) == 360.0
    assert largest_gap_deg([0.0, 90.0], period=180.0) == 90.0


def test_quarter_turns_are_exact() -> None:
    turns = [cos_sin_deg(angle) for angle in (0, 90, 180, 270, 360, -90)]
    assert turns == [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0), (0, -1)]


@given(st.floats(-1e4, 1e4))
def test_cosine_and_sine(angle: float) -> None:
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    assert cos_sin_deg(angle) == pytest.approx((cosine, sine), abs=1e-9)
