"""`score` blocks: tree -> `RecoveryScore` or `TuningScore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from circuitdsl.checking.edits.bench import Workbench, is_grid
from circuitdsl.checking.edits.expect import expectations
from circuitdsl.checking.messages import listed, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.hand import hand_family, told_by_angle
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import attributes
from circuitdsl.ir.circuit import Axis, BackboneUse
from circuitdsl.ir.edits.script import (
    Edit,
    HandSide,
    Photographs,
    RecoveryScore,
    Score,
    Side,
    Step,
    TrainedSide,
    TuningScore,
    images_of,
)
from circuitdsl.ir.edits.steps import Ablate, Splice
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.syntax import nodes

_RECOVERY = ("intact", "removed", "spliced", "using", "measure", "seed")
_TUNING = ("left", "right", "using")
ATTRIBUTES = tuple(dict.fromkeys((*_RECOVERY, *_TUNING)))

Attributes = Mapping[str, nodes.Attribute]


def score(
    bench: Workbench, node: nodes.Score, use: BackboneUse, edits: Mapping[str, Edit]
) -> Score | None:
    """A `score` block; None after reporting what is wrong with it."""
    found = attributes(node.block, ATTRIBUTES, "a score", bench.analysis)
    recovers = any(name in found for name in ("intact", "removed", "spliced"))
    tunes = any(name in found for name in ("left", "right"))
    if recovers == tunes:
        message = f"`{node.name.text}` compares nothing" if not tunes else "two scores in one"
        help_ = "Give `left` and `right`, or `intact`, `removed` and `spliced`."
        bench.analysis.error("E801", message, node.name.span, help=help_)
        return None
    if recovers:
        return _recovery(bench, node, found, use, edits)
    return _tuning(bench, node, found, use, edits)


# ---- recovery


def _recovery(
    bench: Workbench,
    node: nodes.Score,
    found: Attributes,
    use: BackboneUse,
    edits: Mapping[str, Edit],
) -> RecoveryScore | None:
    named = _compared(bench, node, found, use, edits)
    if named is None:
        return None
    removed, spliced = (_steps(edits, name) for name in named)
    using = bench.source(found["using"].value)
    if using is None or not _apart(bench, using, found["using"], (*removed, *spliced)):
        return None
    measure = _measure(bench, found.get("measure"))
    seed = 0.0
    if "seed" in found:
        seed = bench.constant(found["seed"].value, "`seed`", whole=True)
    if measure is None or seed is None:
        return None
    expected = expectations(bench.analysis, node.block.expectations, "recovery")
    name = node.name.text
    return RecoveryScore(name, *named, using, measure, int(seed), expected, node.span)


def _compared(
    bench: Workbench,
    node: nodes.Score,
    found: Attributes,
    use: BackboneUse,
    edits: Mapping[str, Edit],
) -> tuple[str, str] | None:
    """The names of the two edits, held to what a recovery needs (E801)."""
    analysis = bench.analysis
    missing = [name for name in ("intact", "removed", "spliced", "using") if name not in found]
    if missing:
        needed = "`recovered` needs `intact`, `removed`, `spliced` and `using`"
        verb = "is" if len(missing) == 1 else "are"
        analysis.error("E801", f"{needed}; {listed(missing)} {verb} missing", node.name.span)
        return None
    named = {key: _name(found[key].value) for key in ("intact", "removed", "spliced")}
    if named["intact"] != use.name:
        span = found["intact"].value.span
        analysis.error("E801", f"`intact` is the network itself, `{use.name}`", span)
    for key, kind, what in (("removed", Ablate, "ablate units"), ("spliced", Splice, "splice")):
        span = found[key].value.span
        if named[key] not in edits:
            if not analysis.module.silent(named[key]):
                unknown(analysis, "edit", named[key], edits, span)
            return None
        count = sum(isinstance(step, kind) for step in _steps(edits, named[key]))
        if not count or (kind is Splice and count > 1):
            times = " once" if kind is Splice else ""
            analysis.error("E801", f"`{key}` names an edit that should {what}{times}", span)
            return None
    return None if named["intact"] != use.name else (named["removed"], named["spliced"])


def _apart(
    bench: Workbench, using: str, attribute: nodes.Attribute, steps: tuple[Step, ...]
) -> bool:
    """Whether images are scored on that nothing is calibrated on; reports E805."""
    if not isinstance(bench.sources[using], Photographs):
        wanted = "photographs, whose classes are known"
        help_ = "Declare `stimulus photos = photographs()`."
        wrong_type(bench.analysis, "`using`", wanted, attribute.value.span, help=help_)
        return False
    for each in steps:
        if using in images_of(each):
            bench.analysis.error(
                "E805",
                f"`{using}` is scored on, and a step is calibrated on it",
                attribute.value.span,
                note="what gains are matched on, or units chosen on, would flatter the score",
                help="Declare a second set: `stimulus calibration = photographs()`.",
            )
            return False
    return True


def _measure(bench: Workbench, attribute: nodes.Attribute | None) -> str | None:
    if attribute is None:
        return "cross_entropy"
    name = _name(attribute.value)
    if name in OUTPUTS:
        return name
    unknown(bench.analysis, "measure", name, OUTPUTS, attribute.value.span, table=True)
    return None


def _steps(edits: Mapping[str, Edit], name: str) -> tuple[Step, ...]:
    edit = edits[name]
    return (*(() if edit.on is None else _steps(edits, edit.on)), *edit.steps)


def _name(node: nodes.Expression) -> str:
    return node.name.text if isinstance(node, nodes.Reference) else node.span.text


# ---- tuning


def _tuning(
    bench: Workbench,
    node: nodes.Score,
    found: Attributes,
    use: BackboneUse,
    edits: Mapping[str, Edit],
) -> TuningScore | None:
    analysis = bench.analysis
    wrong = next((name for name in found if name not in _TUNING), None)
    if wrong is not None or "left" not in found:
        message = f"`{wrong}` belongs to a score of recovery" if wrong else "there is no `left`"
        span = found[wrong].name.span if wrong else node.name.span
        analysis.error("E801", message, span)
        return None
    keys = [key for key in ("left", "right") if key in found]
    sides = [_side(bench, found[key].value, use, edits) for key in keys]
    using = None
    if "using" in found:
        using = bench.source(found["using"].value)
        if using is None or not is_grid(bench, using, found["using"].value):
            return None
    left, right = sides[0], sides[-1] if len(sides) == 2 else None
    if left is None or None in sides:
        return None
    expected = expectations(analysis, node.block.expectations, "sides", tuple(keys))
    paired = any(use.name == "correlation" for expect in expected for use in expect.measures)
    if right is not None and left.count != right.count and paired:
        message = f"left has {left.count} members, right {right.count}; pick as many of each"
        analysis.error("E802", message, found["right"].value.span)
        return None
    return TuningScore(node.name.text, left, right, using, expected, node.span)


def _side(
    bench: Workbench, node: nodes.Expression, use: BackboneUse, edits: Mapping[str, Edit]
) -> Side | None:
    """`hand.curve[th=0deg]`, `V.mixed3b[379]`, `curves`, or units of an edit: `quiet.curves`."""
    name = node.name.text if isinstance(node, nodes.Reference | nodes.Selection) else ""
    first, _, rest = name.partition(".")
    if first in edits and rest:
        inner = rest if rest in bench.analysis.module.lets else f"{use.name}.{rest}"
        place = nodes.Name(node.span, inner)
        moved = replace(cast("nodes.Reference", node), name=place)
        units = bench.units([moved])
        return None if units is None else TrainedSide(units, first)
    if name and _leads_to_hand(bench.analysis.module, name):
        return _members(bench, node)
    units = bench.units([node])
    return None if units is None else TrainedSide(units)


def _leads_to_hand(module: Module, name: str) -> bool:
    where, key = module.follow(name)
    family = where.families.get(key)
    given = () if family is None or family.block is None else family.block.attributes
    named = any(attribute.name.text == "units" for attribute in given)
    return where is not module and key not in where.lets and not named


def _members(bench: Workbench, node: nodes.Expression) -> HandSide | None:
    named = cast("nodes.Reference | nodes.Selection", node)
    reference = nodes.Reference(named.name.span, named.name)
    hand = hand_family(bench.analysis, reference)
    if hand is None:
        return None
    family = hand.circuit.by_name[hand.family]
    if isinstance(node, nodes.Reference):
        return HandSide(hand, tuple(range(family.size)))
    if not told_by_angle(bench.analysis, hand, reference):
        return None
    members = _picked(bench, cast("nodes.Selection", node), family.axes[0])
    return None if members is None else HandSide(hand, members)


def _picked(bench: Workbench, node: nodes.Selection, axis: Axis) -> tuple[int, ...] | None:
    """The members of a family that are picked by their angles."""
    members: list[int] = []
    for pick in node.picks:
        if isinstance(pick, nodes.Range) or pick.name is None or pick.name.text != axis.name:
            what, wanted = f"a member of `{node.name.text}`", "named by its angle"
            help_ = f"Write `{node.name.text}[{axis.name}=0deg]`."
            wrong_type(bench.analysis, what, wanted, pick.span, help=help_)
            return None
        evaluator = Evaluator(bench.analysis)
        angle = evaluator.constant(pick.value, "angle", f"`{axis.name}`")
        if angle is None:
            return None
        away = [abs((a - angle + 180.0) % 360.0 - 180.0) for a in axis.angles_deg]
        member = min(range(len(away)), key=away.__getitem__)
        if away[member] > 0.01:
            near = sorted(sorted(range(len(away)), key=away.__getitem__)[:2])
            names = " and ".join(f"{axis.angles_deg[index]:g}deg" for index in near)
            message = f"`{node.name.text}` has no member at {angle:g}deg; nearest are {names}"
            bench.analysis.error("E408", message, pick.value.span)
            return None
        members.append(member)
    return tuple(members)
