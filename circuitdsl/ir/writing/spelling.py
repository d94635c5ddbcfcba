"""Scalars, templates, profiles and calls of the IR as pieces of canonical text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuitdsl.ir.circuit import (
    RECTIFIED,
    Colour,
    Family,
    MotifUse,
    Norm,
    ProfileTerm,
    Shape,
    Template,
    Tune,
)
from circuitdsl.ir.expect import Expect, Form, Judgement, Measured, Term
from circuitdsl.ir.expressions import (
    CALLED,
    ONE,
    ZERO_ANGLE,
    Apply,
    DialValue,
    Number,
    Scalar,
    ScalarUnit,
)
from circuitdsl.ir.members.axes import SIDES, Axis
from circuitdsl.ir.stimuli import Part, Spot, Stroke
from circuitdsl.ir.tables.arguments import Argument
from circuitdsl.ir.tables.figures import SIZES
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import BY_NAME, Unit
from circuitdsl.ir.tables.profiles import PROFILES
from circuitdsl.ir.tables.setting_kinds import SettingKind
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.text.layout import Chain, Group, Joined, Piece, flat

# how tightly an expression binds; one that binds less than its place asks for gets brackets
_SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(5)

_SUFFIX: dict[ScalarUnit, str] = {"real": "", "int": "", "px": "px", "tap": "tap", "angle": "deg"}

ROTATED = "rotated"
"""The function that turns a template."""


def number(value: float, unit: ScalarUnit = "real") -> str:
    """A number and its unit, in the fewest digits that read back the same."""
    whole = value == int(value) and abs(value) < 1e16
    digits = str(int(value)) if whole else repr(value)
    return f"{digits}{_SUFFIX[unit]}"


def scalar(expression: Scalar, least: int = _SUM) -> Piece:
    """An expression; in brackets if it binds less tightly than `least`."""
    if _level(expression) < least:
        return Joined(("(", scalar(expression), ")"))
    if isinstance(expression, Number):
        return number(expression.value, expression.unit)
    if isinstance(expression, DialValue):
        return expression.name
    return _operation(expression)


def _operation(expression: Apply) -> Piece:
    if expression.operation == "neg":
        return Joined(("-", scalar(expression.arguments[0], _POWER)))
    if expression.operation in CALLED:
        return Group(f"{expression.operation}(", tuple(map(scalar, expression.arguments)), ")")
    left, right = expression.arguments
    if expression.operation == "^":
        return Joined((scalar(left, _ATOM), "^", _exponent(right)))
    if expression.operation in "*/":
        return _chained(left, expression.operation, scalar(right, _SIGNED), _PRODUCT)
    return _chained(left, f" {expression.operation} ", scalar(right, _PRODUCT), _SUM)


def _chained(left: Scalar, operator: str, right: Piece, level: int) -> Chain:
    """Operations of one kind from left to right are one chain, as the parser has them."""
    first = scalar(left, level)
    if isinstance(first, Chain) and _level(left) == level:
        return Chain(first.first, (*first.rest, (operator, right)))
    return Chain(first, ((operator, right),))


def _exponent(expression: Scalar) -> Piece:
    if isinstance(expression, Number):
        return scalar(expression)
    if isinstance(expression, Apply) and expression.operation == "neg":
        inner = expression.arguments[0]
        if _level(inner) == _ATOM:
            return Joined(("-", scalar(inner)))
    return scalar(expression, _ATOM)


def _level(expression: Scalar) -> int:
    if isinstance(expression, Number):
        return _SIGNED if expression.value < 0 else _ATOM
    if isinstance(expression, DialValue) or expression.operation in CALLED:
        return _ATOM
    levels = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "neg": _SIGNED, "^": _POWER}
    return levels[expression.operation]


# ---- templates and profiles


def template(place: Template) -> Piece:
    """The value of `place`."""
    return _sum([(term.weight, _shape(term.shape)) for term in place.terms])


def shapes_named(place: Template) -> frozenset[str]:
    """The functions that the text of a template names."""
    turned = any(term.shape.turn != ZERO_ANGLE for term in place.terms)
    names = frozenset(term.shape.name for term in place.terms)
    return names | {ROTATED} if turned else names


def _shape(shape: Shape) -> Piece:
    row = SHAPES[shape.name]
    call = _call(shape.name, shape.arguments, row.arguments, row.defaults)
    if shape.turn == ZERO_ANGLE:
        return call
    return Group(f"{ROTATED}(", (call, scalar(shape.turn)), ")")


def tune(found: Tune) -> Piece:
    """The value of `tune.AXIS`."""
    plain = _plain(found.terms)
    value = _sum(
        [
            (term.weight, None if index in plain else _profile(term))
            for index, term in enumerate(found.terms)
        ]
    )
    if found.frame == "frame":
        return value
    if isinstance(value, Chain):
        value = Joined(("(", value, ")"))
    return Joined((value, f" @ {found.frame}"))


def profiles_named(found: Tune) -> frozenset[str]:
    """The profiles that the text of a tune names."""
    plain = _plain(found.terms)
    return frozenset(
        name
        for index, term in enumerate(found.terms)
        if index not in plain
        for name in _names(term)
    )


def _names(term: ProfileTerm) -> frozenset[str]:
    """The names by which a term is written."""
    return frozenset((term.name,)).union(profiles_named(Tune("", term.inner)) if term.inner else ())


def _plain(terms: Sequence[ProfileTerm]) -> frozenset[int]:
    """Which terms are written as plain numbers.

    Two plain numbers at the start would be added up before they become a profile.
    """
    constant = [index for index, term in enumerate(terms) if term.name == "constant"]
    return frozenset(constant[1:] if constant[:2] == [0, 1] else constant)


def _profile(term: ProfileTerm) -> Piece:
    if term.name == RECTIFIED:
        return Group(f"{RECTIFIED}(", (tune(Tune("", term.inner)),), ")")
    row = PROFILES[term.name]
    if not term.arguments:
        return term.name
    return _call(term.name, term.arguments, row.arguments, row.defaults)


def _sum(terms: Sequence[tuple[Scalar, Piece | None]]) -> Piece:
    """Weighted terms; one without a piece of its own is a plain number."""
    pieces: list[tuple[str, Piece]] = []
    for index, (weight, piece) in enumerate(terms):
        operator = " + "
        if index and _is_negative(weight):
            operator, weight = " - ", _opposite(weight)  # noqa: PLW2901
        least = _SUM if len(terms) == 1 and piece is None else _PRODUCT
        pieces.append((operator, _weighted(weight, piece, least)))
    first = pieces[0][1]
    return Chain(first, tuple(pieces[1:])) if len(pieces) > 1 else first


def _weighted(weight: Scalar, piece: Piece | None, least: int) -> Piece:
    if piece is None:
        return scalar(weight, least)
    if weight == ONE:
        return piece
    if weight == Number(-1.0):
        return Joined(("-", piece))
    return _chained(weight, "*", piece, _PRODUCT)


def _is_negative(weight: Scalar) -> bool:
    if isinstance(weight, Number):
        return weight.value < 0
    return isinstance(weight, Apply) and weight.operation == "neg"


def _opposite(weight: Scalar) -> Scalar:
    if isinstance(weight, Number):
        return Number(-weight.value, weight.unit)
    return weight.arguments[0] if isinstance(weight, Apply) else weight


# ---- calls


def _call(
    name: str,
    arguments: Sequence[tuple[str, Scalar | tuple[Scalar, ...]]],
    formals: Sequence[Argument] = (),
    defaults: Mapping[str, Scalar | tuple[Scalar, ...]] | None = None,
    first: str | None = None,
) -> Piece:
    """A call: the main argument by position, the others by name, defaults left out."""
    if formals and formals[0].default is None:
        first = formals[0].name
    pieces: list[Piece] = []
    for index, (key, value) in enumerate(arguments):
        if defaults is not None and defaults.get(key) == value:
            continue
        if isinstance(value, tuple):
            point: Piece = Group("(", tuple(scalar(part) for part in value), ")")
        else:
            point = scalar(value)
        pieces.append(point if index == 0 and key == first else Joined((f"{key}=", point)))
    return Group(f"{name}(", tuple(pieces), ")")


def motif_call(use: MotifUse, first: str | None) -> Piece:
    """A motif with what its formals are bound to; `first` is the first of them."""
    return _call(use.name, use.bindings, first=first)


def expectation(expect: Expect) -> Piece:
    """A comparison, without the word before it."""
    left, right = (_side(side, expect.unit) for side in (expect.left, expect.right))
    return Chain(left, ((f" {expect.comparison} ", right),))


def broken(judgement: Judgement) -> str:
    """What an expectation says, and what was measured, for a message."""
    values = ", ".join(
        f"{flat(spelled(measure))} is {figure_of(measure, value)}"
        for measure, value in judgement.values
    )
    return f"`expect {flat(expectation(judgement.expect))}` does not hold: {values}"


def sides(judgement: Judgement) -> tuple[str, str]:
    """The values of both sides, with their unit."""
    unit = judgement.expect.unit
    return _figure(judgement.left, unit), _figure(judgement.right, unit)


def figure_of(measured: Measured, value: float) -> str:
    """A value of a measure, with its unit."""
    return _figure(value, BY_NAME[measured.name].unit)


def _figure(value: float, unit: Unit) -> str:
    text = f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return f"{text}{'deg' if unit == 'angle' else ''}"


def _side(form: Form, unit: Unit) -> Piece:
    pieces: list[tuple[Scalar, Piece | None]] = []
    for term in form:
        weight = Number(term.weight, _weight_unit(term, unit))
        if term.measure is None and term.over is not None:  # the number is what is divided
            sign = Number(-1.0 if term.weight < 0 else 1.0)
            size = number(abs(term.weight), weight.unit)
            pieces.append((sign, Chain(size, (("/", spelled(term.over)),))))
        else:
            pieces.append((weight, _quotient(term)))
    return _sum(pieces)


def _weight_unit(term: Term, unit: Unit) -> ScalarUnit:
    """The unit of a term's number: that of the side, but for what the measures have of it."""
    power = int(unit == "angle")
    for measure, sign in ((term.measure, -1), (term.over, 1)):
        if measure is not None and BY_NAME[measure.name].unit == "angle":
            power += sign
    return "angle" if power == 1 else "real"


