"""The verbs of an `edit` block: tree -> steps of the IR.

In: a verb with its units, clauses and block. Out: one step. Everything that can be told without a
weight is told here: which units there are, whether edges point forward, how many are edited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.edits.bench import Workbench
from circuitdsl.checking.edits.pairing import pairing
from circuitdsl.checking.edits.targets import no_way
from circuitdsl.checking.messages import (
    given_twice,
    listed,
    missing,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.hand import hand_family
from circuitdsl.checking.values.arguments import attributes, match
from circuitdsl.ir.edits.script import (
    EdgeSet,
    GainRule,
    Hand,
    HandEdges,
    Match,
    Mean,
    Resampled,
    StandIns,
    Step,
    UnitSet,
)
from circuitdsl.ir.edits.steps import (
    Ablate,
    Patch,
    Quantity,
    ReplaceEdges,
    Scale,
    ScaleEdges,
    Shift,
    Splice,
    Where,
)
from circuitdsl.ir.expect import Comparison
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

_RULES: tuple[GainRule, ...] = ("linear", "rms", "mean")


@dataclass(frozen=True)
class _Kind:
    """What a verb takes.

    Attributes:
        read: Makes the step.
        clauses: Words that it takes, each with whether it must be there.
        of: `units`, `edges` or `both`.
    """

    read: Callable[[_Reading], Step | None]
    clauses: Mapping[str, bool]
    of: str


def step(bench: Workbench, node: nodes.Verb) -> Step | None:
    """The step that a verb asks for; None after reporting what is wrong."""
    name, analysis = node.name.text, bench.analysis
    if name not in VERBS:
        unknown(analysis, "verb", name, VERBS, node.name.span, table=True)
        return None
    kind = VERBS[name]
    if (kind.of == "units" and node.targets) or (kind.of == "edges" and not node.targets):
        wanted = "units" if kind.of == "units" else "edges"
        form = "UNITS" if kind.of == "units" else "UNITS -> UNITS"
        what, help_ = f"what `{name}` acts on", f"Write `{name} {form} ...`."
        wrong_type(analysis, what, wanted, node.span, help=help_)
        return None
    legal = dict(kind.clauses)
    if node.targets and kind.of == "both":
        legal["where"] = False
    clauses = _clauses(node, legal, analysis)
    if clauses is None:
        return None
    found = attributes(node.block, ("gain",) if name == "splice" else (), f"`{name}`", analysis)
    reading = _Reading(bench, node, clauses, found)
    return kind.read(reading)


def _clauses(
    node: nodes.Verb, legal: Mapping[str, bool], analysis: Analysis
) -> dict[str, nodes.Clause] | None:
    name = node.name.text
    found: dict[str, nodes.Clause] = {}
    sound = True
    for clause in node.clauses:
        word = clause.word.text
        if word not in legal:
            message = f"`{name}` takes no `{word}`"
            help_ = f"It takes {listed(legal)}." if legal else "It takes nothing more."
            analysis.error("E202", message, clause.word.span, help=help_)
            sound = False
        elif word in found:
            given_twice(analysis, f"`{word}`", clause.word.span)
            sound = False
        elif (clause.target is not None) != (word == "with") and clause.value is not None:
            form = "an edge `A -> B`" if word == "with" else "a value, not an edge"
            wrong_type(analysis, f"what follows `{word}`", form, clause.span)
            sound = False
        found.setdefault(word, clause)
    lacking = [word for word, needed in legal.items() if needed and word not in found]
    if lacking and sound:
        missing(analysis, f"`{name}`", listed(lacking), node.span, help=_FORMS[name])
        return None
    return found if sound else None


@dataclass(frozen=True)
class _Reading:
    """One verb on its way to a step."""

    bench: Workbench
    node: nodes.Verb
    clauses: Mapping[str, nodes.Clause]
    attributes: Mapping[str, nodes.Attribute]

    @property
    def analysis(self) -> Analysis:
        return self.bench.analysis

    def value(self, word: str) -> nodes.Expression:
        """What follows a clause's word."""
        return cast("nodes.Expression", self.clauses[word].value)

    # ---- units

    def units(self, written: Sequence[nodes.Expression]) -> UnitSet | None:
        return self.bench.units(written)

    def edges(self) -> EdgeSet | None:
        source, target = self.units(self.node.units), self.units(self.node.targets)
        if source is None or target is None:
            return None
        blocked = no_way(self.analysis, source, target)
        return None if blocked else EdgeSet(source, target)

    @property
    def said(self) -> tuple[str, Span]:
        """The verb, and where it stands: the end of every step."""
        return self.node.name.text, self.node.span

    # ---- verbs

    def ablate(self) -> Step | None:
        units = self.units(self.node.units)
        to = self.value("to")
        if isinstance(to, nodes.Reference) and to.name.text == "zero":
            return units and Ablate(units, None, *self.said)
        if not isinstance(to, nodes.Call) or to.name.text not in ("mean", "resampled"):
            wanted = "`zero`, `mean(SET)` or `resampled(SET, seed=0)`"
            wrong_type(self.analysis, "`to`", wanted, to.span)
            return None
        drawn = to.name.text == "resampled"
        formals = {"images": True, "seed": False} if drawn else {"images": True}
        given = match(to, formals, self.analysis)
        images = None if given is None else self.bench.source(given["images"])
        if given is None or images is None or units is None:
            return None
        seed = self.bench.constant(given["seed"], "`seed`", whole=True) if "seed" in given else 0
        if seed is None or seed < 0:
            return None
        baseline = Resampled(images, int(seed)) if drawn else Mean(images)
        return Ablate(units, baseline, *self.said)

    def scale(self) -> Step | None:
        by = self.bench.constant(self.value("by"), "`by`")
        return None if by is None else self._scaled(by)

    def shift(self) -> Step | None:
        by, units = self.bench.constant(self.value("by"), "`by`"), self.units(self.node.units)
        return None if by is None or units is None else Shift(units, by, *self.said)

    def negate(self) -> Step | None:
        return self._scaled(-1.0)

    def drop(self) -> Step | None:
        return self._scaled(0.0)

    def _scaled(self, by: float) -> Step | None:
        if not self.node.targets:
            units = self.units(self.node.units)
            return units and Scale(units, by, *self.said)
        edges, where = self.edges(), self.where()
        if edges is None or where is None:
            return None
        return ScaleEdges(edges, by, where, *self.said)

    def patch(self) -> Step | None:
        units, images = self.units(self.node.units), self.bench.source(self.value("from"))
        return None if units is None or images is None else Patch(units, images, *self.said)

    def splice(self) -> Step | None:
        if len(self.node.units) != 1:
            what, wanted = "what `splice` puts in", "one hand-written family"
            wrong_type(self.analysis, what, wanted, self.node.span)
            return None
        hand = self.hand(self.node.units[0])
        units = self.units([self.value("into")])
        matched, gain = self.match(self.node.units[0]), self.gain()
        if hand is None or units is None or matched is None or gain is None:
            return None
        return Splice(units, StandIns(hand, matched, *gain), *self.said)

    def replace(self) -> Step | None:
        clause = self.clauses["with"]
        written = [cast("nodes.Expression", end) for end in (clause.value, clause.target)]
        source, target = (self.hand(end) for end in written)
        edges, where, matched = self.edges(), self.where(), self.match(*written)
        if source is None or target is None or edges is None or where is None or matched is None:
            return None
        between = [c for c in target.circuit.into(target.family) if c.source == source.family]
        if source.circuit is not target.circuit or len(between) != 1:
            count = f"{len(between)} connections" if len(between) > 1 else "no connection"
            message = f"there is {count} from `{source.family}` to `{target.family}`; one is needed"
            self.analysis.error("E502", message, clause.span)
            return None
        return ReplaceEdges(edges, HandEdges(source, target, matched), where, *self.said)

    # ---- clauses

    def hand(self, node: nodes.Expression) -> Hand | None:
        return hand_family(self.analysis, node)

    def match(self, *hands: nodes.Expression) -> Match | None:
        return pairing(self.bench, self.clauses["match"], hands)

    def gain(self) -> tuple[str, GainRule] | None:
        """The calibration set, and the rule by which gains are matched on it."""
        help_ = "Write `{ gain = matched(photos, quantity=linear) }`."
        if "gain" not in self.attributes:
            needed = "`gain`: how strong the hand-written units are"
            missing(self.analysis, "`splice`", needed, self.node.span, help=help_)
            return None
        node = self.attributes["gain"].value
        if not isinstance(node, nodes.Call) or node.name.text != "matched":
            wrong_type(self.analysis, "`gain`", "`matched(...)`", node.span, help=help_)
            return None
        given = match(node, {"images": True, "quantity": False}, self.analysis)
        images = None if given is None else self.bench.source(given["images"])
        if given is None or images is None:
            return None
        quantity = given.get("quantity")
        if quantity is None:
            return images, "linear"
        name = quantity.name.text if isinstance(quantity, nodes.Reference) else quantity.span.text
        if name not in _RULES:
            unknown(self.analysis, "quantity", name, _RULES, quantity.span, table=True)
            return None
        return images, name

    def where(self) -> tuple[Where, ...] | None:
        if "where" not in self.clauses:
            return ()
        found = [self._condition(each) for each in self.clauses["where"].conditions]
        sound = tuple(each for each in found if each is not None)
        return sound if len(sound) == len(found) else None

    def _condition(self, node: nodes.Condition) -> Where | None:
        quantity = _quantity(node.left)
        if quantity is None:
            wanted = "`weight`, `abs(weight)` or `angle`"
            help_ = "Write `where weight < 0`, or `where angle > 60deg`."
            wrong_type(self.analysis, "what `where` compares", wanted, node.left.span, help=help_)
            return None
        evaluator = Evaluator(self.analysis)
        unit = "angle" if quantity == "angle" else "real"
        value = evaluator.constant(node.right, unit, f"`{node.left.span.text}`")
        if value is None:
            return None
        return Where(quantity, cast("Comparison", node.comparison), value)


