"""Units of a trained network: `3b:379`, `V.mixed3b[379, 330..339]`, `found(V.mixed3b, n=14)`.

In: expressions. Out: a `UnitSet`, held to the architecture that the file names; no weight is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import (
    given_twice,
    missing,
    no_backbone,
    out_of_range,
    unit_out_of_range,
    unknown,
    unknown_layer,
    wrong_type,
)
from circuitdsl.checking.names.hand import hand_family
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.backbones.directions import USUAL_TERMS
from circuitdsl.ir.edits.script import CHOOSING, Hand, Picked, Sought, UnitSet
from circuitdsl.ir.stimuli import PHOTOGRAPHS
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

FOUND = "found"
"""The function that finds a family in a network."""


def names_layer(module: Module, name: str) -> bool:
    """Whether a dotted name starts with the module's backbone."""
    geometry = module.geometry
    return geometry is not None and name.startswith(f"{geometry[0]}.")


def whole(analysis: Analysis, node: nodes.Name) -> UnitSet | None:
    """All units of a layer: `V.mixed3b_5x5`; or the one that a direction is, by its name."""
    if node.text in analysis.module.directions:
        geometry = analysis.module.geometry
        if geometry is None or node.text not in geometry[1].by_name:
            return None  # its declaration is told what is wrong
        return UnitSet((Picked(node.text, (0,), span=node.span),), node.span)
    layer_of = _layer(analysis, node)
    if layer_of is None:
        return None
    backbone, layer = layer_of
    numbers = tuple(range(backbone.by_name[layer].width))
    return UnitSet((Picked(layer, numbers, whole=True, span=node.span),), node.span)


def one_unit(analysis: Analysis, node: nodes.Unit) -> UnitSet | None:
    """`3b:379`."""
    geometry = analysis.module.geometry
    if geometry is None:
        _without_backbone(analysis, node.span)
        return None
    block, _, number = node.text.partition(":")
    layer = geometry[1].called(block)
    if layer not in geometry[1].by_name:
        unknown_layer(analysis, geometry[1], layer, node.span)
        return None
    return _picked(geometry[1], layer, [(int(number[:9]), node.span)], node.span, analysis)


def selection(analysis: Analysis, node: nodes.Selection) -> UnitSet | None:
    """`V.mixed3b[379, 330..339]`."""
    if not names_layer(analysis.module, node.name.text):
        if analysis.module.geometry is None:
            _without_backbone(analysis, node.span)
        elif not analysis.module.silent(node.name.text):
            name, help_ = node.name.text, "Write `V.mixed3b[379]`."
            unknown(analysis, "layer", name, (), node.name.span, help=help_)
        return None
    place = _layer(analysis, node.name)
    numbers: list[tuple[int, Span]] = []
    for pick in node.picks:
        if isinstance(pick, nodes.Range):
            numbers += _between(pick, analysis)
            continue
        value = pick.value
        whole = isinstance(value, nodes.Number) and not value.unit and value.value % 1 == 0
        if not isinstance(value, nodes.Number) or pick.name is not None or not whole:
            requirement = "numbers of units, such as `379` or `330..339`"
            wrong_type(analysis, "what stands in `[...]`", requirement, pick.span)
            return None
        numbers.append((int(min(value.value, 10**9)), pick.span))
    if place is None or not numbers:
        return None
    return _picked(place[0], place[1], numbers, node.span, analysis)


def found(
    analysis: Analysis,
    node: nodes.Call,
    number: Callable[[nodes.Expression, str], float | None],
) -> UnitSet | None:
    """`found(V.mixed3b, n=14)`, or `found(V.mixed3a, like=hand.hilo, n=8, using=photos)`.

    With the word `direction`, combinations of `units=12` units are meant; without `n`, one of them.
    `number` evaluates a whole number, which it calls by a name.
    """
    others = tuple(argument for argument in node.arguments if not _says_direction(argument))
    directed = len(others) < len(node.arguments)
    formals = {"layer": True, "n": not directed, "like": directed, "using": False}
    if directed:
        formals["units"] = False
    arguments = match(replace(node, arguments=others), formals, analysis)
    if arguments is None:
        return None
    place = _searched(analysis, arguments["layer"])
    count = number(arguments["n"], "`n` of `found()`") if "n" in arguments else 1
    if place is None or count is None:
        return None
    best = Sought(place[1], int(count), span=node.span)
    if "like" in arguments:
        like = _like(analysis, place[0], arguments["like"])
        using = chosen_on(analysis, arguments.get("using"), "`using` of `found()`")
        if like is None or using is None:
            return None
        best = replace(best, like=like, using=using)
    elif "using" in arguments:
        missing(analysis, "`using` of `found()`", "`like`: a family to agree with", node.span)
        return None
    if directed:
        units = arguments.get("units")
        terms = USUAL_TERMS if units is None else number(units, "`units` of `found()`")
        if terms is None:
            return None
        best = replace(best, terms=int(terms))
    return UnitSet((best,), node.span) if _within(analysis, place[0], best, arguments) else None


