"""Files that nobody meant to write: arbitrary bytes, mutated real files, generated circuits.

The suite draws from here, and so does `benchmarks/fuzz.py`.
"""

from __future__ import annotations

from corpus import TEXTS, tokens
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from circuitdsl.checking import CheckResult, check_source
from circuitdsl.ir.writing.text import to_source
from circuitdsl.syntax.format import format_source
from circuitdsl.testing.strategies import circuits
from circuitdsl.text.diagnostics import DiagnosticError, render
from circuitdsl.text.source import Source

_CHIPS = (
    *("0px", "1e300", "-1", "1e-300", "0", "999999999999", "3tap", "45deg", "1e999px", "\0", "é"),
    *("{", "}", "(", ")", "[", "]", "->", "=", ",", ".", "@", "#", '"', '"""', "<=", "expect"),
    *("equal", "dot()", "(1px, 2tap)", "th", "[]", "family", "connect", "rot(3)", "flip", "input"),
    *("activity(th=[0deg, 90deg])", "[0, 1]*spot(window, at=(0px, 16px))", "spot(V.input)"),
    *("rot(1000000000)", 'import "/etc/passwd" as x', 'import "../../x.circ" as y'),
)
"""What mutations put in."""


@st.composite
def mutated(draw: DrawFn) -> bytes:
    """A real file with a few tokens dropped, doubled, swapped or replaced."""
    parts = tokens(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(("drop", "double", "swap", "chip", "cut"))):
            case "drop":
                parts[at] = ""
            case "double":
                parts[at] += f" {parts[at]}"
            case "swap":
                other = draw(st.integers(0, len(parts) - 1))
                parts[at], parts[other] = parts[other], parts[at]
            case "chip":
                parts[at] = draw(st.sampled_from(_CHIPS))
            case _:
                parts = parts[: at + 1]
    return "\n".join(parts).encode()


@st.composite
def generated(draw: DrawFn) -> bytes:
    """A generated circuit as text, sometimes with numbers replaced."""
    text = to_source(draw(circuits()).circuit)
    if draw(st.booleans()):
        parts = text.split(" ")
        numbers = [n for n, part in enumerate(parts) if part[:1].isdigit()]
        at = draw(st.sampled_from(numbers or [0]))
        parts[at] = draw(st.sampled_from(_CHIPS))
        text = " ".join(parts)
    return text.encode()


def arbitrary() -> SearchStrategy[bytes]:
    """Bytes, text, and text after a sound header."""
    text = st.text().map(str.encode)
    return st.binary() | text | text.map(lambda tail: b"circ 1\n" + tail)


KINDS = {"arbitrary": arbitrary(), "mutated": mutated(), "generated": generated()}


def judge(data: bytes) -> CheckResult | None:
    """Read, check and format some bytes, as the command line would.

    Returns:
        The result; None where the bytes are no text.

    Raises:
        AssertionError: a circuit has errors, a message cannot be printed, or formatting changes
            what a sound file means, or does not end. Any other exception is a fault, too.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    source = Source("fuzz.circ", text)
    result = check_source(source)
    assert result.circuit is None or not result.errors
    for diagnostic in result.diagnostics:
        assert render(diagnostic)
    try:
        formatted = format_source(source)
    except DiagnosticError:
        return result
    assert format_source(Source("fuzz.circ", formatted)) == formatted
    if result.circuit is not None:
        assert check_source(Source("fuzz.circ", formatted)).circuit == result.circuit
    return result