def _quantity(node: nodes.Expression) -> Quantity | None:
    if isinstance(node, nodes.Call) and node.name.text == "abs" and len(node.arguments) == 1:
        inner = _quantity(node.arguments[0].value)
        return "magnitude" if inner == "weight" else None
    if isinstance(node, nodes.Reference) and node.name.text in ("weight", "angle"):
        return cast("Quantity", node.name.text)
    return None


VERBS: dict[str, _Kind] = {
    "ablate": _Kind(_Reading.ablate, {"to": True}, "units"),
    "scale": _Kind(_Reading.scale, {"by": True}, "both"),
    "shift": _Kind(_Reading.shift, {"by": True}, "units"),
    "negate": _Kind(_Reading.negate, {}, "both"),
    "drop": _Kind(_Reading.drop, {"where": False}, "edges"),
    "replace": _Kind(_Reading.replace, {"with": True, "match": True, "where": False}, "edges"),
    "splice": _Kind(_Reading.splice, {"into": True, "match": True}, "units"),
    "patch": _Kind(_Reading.patch, {"from": True}, "units"),
}
_FORMS = {
    "ablate": "Write `ablate UNITS to zero`.",
    "scale": "Write `scale UNITS by 0.5`.",
    "shift": "Write `shift UNITS by 2`.",
    "replace": "Write `replace A -> B with hand.a -> hand.b match angle()`.",
    "splice": "Write `splice hand.curve into UNITS match angle() { gain = matched(photos) }`.",
    "patch": "Write `patch UNITS from photos`.",
}
