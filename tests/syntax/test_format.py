"""The formatter: one text for each tree, comments kept, and nothing left to do the second time."""

from __future__ import annotations

import re

import pytest
from corpus import FILES, SHIPPED, TEXTS, name_of, tokens
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuitdsl.diagnostics import DiagnosticError
from circuitdsl.layout import WIDTH
from circuitdsl.source import Source
from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.syntax.parse import parse


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


MESSY = '''\
# about the file
circ   1   "A circuit."   # its header



from std.shapes import  bar,dot
from std.profiles import bump , equal # two
backbone V=inceptionv1( input = 224px )
param a:px=6px in[4px,10px]
param longer : real = 1.5 in [ 0 , 3 ] free   # a dial
let c = ( 1 + 2 ) * a^-2 - -3
# lines
family x[th:orient(16)]at V.conv2d1
family line[th:orient(16)]at V.conv2d2{doc="d"
  # on bias
  bias=1 # one

  gain = 2}
family placed [th: rot(at=[0deg, 31deg, 62deg, 93deg, 124deg, 155deg, 186deg, 217deg, 248deg, 279deg, 310deg])] at V.conv2d2
connect x->line { place=dot()  tune.th=equal }
connect x->line as second{   # taps
  place = bar( 8px, # inside
    width=0.5tap)
  tune.th = bump(30deg)-0.35*bump(30deg,around=90deg)-0.15 @ tangent
  # last
}
fn long_one(length: px, wide: px) : template = bar(length, width=wide) + 0.25*bar(length, width=wide) - 0.125*bar(length, width=wide)
fn longer(length: px, wide: px) : template = bar(length, width=wide, at=(0px, 2px)) + 0.25*bar(length, width=wide, at=(0px, 4px)) - 0.125*bar(length, width=wide)
'''

NEAT = '''\
# about the file
circ 1 "A circuit."  # its header

from std.shapes   import bar, dot
from std.profiles import bump, equal  # two
backbone V = inceptionv1(input=224px)
param a      : px   = 6px in [4px, 10px]
param longer : real = 1.5 in [0, 3]      free  # a dial
let c = (1 + 2)*a^-2 - -3
# lines
family x    [th: orient(16)] at V.conv2d1
family line [th: orient(16)] at V.conv2d2 {
  doc  = "d"
  # on bias
  bias = 1  # one

  gain = 2
}
family placed [th: rot(at=[
  0deg, 31deg, 62deg, 93deg, 124deg, 155deg, 186deg, 217deg, 248deg, 279deg, 310deg
])] at V.conv2d2
connect x -> line           { place = dot()  tune.th = equal }
connect x -> line as second {  # taps
  # inside
  place   = bar(8px, width=0.5tap)
  tune.th = (bump(30deg) - 0.35*bump(30deg, around=90deg) - 0.15) @ tangent
  # last
}
fn long_one(length: px, wide: px) : template
  = bar(length, width=wide) + 0.25*bar(length, width=wide) - 0.125*bar(length, width=wide)
fn longer(length: px, wide: px) : template
  = bar(length, width=wide, at=(0px, 2px))
  + 0.25*bar(length, width=wide, at=(0px, 4px))
  - 0.125*bar(length, width=wide)
'''


def test_golden() -> None:
    assert formatted(MESSY) == NEAT
    assert formatted(NEAT) == NEAT
    assert tree(MESSY) == tree(NEAT)


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


def test_carriage_returns_go() -> None:
    assert formatted('circ 1 """a\r\nb"""\r\n\r\nlet a = 1\r\n') == (
        'circ 1 """a\nb"""\n\nlet a = 1\n'
    )


spaces = st.sampled_from([" ", " ", " ", "\n", "\n\n\n", "\t", "  # note\n", "\n# a line\n"])


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_any_spacing_gives_the_same_tree_and_keeps_comments(
    text: str, data: st.DataObject
) -> None:
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


operators = st.sampled_from([" + ", " - ", "*", "/", " @ tangent", "^"])


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    kind = draw(st.integers(0, 6)) if depth else 0
    if kind == 0:
        return draw(st.sampled_from(["1", "2.5px", "a", "f()", '"t"', "(1px, 2px)"]))
    inner = expressions(depth - 1)
    if kind == 1:
        return f"({draw(inner)}) {draw(st.sampled_from('+-*/'))} ({draw(inner)})"
    if kind == 2:
        return f"{draw(st.sampled_from('+-'))}({draw(inner)})"
    if kind == 3:
        return f"({draw(inner)})^{draw(st.sampled_from(['', '-', '+']))}({draw(inner)})"
    if kind == 4:
        return f"g({draw(inner)}, x={draw(inner)})"
    if kind == 5:
        return f"(({draw(inner)}) @ radial)"
    return f"[{draw(inner)}, ({draw(inner)}) and ({draw(inner)})]"


@given(expressions())
@settings(max_examples=150)
def test_brackets_are_kept_where_they_matter(expression: str) -> None:
    text = f"circ 1\nlet a = {expression}"
    neat = formatted(text)
    assert tree(neat) == tree(text)
    assert formatted(neat) == neat
