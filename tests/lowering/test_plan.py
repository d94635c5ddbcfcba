"""Which kernel entries are one number."""

from __future__ import annotations

import numpy as np
import pytest
from builders import flip, orient, phase, rot, scale

from circuitdsl.ir.circuit import Axis
from circuitdsl.lowering.plan import End, Pairing, Tuned, plan_connection

BUMP = Tuned("th", 360.0, continuous=True, indexed=False, radial=False)
EQUAL = Tuned("th", 360.0, continuous=False, indexed=True, radial=False)


def pairing(source: tuple[Axis, ...], target: tuple[Axis, ...], *tuned: Tuned, **more) -> Pairing:
    given = {"over": (), "phased": False, "isotropic": False, "kernel": 3, "tap_px": 4.0}
    return Pairing(End(source), End(target), tuned, **(given | more))


def test_quarter_turns_share_their_columns() -> None:
    plan = plan_connection(pairing((rot(16),), (rot(16),), BUMP))
    assert plan.turn.shape == (2, 4)
    assert plan.delta.shape == (1, 4, 16)
    # the weights from th = 0 to th = 0 are those from 90 to 90, turned
    np.testing.assert_array_equal(plan.entries[:, :, 4, 4], np.rot90(plan.entries[:, :, 0, 0]))
    np.testing.assert_array_equal(plan.row_of, np.arange(16) % 4)


def test_uneven_members_have_columns_of_their_own() -> None:
    members = Axis("th", "rot", 3, (1.0, 32.0, 91.0))
    plan = plan_connection(pairing((rot(16),), (members,), BUMP))
    # 1 and 91 degrees are a quarter turn apart, and so are the members of the source
    assert plan.turn.shape == (2, 2)
    assert plan.delta.shape == (1, 2, 16)
    np.testing.assert_array_equal(plan.row_of[[0, 2]], plan.row_of[0])


def test_angles_that_differ_by_rounding_are_one() -> None:
    """360 / 28 * 8 - 90 is not 360 / 28 in floating point."""
    plan = plan_connection(pairing((rot(28),), (rot(28),), BUMP))
    assert plan.turn.shape == (2, 7)
    assert plan.delta.shape == (1, 7, 28)


def test_entries_point_at_the_difference_of_their_members() -> None:
    source, target = rot(6), Axis("th", "rot", 2, (10.0, 200.0))
    plan = plan_connection(pairing((source,), (target,), BUMP, kernel=1))
    delta = np.asarray(source.angles_deg)[:, None] - np.asarray(target.angles_deg)
    found = plan.delta[0].reshape(-1)[plan.entries[0, 0]]
    np.testing.assert_allclose((found - delta) % 360, 0, atol=1e-4)


def test_equal_members_are_told_by_their_index() -> None:
    source, target = Axis("th", "rot", 2, (5.0, 50.0)), Axis("th", "rot", 2, (20.0, 260.0))
    plan = plan_connection(pairing((source,), (target,), EQUAL, kernel=1))
    np.testing.assert_array_equal(plan.equal[0].reshape(-1)[plan.entries[0, 0]], np.eye(2))


def test_views_are_turns_times_phases() -> None:
    plan = plan_connection(pairing((), (orient(16), phase(4)), phased=True, kernel=7))
    assert plan.turn.shape == (2, 8)
    assert plan.carrier.shape == (2, 32)
    np.testing.assert_array_equal(plan.turn_of, np.repeat(np.arange(8), 4))


def test_sub_samples_lie_on_the_plane_with_y_up() -> None:
    plan = plan_connection(pairing((), ()))
    np.testing.assert_allclose(plan.x[0, 0, 4], -4)
    np.testing.assert_allclose(plan.y[0, 0, 4], 4)
    np.testing.assert_allclose(plan.y[0, 0, 0] - plan.y[0, 0, 3], 4 / 3, rtol=1e-6)
    assert plan.centre.argmax() == 4


def test_equal_needs_the_axis_twice() -> None:
    with pytest.raises(ValueError, match="equal indices along th"):
        plan_connection(pairing((rot(4),), (), EQUAL, over=("th",)))


def test_mirrored_members_share_the_columns_of_the_opposite_turn() -> None:
    plan = plan_connection(pairing((rot(16),), (rot(16), flip()), BUMP))
    assert plan.turn.shape == (2, 4)
    # from th to th', left, are the weights from -th to -th', right, in the mirror
    for source, target in ((0, 0), (3, 5), (10, 1)):
        left = plan.entries[:, :, source, 2 * target]
        right = plan.entries[:, :, -source % 16, 2 * (-target % 16) + 1]
        np.testing.assert_array_equal(right, left[:, ::-1])


def test_a_direction_points_the_other_way_in_the_mirror() -> None:
    plan = plan_connection(pairing((rot(4),), (flip(),), BUMP, kernel=1, mirror_deg=180.0))
    found = plan.delta[0].reshape(-1)[plan.entries[0, 0]]
    np.testing.assert_allclose((found.T - [[0, 90, 180, 270], [180, 90, 0, 270]]) % 360, 0)


def test_octaves_do_not_repeat() -> None:
    tuned = Tuned("r", float("inf"), continuous=True, indexed=False, radial=False)
    plan = plan_connection(pairing((scale(4, 2.0),), (scale(4, 2.0),), tuned, kernel=1))
    found = plan.delta[0].reshape(-1)[plan.entries[0, 0]]
    np.testing.assert_array_equal(found, np.subtract.outer(np.arange(4), np.arange(4)))
    # each dilation is a view of its own
    assert plan.steps.shape == (4, 1, 3)
