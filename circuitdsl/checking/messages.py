"""Messages that several parts of the check have in common: one function for each kind of fault.

Each reports one diagnostic to an analysis. `what` and `wanted` are phrases as they stand in the
sentence, with backquotes around what a file says.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Unpack

from circuitdsl.checking.analysis import Analysis, Details
from circuitdsl.ir.backbones import USUAL, Backbone
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Fix, Label
from circuitdsl.text.source import Span

_LONGEST_VALUE = 30
"""Characters of a value that a message repeats."""


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names in backquotes, separated by commas; those after `most` are left out."""
    first = list(islice(names, most + 1))
    text = ", ".join(f"`{name}`" for name in first[:most])
    return f"{text} and more" if len(first) > most else text


def with_hint(
    analysis: Analysis, message: str, name: str, known: Iterable[str], span: Span
) -> tuple[str, tuple[Fix, ...]]:
    """A message about an unknown name, followed by the nearest of the known names.

    Returns:
        The message, and the change that writes the nearest name where the span is that of the name.
    """
    near = analysis.findings.nearest(name, known)
    if near is None:
        return message, ()
    fixes = (Fix(f"Write `{near}`", span, near),) if span.text == name else ()
    return f"{message}; did you mean `{near}`?", fixes


# ---- names


def unknown(
    analysis: Analysis,
    kind: str,
    name: str,
    known: Iterable[str],
    span: Span,
    *,
    table: bool = False,
    **details: Unpack[Details],
) -> None:
    """Report a name that nothing is declared under (E201).

    Args:
        analysis: Where to report.
        kind: What is named, such as `family`.
        name: As written.
        known: The names that there are; read only as far as a hint may cost.
        span: Where it stands.
        table: Whether the known names are a fixed table, which the message then lists.
        details: More of the message.
    """
    if table and not details.get("help"):
        details["help"] = f"Known: {listed(known)}."
    message, fixes = with_hint(analysis, f"no {kind} `{name}`", name, known, span)
    details.setdefault("fixes", fixes)
    analysis.error("E201", message, span, **details)


def not_imported(analysis: Analysis, name: str, home: str, span: Span) -> None:
    """Report a name of the standard library that the file does not import (E201)."""
    message, line = f"`{name}` has not been imported", f"from {home} import {name}"
    fixes = (Fix(f"Add `{line}`", *_import_of(analysis, name, home)),)
    analysis.error("E201", message, span, help=f"Add `{line}`.", fixes=fixes)


def _import_of(analysis: Analysis, name: str, home: str) -> tuple[Span, str]:
    """Where the import of a name is written, and its text."""
    file = analysis.module.whole_file.file
    end = 0 if file.header is None else file.header.span.end
    for item in file.items:
        if isinstance(item, nodes.ImportNames):
            end = item.span.end
            if isinstance(item.source, nodes.Name) and item.source.text == home:
                return Span(file.source, end, end), f", {name}"
    return Span(file.source, end, end), f"\nfrom {home} import {name}"


def another_kind(
    analysis: Analysis, name: str, kind: str, wanted: str, span: Span, *, help: str = ""
) -> None:
    """Report a name of something that cannot stand here (E201)."""
    analysis.error("E201", f"`{name}` is {kind}, not {wanted}", span, help=help)


def declared_twice(analysis: Analysis, name: str, span: Span, first: Span | None = None) -> None:
    """Report that a name is declared twice (E203)."""
    place = "" if first is None else f" (first at {first.line}:{first.column})"
    labels = [Label(first, "first declared here")] if first and first.source is span.source else ()
    message = f"`{name}` is declared twice{place}"
    analysis.error("E203", message, span, also=labels, help="Rename one of them.")


def reserved(analysis: Analysis, name: str, owner: str, span: Span) -> None:
    """Report a family with a name that means something else (E203)."""
    message = f"`{name}` is {owner}; no family can have its name"
    analysis.error("E203", message, span, help="Choose another name.")


# ---- layers and units


def unknown_layer(analysis: Analysis, backbone: Backbone, layer: str, span: Span) -> None:
    """Report a layer that a backbone does not have (E204)."""
    message = f"`{backbone.name}` has no layer `{layer}`"
    near = analysis.findings.nearest(layer, backbone.by_name)
    fixes: tuple[Fix, ...] = ()
    if near is not None:
        message = f"{message}; did you mean `{near}`?"
        if span.text.endswith(layer):
            end = Span(span.source, span.end - len(layer), span.end)
            fixes = (Fix(f"Write `{near}`", end, near),)
    help_ = _layers_instead(backbone, layer)
    analysis.error("E204", message, span, help=help_, fixes=fixes)


