"""The formatter: one text for each tree, comments kept, and nothing left to do the second time."""

from __future__ import annotations

import re

import pytest
from corpus import FILES, GOLDEN, TEXTS, name_of, tokens
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuitdsl.syntax import format, nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.syntax.parse import parse
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.layout import WIDTH
from circuitdsl.text.source import Source


def formatted(text: str) -> str:
    return format_source(Source("a.circ", text))


def tree(text: str) -> nodes.CircuitFile:
    file, faults = parse(Source("a.circ", text))
    assert faults == []
    return file


def comments(text: str) -> list[str]:
    return [comment.text for comment in tree(text).comments]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_of_the_repository_are_formatted(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


def test_families_normalised_together_are_listed() -> None:
    text = formatted("circ 1 normalise a ,\nb.c{ floor = 1 }")
    assert text == "circ 1\nnormalise a, b.c { floor = 1 }\n"


def test_golden() -> None:
    messy = (GOLDEN / "format.messy.txt").read_text(encoding="utf-8")
    neat = (GOLDEN / "format.neat.txt").read_text(encoding="utf-8")
    assert formatted(messy) == neat
    assert formatted(neat) == neat
    assert tree(messy) == tree(neat)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("((1))", "1"),
        ("(1 + 2) + 3", "(1 + 2) + 3"),
        ("1 + (2*3)", "1 + 2*3"),
        ("(1 + 2)*3", "(1 + 2)*3"),
        ("-(1 + 2)", "-(1 + 2)"),
        ("-(2^3)", "-2^3"),
        ("(-2)^3", "(-2)^3"),
        ("2^(-3)", "2^-3"),
        ("2^(3^4)", "2^(3^4)"),
        ("2^(-3^4)", "2^(-3^4)"),
        ("+ 1", "+1"),
        ("1 - - 2", "1 - -2"),
        ("a / b / c", "a/b/c"),
        ("a / (b / c)", "a/(b/c)"),
        ("f( (1 , 2 ) , x = [ 1 ,2, ] )", "f((1, 2), x=[1, 2])"),
        ("a and b and c", "a and b and c"),
        ("a @ tangent", "a @ tangent"),
        ("a + b @ tangent", "(a + b) @ tangent"),
        ("(a @ tangent) + b", "(a @ tangent) + b"),
        ("[]", "[]"),
        ('"""one line"""', '"one line"'),
        ('"""a "quoted" word"""', '"""a "quoted" word"""'),
    ],
)
def test_expressions(written: str, canonical: str) -> None:
    text = formatted(f"circ 1\nlet a = {written}")
    assert text == f"circ 1\nlet a = {canonical}\n"
    assert tree(text) == tree(f"circ 1\nlet a = {written}")


def test_lines_are_short_where_they_can_be() -> None:
    names = ", ".join(f"argument_number_{i}=bump(25deg, around={i}deg)" for i in range(8))
    text = formatted(f"circ 1\nfamily f at V.x {{\n gain = call({names}) and other({names})\n}}")
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(DiagnosticError):
        formatted("circ 1\nlet a = 3 px")


@pytest.mark.parametrize(
    "text",
    [
        'stimulus a = photographs("""x\ny""", n=5) { seed = 1 }',
        'family curves [th: rot("""a\nb""")] at V.mixed3b { units = [379, 406] }',
        'motif m(a = """x\ny""") { place = dot() }',
        'edit e on V { ablate 3b:1 to mean("""a\nb""") { gain = 1 } }',
        'stimulus a = arcs("""x\ny""") { }',
    ],
)
def test_strings_of_two_lines_lose_nothing(text: str) -> None:
    written = f"circ 1\n{text}\n"
    neat = formatted(written)
    assert tree(neat) == tree(written)
    assert formatted(neat) == neat


def test_comments_behind_brackets_stay_on_their_line() -> None:
    text = """circ 1
let d = 2*(1 + 2)  # about d
let e = ((3))  # about e

family x at V.conv2d0 {
  gain = 2*(1 + 2)  # strong
  bias = 1  # weak
  expect a < (b + c)  # so
  expect a < b
}
"""
    neat = formatted(text)
    for line in ("let d = 2*(1 + 2)  # about d", "let e = 3          # about e"):
        assert f"\n{line}\n" in neat
    for line in (
        "gain = 2*(1 + 2)  # strong",
        "bias = 1          # weak",
        "expect a < b + c  # so",
    ):
        assert f"\n  {line}\n" in neat
    assert formatted(neat) == neat


@pytest.mark.parametrize(
    "value", ["2*(1 + 2 # three\n)", "(\n1\n# one\n)", "((1 # a\n) # b\n) # c", "(1) # c\n"]
)
def test_comments_before_closing_brackets_are_of_their_declaration(value: str) -> None:
    text = f"circ 1\nlet d = {value}\nlet e = 1\n"
    neat = formatted(text)
    assert sorted(comments(neat)) == sorted(comments(text))
    assert neat.index("#") < neat.index("let e")
    assert formatted(neat) == neat