def _quotient(term: Term) -> Piece | None:
    """The measures of a term; None for a number alone."""
    if term.measure is None:
        return None
    first = spelled(term.measure)
    return first if term.over is None else Chain(first, (("/", spelled(term.over)),))


def spelled(measured: Measured) -> Piece:
    """A measure as the language writes it."""
    if not measured.of:
        return measured.name
    settings = tuple(
        Joined((f"{name}=", _chosen(name, value))) for name, value in measured.settings
    )
    return Group(f"{measured.name}(", (measured.of, *settings), ")")


def _chosen(name: str, value: float) -> Piece:
    """The value of a setting that chooses images; what is none is a part, which has levels."""
    for kinds in GENERATORS.values():
        if name in kinds:
            return setting_value(value, kinds[name].unit, kinds[name])
    return number(value)


def setting_value(value: float, unit: ScalarUnit, kind: SettingKind | None) -> Piece:
    """The value of a setting: a number with its unit, or the word that it stands for."""
    words = () if kind is None else kind.words
    return words[round(value)] if words else number(value, unit)


def part(found: Part, families: Mapping[str, Family]) -> Piece:
    """What a part of a scene is: its levels, times its spots."""
    terms: list[tuple[Scalar, Piece | None]] = [(ONE, _stroke(stroke)) for stroke in found.strokes]
    lit = [(Number(spot.weight), _spot(spot, families)) for spot in found.spots]
    scene = _sum([*terms, *lit])
    if found.levels == (1.0,):
        return scene
    levels = Group("[", tuple(number(level) for level in found.levels), "]")
    if isinstance(scene, Chain):
        scene = Joined(("(", scene, ")"))
    return Chain(levels, (("*", scene),))


