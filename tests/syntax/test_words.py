"""The one list of words: the grammar's and the checker's are the same."""

from __future__ import annotations

import re
from typing import get_args

from circuitdsl.checking.connections.attributes import ATTRIBUTES, COLOURS, NORMS
from circuitdsl.checking.connections.normalising import ATTRIBUTES as NORMALISING
from circuitdsl.checking.edits.fits import ATTRIBUTES as FITTING
from circuitdsl.checking.edits.scores import ATTRIBUTES as SCORING
from circuitdsl.checking.edits.verbs import VERBS
from circuitdsl.checking.families.families import ATTRIBUTES as OF_FAMILIES
from circuitdsl.checking.names.evaluate import FRAMES
from circuitdsl.checking.values.kinds import TYPES
from circuitdsl.ir.members.axes import AxisKind
from circuitdsl.syntax import words
from circuitdsl.text.resources import grammar_file


def test_the_grammar_has_these_words() -> None:
    grammar = grammar_file().read_text(encoding="utf-8")
    (reserved,) = re.findall(r"^NAME: /\(\?!\(\?:([a-z|]+)\)", grammar, re.MULTILINE)
    assert set(reserved.split("|")) == words.RESERVED
    (units,) = re.findall(r"^QUANTITY.*\(\?:([a-z|]+)\)\\b/", grammar, re.MULTILINE)
    assert tuple(units.split("|")) == tuple(words.UNITS)


def test_the_checker_knows_these_words() -> None:
    assert tuple(words.TYPES) == TYPES
    assert set(words.AXES) == set(get_args(AxisKind))
    assert tuple(words.FRAMES) == FRAMES
    assert set(words.NORMS) == set(NORMS)
    assert set(words.COLOURS) == set(COLOURS)
    assert set(words.VERBS) == set(VERBS)
    assert set(words.ATTRIBUTES["family"]) == set(OF_FAMILIES)
    assert set(words.ATTRIBUTES["connect"]) == set(ATTRIBUTES)
    assert set(words.ATTRIBUTES["normalise"]) == set(NORMALISING)
    assert set(words.ATTRIBUTES["score"]) == set(SCORING)
    assert set(words.ATTRIBUTES["fit"]) == set(FITTING)
