"""The attributes that connections and motifs share: blocks to `Wiring`, and motifs themselves.

In: a block and an evaluator of the module around it. Out: IR values; a missing or faulty
attribute is None. Whether they fit the families at both ends is checked later.
"""

from __future__ import annotations

from typing import cast

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import (
    declared_twice,
    given_twice,
    listed,
    missing,
    out_of_range,
    with_hint,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import attributes, match
from circuitdsl.checking.values.kinds import (
    SCALAR_TYPES,
    Profile,
    Value,
    as_type,
    is_scalar,
    named_type,
)
from circuitdsl.checking.values.ranges import check_range, unit_of
from circuitdsl.ir.circuit import (
    Colour,
    Formal,
    Motif,
    Norm,
    NormKind,
    Template,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import ONE, DialValue, Number, Scalar, ScalarUnit, type_name
from circuitdsl.syntax import nodes

ATTRIBUTES = ("place", "tune", "over", "colour", "dc", "norm", "gain")

NORMS: dict[str, dict[str, bool]] = {
    "none": {},
    "l1": {},
    "l2": {},
    "mass": {"mass": True, "balance": False},
}
COLOURS: dict[str, dict[str, bool]] = {
    "luma": {},
    "hue": {"angle": True},
    "opponent": {"hue": True, "against": True},
}


def wiring(block: nodes.Block | None, what: str, evaluator: Evaluator) -> Wiring:
    """The wiring that a block describes.

    Args:
        block: The block, if there is one.
        what: What it belongs to, as a message names it.
        evaluator: For its expressions.
    """
    entries = attributes(block, ATTRIBUTES, what, evaluator.analysis)
    place = entries.get("place")
    over = entries.get("over")
    norm = entries.get("norm")
    colour = entries.get("colour")
    tunes = [
        tune
        for name, attribute in entries.items()
        if name.startswith("tune.") and (tune := _tune(attribute, evaluator)) is not None
    ]
    return Wiring(
        place=None if place is None else _place(place, evaluator),
        tunes=tuple(tunes),
        over=None if over is None else names_listed(over.value, "`over`", evaluator.analysis),
        colour=None if colour is None else _colour(colour, evaluator),
        dc=_number(entries.get("dc"), "`dc`", evaluator),
        norm=None if norm is None else _norm(norm, evaluator),
        gain=_number(entries.get("gain"), "`gain`", evaluator),
    )


def _number(attribute: nodes.Attribute | None, what: str, evaluator: Evaluator) -> Scalar | None:
    return None if attribute is None else evaluator.scalar(attribute.value, "real", what)


def _place(attribute: nodes.Attribute, evaluator: Evaluator) -> Template | None:
    value = evaluator.typed(attribute.value, "template", "`place`")
    template = cast("Template | None", value)
    return None if template is None else Template(template.terms, attribute.value.span)


def _tune(attribute: nodes.Attribute, evaluator: Evaluator) -> Tune | None:
    name = attribute.name.text
    value = evaluator.typed(attribute.value, "profile", f"`{name}`")
    if value is None:
        return None
    profile = cast("Profile", value)
    axis = name.removeprefix("tune.")
    return Tune(axis, profile.terms, profile.frame or "frame", attribute.span)


def names_listed(node: nodes.Expression, what: str, analysis: Analysis) -> tuple[str, ...] | None:
    """One name, or a list of names."""
    items = node.items if isinstance(node, nodes.Listing) else (node,)
    names: list[str] = []
    for item in items:
        if not isinstance(item, nodes.Reference):
            wrong_type(analysis, what, "a name, or a list of names", item.span)
            return None
        if item.name.text in names:
            given_twice(analysis, f"`{item.name.text}`", item.span)
            return None
        names.append(item.name.text)
    return tuple(names)


def choice(
    node: nodes.Expression,
    words: dict[str, dict[str, bool]],
    what: str,
    analysis: Analysis,
) -> tuple[str, dict[str, nodes.Expression]] | None:
    """A word from a table, and its arguments by name.

    Args:
        node: What was written: `word` or `word(...)`.
        words: The formals of each word, each with whether it must be given.
        what: What is chosen, as a message names it.
        analysis: Where to report.
    """
    if not isinstance(node, nodes.Reference | nodes.Call):
        wrong_type(analysis, what, f"one of {listed(words)}", node.span)
        return None
    name = node.name.text
    if name not in words:
        span, message = node.name.span, f"{what} cannot be `{name}`"
        message, fixes = with_hint(analysis, message, name, words, span)
        help_ = f"It is one of {listed(words)}."
        analysis.error("E201", message, span, help=help_, fixes=fixes)
        return None
    if isinstance(node, nodes.Reference) and any(words[name].values()):
        needed = f"{listed(key for key, must in words[name].items() if must)} in brackets"
        help_ = f"Write `{name}(...)`; it takes {listed(words[name])}."
        missing(analysis, f"`{name}`", needed, node.span, help=help_)
        return None
    call = node if isinstance(node, nodes.Call) else nodes.Call(node.span, node.name, ())
    arguments = match(call, words[name], analysis)
    return None if arguments is None else (name, arguments)


def _norm(attribute: nodes.Attribute, evaluator: Evaluator) -> Norm | None:
    kind = choice(attribute.value, NORMS, "`norm`", evaluator.analysis)
    if kind is None:
        return None
    name, arguments = kind
    values: dict[str, Scalar] = {"mass": ONE, "balance": ONE}
    for key, node in arguments.items():
        value = evaluator.scalar(node, "real", f"`{key}` of `mass()`")
        if value is None:
            return None
        values[key] = value
    return Norm(cast("NormKind", name), values["mass"], values["balance"], attribute.value.span)


def _colour(attribute: nodes.Attribute, evaluator: Evaluator) -> Colour | None:
    chosen = choice(attribute.value, COLOURS, "`colour`", evaluator.analysis)
    if chosen is None:
        return None
    name, arguments = chosen
    span = attribute.value.span
    if name == "luma":
        return Colour("luma", span=span)
    angles = [evaluator.scalar(v, "angle", f"`{k}` of `{name}()`") for k, v in arguments.items()]
    if None in angles:
        return None
    first, *others = [angle for angle in angles if angle is not None]
    if name == "hue":
        return Colour("hue", first, span=span)
    if first == others[0]:
        out_of_range(evaluator.analysis, "the hues of `opponent`", "different", span)
        return None
    return Colour("opponent", first, others[0], span=span)


# ---- motifs


@question
def pattern(analysis: Analysis, name: str) -> Motif | None:
    """The motif of that name, as the circuit will know it; None if its declaration is faulty."""
    home, node = analysis.module.motifs[name]
    return _motif(analysis.within(home), node, analysis.module.prefix + name)


def _motif(analysis: Analysis, node: nodes.Motif, name: str) -> Motif | None:
    formals: list[Formal] = []
    values: dict[str, Value | None] = {}
    sound = True
    for formal in node.formals:
        key = formal.name.text
        unit = _formal_unit(analysis, formal)
        if key in values:
            declared_twice(analysis, key, formal.name.span)
            sound = False
        values[key] = None if unit is None else DialValue(key, unit, formal.name.span)
        default: Scalar | None = None
        if unit is not None and formal.default is not None:
            what = f"the default of `{key}`"
            default = Evaluator(analysis).scalar(formal.default, unit, what)
            sound = sound and default is not None
        if unit is None:
            sound = False
        else:
            bounds = _formal_range(analysis, formal, unit, default)
            formals.append(Formal(key, unit, default, bounds, formal.free, formal.span))
    wired = wiring(node.block, f"motif `{node.name.text}`", Evaluator(analysis, values))
    return Motif(name, tuple(formals), wired, node.span) if sound else None


def _formal_range(
    analysis: Analysis, formal: nodes.Formal, unit: ScalarUnit, default: Scalar | None
) -> tuple[Number, Number] | None:
    """The range of a formal; it holds the default, if that is a fixed number."""
    evaluator, name = Evaluator(analysis), formal.name.text
    what = f"the range of `{name}`"
    bounds = [evaluator.fixed(end, unit, what) for end in formal.interval or ()]
    ends = [end for end in bounds if end is not None]
    if len(ends) < len(bounds):
        return None
    numbers = [default, *ends] if isinstance(default, Number) else ends
    if numbers and unit_of(name, unit, numbers, analysis) is None:
        return None
    low, high = ends or (None, None)
    at = default.value if isinstance(default, Number) else None
    check_range(formal, at, low and low.value, high and high.value, analysis)
    return None if low is None or high is None else (low, high)


def _formal_unit(analysis: Analysis, formal: nodes.Formal) -> ScalarUnit | None:
    if formal.unit is not None:
        return cast("ScalarUnit | None", named_type(formal.unit, SCALAR_TYPES, analysis))
    if formal.default is None:
        name = formal.name.text
        help_ = f"Write `{name}: TYPE`, with one of: {', '.join(SCALAR_TYPES)}."
        missing(analysis, f"`{name}`", "a type", formal.name.span, help=help_)
        return None
    value = Evaluator(analysis).value(formal.default)
    if value is None:
        return None
    if not is_scalar(value):
        as_type(value, "real", formal.default.span, f"`{formal.name.text}`", analysis)
        return None
    return cast("ScalarUnit", type_name(cast("Scalar", value).unit))