def _stroke(found: Stroke) -> Piece:
    arguments: list[tuple[str, Number | tuple[Number, Number]]] = [
        (name, Number(value, SIZES[name].unit)) for name, value in found.sizes
    ]
    if found.at_px != (0.0, 0.0):
        x, y = found.at_px
        arguments.append(("at", (Number(x, "px"), Number(y, "px"))))
    if found.angle_deg:
        arguments.append(("angle", Number(found.angle_deg, "angle")))
    return _call(found.kind, arguments, first=found.sizes[0][0])


def _spot(found: Spot, families: Mapping[str, Family]) -> Piece:
    family: Piece = found.family
    if found.members:
        picks = [
            Joined((f"{name}=", _picked(families[found.family].axis(name), value)))
            for name, value in found.members
        ]
        family = Group(f"{found.family}[", tuple(picks), "]")
    if found.at_px == (0.0, 0.0):
        return Group("spot(", (family,), ")")
    at = Group("(", tuple(number(value, "px") for value in found.at_px), ")")
    return Group("spot(", (family, Joined(("at=", at))), ")")


def _picked(axis: Axis | None, value: Number) -> Piece:
    if axis is not None and axis.kind == "flip":
        return SIDES[int(value.value)]
    return scalar(value)


def norm(found: Norm) -> Piece:
    """The value of `norm`."""
    if found.kind != "mass":
        return found.kind
    arguments = [("mass", found.mass)]
    if found.balance != ONE:
        arguments.append(("balance", found.balance))
    return _call("mass", arguments, first="mass")


def colour(found: Colour) -> Piece:
    """The value of `colour`."""
    if found.kind == "luma":
        return "luma"
    if found.kind == "hue":
        return _call("hue", [("angle", found.hue_deg)], first="angle")
    return _call("opponent", [("hue", found.hue_deg), ("against", found.against_deg)], first="hue")


def names(found: Sequence[str]) -> Piece:
    """One name, or several in a list."""
    return found[0] if len(found) == 1 else Group("[", tuple(found), "]")
