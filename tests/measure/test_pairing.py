"""Pairs by angle."""

from circuitdsl.measure.pairing import nearest_pairs


def test_nearest_across_the_seam():
    assert nearest_pairs([350, 90, 181], [179, 2, 100]) == [(2, 0), (0, 1), (1, 2)]


def test_the_sum_of_differences_is_least_even_where_the_nearest_is_taken():
    # both want 10; giving it to 12 would leave 40 degrees for the other
    assert nearest_pairs([10, 40], [12, 0]) == [(1, 0), (0, 1)]


def test_a_surplus_stays_alone():
    assert nearest_pairs([0, 90, 180, 270], [91]) == [(1, 0)]
    assert nearest_pairs([91], [0, 90, 180]) == [(0, 1)]
