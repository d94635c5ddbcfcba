"""Lines and numbers of a circuit file, counted in one way."""

from __future__ import annotations

from circuitdsl.syntax.size import Size, size_of
from circuitdsl.text.source import Source


def test_bounds_and_fitted_numbers_are_counted_apart() -> None:
    text = """circ 1 "7 numbers are in this string, not in the program."

# 3 in a comment
dial bow : length = 20px in [10px, 60px] free
motif row(long: length = 4px in [2px, 9px] free) { place = bar(long, width=0.5tap) }
import "other.circ" as hand with { a = 1px  b = 2 }
let pair = (-1px, 2px)
"""
    # 20px, 4px, 0.5tap, 1px, 2px | 10px, 60px, 2px, 9px | 1px, 2
    assert size_of(Source("test.circ", text)) == Size(lines=5, chosen=5, bounds=4, fitted=2)
