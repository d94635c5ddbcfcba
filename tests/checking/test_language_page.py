"""The normative page: every example on it is sound, and every construct is on it."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from circuitdsl.checking import check_source
from circuitdsl.checking.names.standard import standard_file, standard_names
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import MEASURES
from circuitdsl.reporting.library_page import with_library_tables
from circuitdsl.syntax import nodes
from circuitdsl.syntax.words import RESERVED, UNITS
from circuitdsl.text.source import Source

PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```circ\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_example(index: int) -> None:
    result = check_source(Source("language.md", EXAMPLES[index]))
    assert [d.message for d in result.diagnostics if d.code not in ("L403", "L404")] == []


def test_every_word_unit_generator_measure_and_name_of_the_library_is_on_the_page() -> None:
    words = set(re.findall(r"`([a-z_0-9]+)", PAGE))
    library = {
        item.name.text
        for name in standard_names()
        for item in standard_file(name).items
        if isinstance(item, nodes.Function | nodes.Motif)
    }
    settings = {setting for kinds in GENERATORS.values() for setting in kinds}
    assert words >= RESERVED | {measure.name for measure in MEASURES}
    assert set(UNITS) <= words
    assert library | set(GENERATORS) | settings <= words


def test_tables_of_the_library_are_its_own_comments() -> None:
    assert with_library_tables(PAGE) == PAGE, "run `python tests/regold.py` and read the diff"


def test_every_kind_of_declaration_is_in_an_example() -> None:
    text = "\n".join(EXAMPLES)
    for item in ("from", "backbone", "dial", "let", "fn", "motif", "circuit", "family", "connect"):
        assert re.search(rf"^{item} ", text, re.MULTILINE)
    for item in ("normalise", "stimulus"):
        assert re.search(rf"^{item} ", text, re.MULTILINE)