def test_a_text_that_would_say_something_else_is_refused(monkeypatch) -> None:
    text = "circ 1\nlet a = 1  # why\n"
    for wrong in ("circ 1\nlet a = 2  # why\n", "circ 1\nlet a = 1\n", "circ 1\nlet a\n"):
        monkeypatch.setattr(format, "format_file", lambda _, wrong=wrong: wrong)
        with pytest.raises(InputError, match=r"a.circ cannot be formatted without changing"):
            formatted(text)


def test_carriage_returns_go() -> None:
    assert formatted('circ 1 """a\r\nb"""\r\n\r\nlet a = 1\r\n') == (
        'circ 1 """a\nb"""\n\nlet a = 1\n'
    )


spaces = st.sampled_from([" ", " ", " ", "\n", "\n\n\n", "\t", "  # note\n", "\n# a line\n"])


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_any_spacing_gives_the_same_tree_and_keeps_comments(text: str, data: st.DataObject) -> None:
    parts = tokens(text)
    gaps = data.draw(st.lists(spaces, min_size=1, max_size=24))
    written = ""
    for index, part in enumerate(parts):
        gap = gaps[index % len(gaps)]
        written += part + ("\n" if part.startswith("#") else "") + gap
    # `.` and `->` stay together only where the tokens do
    original = tree(written)
    neat = formatted(written)
    assert tree(neat) == original == tree(text)
    assert sorted(comments(neat)) == sorted(comments(written))
    assert formatted(neat) == neat
    assert not re.search(r"[ \t]$", neat, re.MULTILINE)


FORMS = ("x + y", "x - y - z", "x*y", "x/y/z", "-x", "+x", "x^y", "x^-y", "x @ radial", "x and y")
FORMS += ("g(x, at=y)", "[x, y]", "g()", "a.b[x, 1..3]", "c[th=x]", "3b:17")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0:
        return draw(st.sampled_from(["1", "2.5px", "a", "f()", '"t"', "(1px, 2px)"]))
    inner = expressions(draw(st.integers(0, depth - 1)))
    form = draw(st.sampled_from(FORMS))
    return re.sub("[xyz]", lambda _: f"({draw(inner)})", form)


@given(expressions())
@settings(max_examples=150)
def test_brackets_are_kept_where_they_matter(expression: str) -> None:
    text = f"circ 1\nlet a = {expression}"
    neat = formatted(text)
    assert tree(neat) == tree(text)
    assert formatted(neat) == neat


def test_expectations_keep_their_places() -> None:
    written = (
        "circ 1\nstimulus a = arcs() { expect f( a,th = 1deg )>=0.5 # why\n"
        " n = 1\nexpect b!=-c\nwide=2}"
    )
    text = formatted(written)
    assert text == (
        "circ 1\n"
        "stimulus a = arcs() {\n"
        "  expect f(a, th=1deg) >= 0.5  # why\n"
        "  n    = 1\n"
        "  expect b != -c\n"
        "  wide = 2\n"
        "}\n"
    )
    assert tree(text) == tree(written)
    assert formatted(text) == text
    short = "circ 1\nstimulus a = arcs() { expect b < 1  n = 1  expect c == 2 }\n"
    assert formatted(short) == short


def test_edits() -> None:
    written = """circ 1
edit a  on V{ablate V.mixed3b[1,3 .. 5],3b:7 to mean(p)  scale 3b:9 by -0.5 # half
# over
drop x->y where weight<0 and angle  > 60deg expect count==6
splice h.c into curves match angle(s,within=18deg){gain=matched(p)}
splice h.c into curves match angle(s) {
# of one kind
gain = matched(p) }
replace a -> b with h.a->h.b match angle() }
edit b on a { negate V.mixed3b  expect count == 480 }
score s { left = hand.curve[th=0deg]  expect echo(left) <= 0.1 }
"""
    text = formatted(written)
    assert (
        text
        == """circ 1
edit a on V {
  ablate V.mixed3b[1, 3..5], 3b:7 to mean(p)
  scale 3b:9 by -0.5  # half
  # over
  drop x -> y where weight < 0 and angle > 60deg
  expect count == 6
  splice h.c into curves match angle(s, within=18deg) { gain = matched(p) }
  splice h.c into curves match angle(s) {
    # of one kind
    gain = matched(p)
  }
  replace a -> b with h.a -> h.b match angle()
}
edit b on a { negate V.mixed3b  expect count == 480 }
score s { left = hand.curve[th=0deg]  expect echo(left) <= 0.1 }
"""
    )
    assert tree(text) == tree(written)
    assert formatted(text) == text
    assert comments(text) == comments(written)
