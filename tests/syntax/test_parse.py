"""Text to tree: positions, recovery, and texts that no parser should see."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest
from conftest import ROOT
from corpus import GOLDEN, TEXTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import dump_tree
from circuitdsl.syntax.outline import DEEPEST, LONGEST_LIST
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import LARGEST, read_source
from circuitdsl.syntax.words import RESERVED, UNITS
from circuitdsl.text.resources import grammar_file
from circuitdsl.text.source import Source


def codes(text: str) -> list[str]:
    return [fault.code for fault in parse(Source("a.circ", text))[1]]


def test_golden_tree() -> None:
    path = GOLDEN / "curves_example.circ"
    file, faults = parse(read_source(path, path.name))
    assert faults == []
    assert dump_tree(file) == (GOLDEN / "curves_example.tree.txt").read_text(encoding="utf-8")


def test_nodes_know_their_text() -> None:
    text = (
        "circ 1\ndial a : length = 2*b in [1px, 2px] free\n"
        "connect V.input -> x as y { gain = -k }\n"
    )
    file, _ = parse(Source("a.circ", text))
    dial, connect = file.items
    assert isinstance(dial, nodes.Dial)
    assert isinstance(connect, nodes.Connect)
    assert dial.span.text == "dial a : length = 2*b in [1px, 2px] free"
    assert dial.default.span.text == "2*b"
    assert connect.span.text == "connect V.input -> x as y { gain = -k }"
    assert connect.source == nodes.Name(connect.span, "V.input")
    assert connect.block is not None
    assert connect.block.attributes[0].value.span.text == "-k"


def test_trees_compare_by_what_was_written() -> None:
    one, _ = parse(Source("a.circ", "circ 1\nlet a = 1 + 2"))
    two, _ = parse(Source("b.circ", "circ 1 # c\n\nlet\n a=1+2\n"))
    three, _ = parse(Source("c.circ", "circ 1\nlet a = 1 + 3"))
    assert one == two
    assert one != three


@pytest.mark.parametrize(
    ("spelt", "value", "unit"),
    [
        ("3", 3, ""),
        ("0.5", 0.5, ""),
        ("1e3", 1000, ""),
        ("2.5e-1", 0.25, ""),
        ("30deg", 30, "deg"),
        ("1.5e1px", 15, "px"),
        ("0.5tap", 0.5, "tap"),
        ("1turn", 1, "turn"),
        ("2rad", 2, "rad"),
        ("5pct", 5, "pct"),
    ],
)
def test_numbers(spelt: str, value: float, unit: str) -> None:
    file, faults = parse(Source("a.circ", f"circ 1\nlet a = {spelt}"))
    assert faults == []
    (let,) = file.items
    assert isinstance(let, nodes.Let)
    assert let.value == nodes.Number(let.value.span, value, unit, spelt)


def test_one_error_for_each_broken_declaration_with_true_positions() -> None:
    text = """circ 1
