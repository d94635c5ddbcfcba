"""New defaults written into a text."""

import pytest

from circuitdsl.checking.load import loads
from circuitdsl.syntax.defaults import rounded, with_defaults
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.source import Source

TEXT = """circ 1 "Dials."

# how long
dial long : length    = 6px   in [4px, 10px] free  # kept
dial turn : angle = 0.25turn in [-90deg, 90deg] free
dial much : real  = -1.5  in [-3, 3]     free
dial bare         = 50pct in [0, 3] free

backbone V = tiny(input=224px)

family f [th: rot(4)] at V.conv2d0
"""


def defaults_of(text):
    return dict(loads(text).defaults)


def written(**settings):
    return with_defaults(Source("dials.circ", TEXT), settings)


def test_comments_and_other_dials_stay():
    text = written(long=7.12345)
    assert "= 7.123px" in text
    assert "# how long" in text
    assert "# kept" in text
    assert "0.25turn" in text
    assert defaults_of(text)["long"] == 7.123


def test_each_unit_is_written_as_the_language_counts_it():
    text = written(long=5, turn=-33.33333, much=0.000012345, bare=2.0)
    defaults = defaults_of(text)
    assert defaults == {"long": 5, "turn": -33.33, "much": 0.00001234, "bare": 2}
    assert "-33.33deg" in text


def test_nothing_new_leaves_the_canonical_text():
    assert written() == with_defaults(Source("again", written()), {})


def test_a_number_is_rounded_as_it_is_written():
    assert rounded(123.456) == 123.5
    assert defaults_of(written(long=rounded(9.87654)))["long"] == rounded(9.87654)


def test_dials_of_other_files_and_broken_texts_are_refused():
    with pytest.raises(InputError, match="no dial `lon`"):
        written(lon=1)
    with pytest.raises(DiagnosticError):
        with_defaults(Source("broken", "circ 1\nparam = 3\n"), {})