def _says_direction(argument: nodes.Argument) -> bool:
    """Whether an argument is the bare word `direction`."""
    if argument.name is not None or not isinstance(argument.value, nodes.Reference):
        return False
    return argument.value.name.text == "direction"


def _within(
    analysis: Analysis,
    backbone: Backbone,
    best: Sought,
    arguments: Mapping[str, nodes.Expression],
) -> bool:
    """Whether there can be as many units or directions as are sought; reports E304."""
    width = backbone.by_name[best.layer].width
    units = f"the units of {best.layer}"
    bounds = {"n": (best.count, width, units)}
    if best.terms and best.like is not None:
        size = best.like.circuit.by_name[best.like.family].size
        bounds["n"] = (best.count, size, f"the members of `{best.like.family}`")
        bounds["units"] = (best.terms, width, units)
    for name, (value, most, what) in bounds.items():
        if name in arguments and not 1 <= value <= most:
            wanted = f"a whole number from 1 to {most}, {what}"
            out_of_range(analysis, f"`{name}`", wanted, arguments[name].span)
            return False
    return True


def _searched(analysis: Analysis, node: nodes.Expression) -> tuple[Backbone, str] | None:
    """The layer that is searched."""
    if isinstance(node, nodes.Reference) and names_layer(analysis.module, node.name.text):
        return _layer(analysis, node.name)
    wrong_type(analysis, "`layer` of `found()`", "a layer, such as `V.mixed3b`", node.span)
    return None


def _like(analysis: Analysis, backbone: Backbone, node: nodes.Expression) -> Hand | None:
    """The family that units shall agree with."""
    hand = hand_family(analysis, node)
    if hand is None:
        return None
    written = hand.circuit.backbone.geometry
    if written != backbone and any(family.units is not None for family in hand.circuit.families):
        message = f"`{node.span.text}` reads units of {written.name}; `{backbone.name}` has others"
        help_ = "Name a family of a circuit that starts at the image."
        analysis.error("E706", message, node.span, help=help_)
        return None
    return hand


def chosen_on(analysis: Analysis, node: nodes.Expression | None, what: str) -> str | None:
    """The name of the photographs that units or members are chosen on.

    Args:
        analysis: The file, and where to report.
        node: What the text names; None if it names nothing.
        what: What they are for, as a message names it.
    """
    if node is None:
        return CHOOSING.name
    where, key = analysis.module.follow(node.name.text if isinstance(node, nodes.Reference) else "")
    declared = where.stimuli.get(key)
    if declared is not None and declared.value.name.text == PHOTOGRAPHS:
        return where.prefix + key
    if not where.silent(key):
        got = "" if declared is None else f"`{declared.value.name.text}`"
        help_ = "Declare `stimulus choosing = photographs(n=50, seed=1)`."
        wrong_type(analysis, what, "a set of photographs", node.span, got=got, help=help_)
    return None


def _between(pick: nodes.Range, analysis: Analysis) -> list[tuple[int, Span]]:
    if pick.last < pick.first:
        message = f"`{pick.span.text}` is empty: it ends before it starts"
        analysis.error("E304", message, pick.span)
    # a range that is far too long is told from its ends
    last = min(pick.last, pick.first + 5_000)
    return [(number, pick.span) for number in range(pick.first, last + 1)]


def _layer(analysis: Analysis, node: nodes.Name) -> tuple[Backbone, str] | None:
    geometry = analysis.module.geometry
    if geometry is None:
        return None
    name, backbone = geometry
    layer = backbone.called(node.text.removeprefix(f"{name}."))
    if layer not in backbone.by_name:
        unknown_layer(analysis, backbone, layer, node.span)
        return None
    row = backbone.by_name[layer]
    if not row.has_units and row.kind != "concat":
        message = f"`{layer}` has no units of its own"
        help_ = f"Name a convolution, or a block such as {backbone.example_block}."
        analysis.error("E204", message, node.span, help=help_)
        return None
    return backbone, layer


def _picked(
    backbone: Backbone, layer: str, numbers: list[tuple[int, Span]], span: Span, analysis: Analysis
) -> UnitSet | None:
    width = backbone.by_name[layer].width
    numbers_so_far: set[int] = set()
    for number, where in numbers:
        if number >= width:
            unit_out_of_range(analysis, layer, number, width, where)
            return None
        if number in numbers_so_far:
            given_twice(analysis, f"{layer}:{number}", where)
            return None
        numbers_so_far.add(number)
    picks = tuple(number for number, _ in numbers)
    return UnitSet((Picked(layer, picks, span=span),), span)


def _without_backbone(analysis: Analysis, span: Span) -> None:
    has_backbone = any(isinstance(item, nodes.Backbone) for item in analysis.module.file.items)
    if not has_backbone and not analysis.module.silent("V"):
        no_backbone(analysis, "units", span, trained=True)
