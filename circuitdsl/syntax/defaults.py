"""New defaults for the dials of a text, written where the old ones stand.

In: a source and numbers in the dials' own units. Out: its text in the canonical layout, with the
defaults replaced and everything else, comments too, as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.syntax.parse import parse
from circuitdsl.text.diagnostics import DiagnosticError, InputError, suggestion
from circuitdsl.text.source import Source

_KEPT = {"deg": "deg", "rad": "deg", "turn": "deg", "px": "px", "tap": "tap"}
"""By the unit of an old literal: that of the new one, which the compiler counts in."""

_DIGITS = 4
"""Significant digits of a default: more would claim what no fit knows."""


def with_defaults(source: Source, settings: Mapping[str, float]) -> str:
    """The text with other defaults.

    Args:
        source: A circuit file.
        settings: New defaults by dial, in px, degrees or plain numbers; rounded to four digits.

    Raises:
        DiagnosticError: the text does not parse.
        InputError: it declares no such dial.
    """
    file, faults = parse(source)
    if faults:
        raise DiagnosticError(faults)
    dials = {item.name.text: item for item in file.items if isinstance(item, nodes.Dial)}
    text = source.text
    for name in settings:
        if name not in dials:
            raise InputError(
                f"{source.name} declares no dial `{name}`", help=suggestion(name, dials)
            )
    # from the end, so that the places of those before stay right
    for dial in sorted(dials.values(), key=lambda dial: -dial.span.start):
        if dial.name.text in settings:
            where = dial.default.span
            new = _spelt(settings[dial.name.text], dial)
            text = text[: where.start] + new + text[where.end :]
    return format_source(Source(source.name, text, source.path))


def rounded(value: float) -> float:
    """A default as `with_defaults` writes it."""
    return float(f"{value:.{_DIGITS}g}")


def _spelt(value: float, dial: nodes.Dial) -> str:
    # the language has no exponents beside units
    return f"{Decimal(repr(rounded(value))).normalize():f}" + _unit(dial)


def _unit(dial: nodes.Dial) -> str:
    """The unit that a dial is counted in: that of its old default, else that of its type."""
    declared = {"angle": "deg", "length": "px"}.get(dial.unit.text, "") if dial.unit else ""
    return _written_unit(dial.default) or declared


def _written_unit(value: nodes.Expression) -> str:
    """The unit of the first number with one in an expression."""
    if isinstance(value, nodes.Number):
        return _KEPT.get(value.unit, "")
    if isinstance(value, nodes.Signed):
        return _written_unit(value.operand)
    parts = value.parts if isinstance(value, nodes.Chain) else ()
    return next((unit for part in parts if (unit := _written_unit(part))), "")