def _layers_instead(backbone: Backbone, layer: str) -> str:
    block = layer.split("_", maxsplit=1)[0]
    parts = [name for name in backbone.by_name if name.startswith(f"{block}_")]
    if parts:
        tails = ", ".join(f"`{part.removeprefix(block)}`" for part in parts)
        return f"`{block}` has {tails}."
    convolutions = [each.name for each in backbone.layers if each.kind == "conv"]
    more = ", ..." if len(convolutions) > 9 else "."
    return f"Layers with kernels: {', '.join(convolutions[:9])}{more}"


def no_backbone(analysis: Analysis, what: str, span: Span, *, trained: bool = False) -> None:
    """Report what needs a backbone in a file that declares none (E211)."""
    arguments = 'weights="default"' if trained else "input=224px"
    message = f"{what} need a backbone, and this file declares none"
    analysis.error("E211", message, span, help=f"Add `backbone V = {USUAL}({arguments})`.")


def unit_out_of_range(analysis: Analysis, layer: str, unit: int, width: int, span: Span) -> None:
    """Report the number of a unit that a layer does not have (E701)."""
    message = f"{layer}:{unit} is out of range; {layer} has {width} units"
    analysis.error("E701", message, span, help=f"Units count from 0 to {width - 1}.")


def trained(analysis: Analysis, name: str, why: str, span: Span, *, help: str = "") -> None:
    """Report a family of trained units where only a hand-written one can stand (E706)."""
    analysis.error("E706", f"`{name}` consists of trained units, {why}", span, help=help)


# ---- arguments and values


def missing(
    analysis: Analysis, what: str, needed: str, span: Span, **details: Unpack[Details]
) -> None:
    """Report something that is not complete (E207)."""
    analysis.error("E207", f"{what} needs {needed}", span, **details)


def given_twice(
    analysis: Analysis, what: str, span: Span, first: Span | None = None, *, note: str = ""
) -> None:
    """Report that something is given twice (E208)."""
    message, help_ = f"{what} is given twice", "Keep one of them."
    labels = () if first is None else (Label(first, "first given here"),)
    analysis.error("E208", message, span, also=labels, note=note, help=help_)


def wrong_type(
    analysis: Analysis,
    what: str,
    wanted: str,
    span: Span,
    *,
    got: str = "",
    **details: Unpack[Details],
) -> None:
    """Report a value of the wrong kind (E302)."""
    message = f"{what} must be {wanted}{f', not {got}' if got else ''}"
    analysis.error("E302", message, span, **details)


def out_of_range(
    analysis: Analysis,
    what: str,
    wanted: str,
    span: Span,
    *,
    got: str = "",
    **details: Unpack[Details],
) -> None:
    """Report a number outside of its range (E304).

    Args:
        analysis: Where to report.
        what: What the number is for.
        wanted: What it must be.
        span: Where it stands.
        got: The number; by default the text of the span, unless that is long.
        details: More of the message.
    """
    text = got or " ".join(span.text.split())
    end = f"; it is {text}" if text and len(text) <= _LONGEST_VALUE else ""
    analysis.error("E304", f"{what} must be {wanted}{end}", span, **details)


def no_value(analysis: Analysis, why: str, span: Span, *, also: Iterable[Label] = ()) -> None:
    """Report an expression without a value (E308)."""
    analysis.error("E308", f"this has no value: {why}", span, also=also)


def no_taps(analysis: Analysis, span: Span) -> None:
    """Report a length in taps where a tap has no size (E303)."""
    analysis.error(
        "E303",
        "`tap` has no size outside a `connect`",
        span,
        note="a tap is as wide as the target's layer samples its source",
        help="Write the length in px.",
    )


def not_fixed(
    analysis: Analysis, what: str, dial: str, span: Span, *, wanted: str = "number"
) -> None:
    """Report an expression that reads a dial where a value must be known (E309)."""
    message = f"{what} must be a fixed {wanted}; this reads the dial `{dial}`"
    analysis.error("E309", message, span, help="Use a number, or a `let` of numbers.")


def too_many(
    analysis: Analysis, what: str, count: str, most: int, span: Span, *, help: str = ""
) -> None:
    """Report more of something than a limit allows (E113).

    Args:
        analysis: Where to report.
        what: What has so many.
        count: How many of what, such as `5,000 members`.
        most: The limit.
        span: Where.
        help: What to do.
    """
    analysis.error("E113", f"{what} has {count}; at most {most:,} are allowed", span, help=help)
