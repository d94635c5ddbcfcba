"""`expect` lines of scores and of edits: what is claimed of sides, of recoveries, of steps."""

from __future__ import annotations

from collections.abc import Iterable

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import listed, missing, unknown
from circuitdsl.checking.names.forms import Reader, Use
from circuitdsl.ir.expect import Expect, Measured
from circuitdsl.ir.tables.measures import OUTPUTS, Measure, Place
from circuitdsl.syntax import nodes


def expectations(
    analysis: Analysis,
    written: Iterable[nodes.Expectation],
    place: Place,
    sides: tuple[str, ...] = (),
) -> tuple[Expect, ...]:
    """The expectations of a block; faulty ones are reported and left out.

    Args:
        analysis: The file, and where to report.
        written: As written.
        place: What kind of block it is.
        sides: The sides that the block has, `left` first.
    """

    def measured(node: Use, row: Measure) -> Measured | None:
        return _measured(analysis, node, row.places[place], sides)

    reader = Reader(analysis, place, measured)
    claims = (reader.expect(node) for node in written)
    return tuple(expect for expect in claims if expect is not None)


def _measured(
    analysis: Analysis, node: Use, argument: str, sides: tuple[str, ...]
) -> Measured | None:
    name, span = node.name.text, node.span
    arguments = node.arguments if isinstance(node, nodes.Call) else ()
    names = sides if argument == "side" else OUTPUTS
    if argument == "pairs" and len(sides) < 2:
        message = f"`{name}` compares the left with the right, and there is no `right`"
        analysis.error("E804", message, span, help="Write `right = ...`.")
        return None
    if argument == "pairs" or (not arguments and argument == "outputs"):
        return Measured(name, span=span)
    if not arguments and len(sides) == 1:
        return Measured(name, sides[0], span=span)
    help_ = f"Write `{name}({names[0]})`; it takes one of {listed(names)}."
    if len(arguments) != 1 or arguments[0].name is not None:
        missing(analysis, f"`{name}()`", f"one of {listed(names)}", span, help=help_)
        return None
    value = arguments[0].value
    text = value.name.text if isinstance(value, nodes.Reference) else ""
    if text not in names:
        kind = "side" if argument == "side" else "measure of outputs"
        unknown(analysis, kind, text or value.span.text, names, value.span, help=help_)
        return None
    return Measured(name, text, span=span)