dial a : length = 3 px
dial b : length = 4px
family curve [th: rot(8] at V.conv2d0
connect a => b { }
connect a -> b {
  norm: l2
  place = dot()
}
let c = 5
"""
    file, faults = parse(Source("a.circ", text))
    assert [(f.code, f.span.line, f.span.column) for f in faults] == [
        ("E101", 2, 19),
        ("E104", 4, 22),
        ("E102", 5, 11),
        ("E103", 7, 7),
    ]
    kept = [item.name.text for item in file.items if isinstance(item, nodes.Dial | nodes.Let)]
    assert kept == ["b", "c"]
    assert file.broken >= {"a", "curve"}


def test_comments_are_kept_in_order() -> None:
    file, _ = parse(Source("a.circ", '# one\ncirc 1 "no # comment" # two\nlet a = 1 # three  \n'))
    assert [comment.text for comment in file.comments] == ["# one", "# two", "# three"]


def test_byte_order_mark_and_carriage_returns(tmp_path: Path) -> None:
    path = tmp_path / "a.circ"
    path.write_bytes(b"\xef\xbb\xbfcirc 1\r\n\r\nlet a = 1\r\nlet b = = 2\r\n")
    file, faults = parse(read_source(path))
    assert len(file.items) == 1
    assert [(f.code, f.span.line, f.span.column) for f in faults] == [("E100", 4, 9)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E108"),
        ("\0", "E108"),
        ("circ 1\nlet a = \0", "E111"),
        ("circ 1\nlet a = " + "(" * 10_000, "E107"),
        ("circ 1\nlet a = " + "[" * 10_000 + "]" * 10_000, "E107"),
        ("circ 1\nlet a = [" + "1," * 1_000_000 + "1]", "E113"),
        ("(" * LARGEST, "E107"),
        ("a" * (LARGEST + 1), "E113"),
        ("a " * (LARGEST // 2), "E113"),
        ('"' * LARGEST, "E108"),
        ("dial x\n" * (LARGEST // 8), "E108"),
        ("circ 1\nlet a = " + "- " * 1000 + "1", "E100"),
        ("circ 1\nlet a = " + "2^" * 1000 + "1", "E100"),
        ("circ 99999999999999999999", "E105"),
    ],
)
def test_texts_that_no_parser_should_see(text: str, code: str) -> None:
    found = codes(text)
    assert code in found
    assert len(found) < 30


def test_limits_are_where_they_are_said_to_be() -> None:
    assert codes(f"circ 1\nlet a = {'(' * DEEPEST}1{')' * DEEPEST}") == []
    assert codes(f"circ 1\nlet a = [{'1,' * (LONGEST_LIST - 1)}1]") == []
    assert codes(f"circ 1\nlet a = {'1 + ' * 3000}1") == []


def test_a_triple_quoted_text_may_look_like_declarations() -> None:
    text = 'circ 1 """\nfamily of nothing\nlet\n"""\nlet a = 1\nlet b = ,\n'
    file, faults = parse(Source("a.circ", text))
    assert [fault.span.line for fault in faults] == [6]
    assert len(file.items) == 1


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_gives_a_tree_and_diagnostics(text: str) -> None:
    file, faults = parse(Source("a.circ", text))
    assert faults or file.header is not None
    for fault in faults:
        assert 0 <= fault.span.start <= fault.span.end <= len(text)


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_files_give_a_tree_and_diagnostics(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    pieces = st.sampled_from(["", " ", "(", ")", "{", "}", "[", '"', "=", "->", "\n", "at", "3px"])
    mutated = text[:start] + data.draw(pieces | st.text(max_size=3)) + text[end:]
    file, faults = parse(Source("a.circ", mutated))
    assert faults or file.header is not None


# ---- the grammar


@pytest.mark.parametrize("glued", ["fromstd.shapes import bar", "family a atV.conv2d0"])
def test_words_have_a_blank_between_them(glued: str) -> None:
    _, faults = parse(Source("a.circ", f"circ 1\n{glued}\n"))
    assert faults


@pytest.mark.parametrize("lexer", ["contextual", "basic"])
def test_the_grammar_is_strict_and_every_text_parses_with_both_lexers(lexer: str) -> None:
    pytest.importorskip("interegular")
    parser = lark.Lark(
        grammar_file().read_text(encoding="utf-8"),
        parser="lalr",
        lexer=lexer,
        start=["start", "header", "items", "item"],
        strict=True,
    )
    for text in TEXTS:
        parser.parse(text, start="start")


def test_words_of_the_grammar_and_of_the_program_are_the_same() -> None:
    grammar = grammar_file().read_text(encoding="utf-8")
    excluded = grammar.split("NAME: /(?!(?:")[1].split(")")[0].split("|")
    assert set(excluded) == RESERVED
    assert set(grammar.split("(?:[eE][+-]?\\d+)?(?:")[1].split(")")[0].split("|")) == set(UNITS)


def test_every_part_of_the_grammar_is_commented() -> None:
    for part in grammar_file().read_text(encoding="utf-8").split("\n\n"):
        assert part.startswith("//"), part


# ---- tables of the grammar


def _forget(module: Any) -> None:
    """What a new process knows: neither tables nor trees."""
    module._parser.cache_clear()
    module._kept.cache_clear()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and a parser that has not been built yet."""
    from circuitdsl.syntax import parse as module

    monkeypatch.setattr(module, "user_cache", lambda: tmp_path / "cache")
    _forget(module)
    yield tmp_path / "cache"
    _forget(module)


def test_tables_are_left_for_the_next_process_and_read_back(cache: Path) -> None:
    from circuitdsl.syntax import parse as module

    text = (GOLDEN / "curves_example.circ").read_text(encoding="utf-8")
    built, _ = parse(Source("a.circ", text))
    (tables,) = cache.iterdir()
    _, entries = tables.read_text(encoding="utf-8").split("\n")
    json.loads(entries)
    _forget(module)
    read, _ = parse(Source("a.circ", text))
    assert read == built
    assert codes("circ 1\nlet a = 3 px") == ["E101"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"data": {"options": 1}, "memo": {"1": 2}}'])
def test_tables_cut_short_or_from_elsewhere_are_built_anew(cache: Path, content: str) -> None:
    from circuitdsl.syntax import parse as module

    codes("circ 1")
    (tables,) = cache.iterdir()
    tables.write_text(content, encoding="utf-8")
    _forget(module)
    assert codes("circ 1\nlet a = 1") == []


def test_tables_with_a_flipped_bit_are_built_anew(cache: Path) -> None:
    from circuitdsl.syntax import parse as module

    codes("circ 1")
    (tables,) = cache.iterdir()
    whole = tables.read_text(encoding="utf-8")
    assert '"stimulus"' in whole
    tables.write_text(whole.replace('"stimulus"', '"stimulux"'), encoding="utf-8")
    _forget(module)
    assert codes("circ 1\nstimulus s = arcs()") == []
    assert "stimulux" not in tables.read_text(encoding="utf-8")


def test_a_user_without_a_home_needs_no_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from circuitdsl.syntax import parse as module

    monkeypatch.setattr(module, "user_cache", lambda: None)
    monkeypatch.chdir(tmp_path)
    assert codes("circ 1\nlet a = 1") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a folder that cannot be written")
def test_a_cache_that_cannot_be_written_costs_nothing_but_time(cache: Path) -> None:
    cache.write_text("a file where the folder should be", encoding="utf-8")
    assert codes("circ 1\nlet a = 1") == []


def test_a_text_is_read_once_until_it_changes() -> None:
    source = Source("a.circ", "circ 1\nlet a = 1")
    first, _ = parse(source)
    assert parse(Source("a.circ", "circ 1\nlet a = 1"))[0] is first
    assert parse(Source("a.circ", "circ 1\nlet a = 2"))[0] != first
    _, faults = parse(Source("b.circ", "circ 1\nlet a = 3 px"))
    faults.clear()  # a caller's list is its own
    assert codes("circ 1\nlet a = 3 px") == ["E101"]


def test_no_pickle() -> None:
    for path in (ROOT / "circuitdsl" / "syntax").glob("*.py"):
        assert "import pickle" not in path.read_text(encoding="utf-8")
