"""Pairs by angle."""

import numpy as np

from circuitdsl.measure.agreeing.pairing import agreeing_pairs, nearest_pairs


def test_nearest_across_the_seam():
    assert nearest_pairs([350, 90, 181], [179, 2, 100]) == [(2, 0), (0, 1), (1, 2)]


def test_the_sum_of_differences_is_least_even_where_the_nearest_is_taken():
    # both want 10; giving it to 12 would leave 40 degrees for the other
    assert nearest_pairs([10, 40], [12, 0]) == [(1, 0), (0, 1)]


def test_lines_are_paired_over_half_a_turn():
    assert nearest_pairs([2, 80], [95, 178], period_deg=180) == [(1, 0), (0, 1)]


def test_a_surplus_stays_alone():
    assert nearest_pairs([0, 90, 180, 270], [91]) == [(1, 0)]
    assert nearest_pairs([91], [0, 90, 180]) == [(0, 1)]


def test_the_sum_of_agreements_is_greatest_and_no_unit_comes_twice():
    r = np.array([[0.9, 0.8, -0.2], [0.85, 0.1, -0.3]])
    assert agreeing_pairs(r, 2) == [(1, 0), (0, 1)]
    assert agreeing_pairs(r, 1) == [(1, 0)]


def test_a_member_has_more_units_where_more_are_asked_for():
    r = np.array([[0.1, 0.5, 0.3, -0.4]])
    assert agreeing_pairs(r, 2) == [(0, 1), (0, 2)]
    assert agreeing_pairs(r, 4) == [(0, 1), (0, 2), (0, 0)]


def test_nothing_agrees_with_what_never_varies():
    assert agreeing_pairs(np.zeros((2, 3)), 3) == []
