"""The shared table of programs as text: every program can be written, read back and formatted."""

from __future__ import annotations

import pytest
from programs import PROGRAMS

from circuitdsl.checking import loads
from circuitdsl.ir.writing.text import to_source


@pytest.mark.parametrize("name", PROGRAMS)
def test_text_says_the_same(name: str) -> None:
    text = to_source(PROGRAMS[name])
    assert loads(text, name=name) == PROGRAMS[name]
    assert to_source(loads(text, name=name)) == text
