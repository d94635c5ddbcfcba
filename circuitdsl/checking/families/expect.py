"""`expect` lines of a family: what is claimed of its responses to stimulus sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isclose

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.families.calibrate import stimulus_name
from circuitdsl.checking.messages import listed, missing, no_value, unknown, with_hint, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.kinds import described
from circuitdsl.ir.angles import largest_gap_deg
from circuitdsl.ir.circuit import Axis, Stimulus
from circuitdsl.ir.expect import (
    MEASURES,
    OF_TUNING,
    ClaimTerm,
    Expectation,
    Measure,
    MeasureUnit,
)
from circuitdsl.ir.expressions import Apply, DialValue, Number
from circuitdsl.ir.generators import GENERATORS, settings_of
from circuitdsl.syntax import nodes

_FEWEST_ANGLES = 8
"""Angles that a tuning curve has at least."""


def expectations(
    analysis: Analysis, node: nodes.Family, axes: tuple[Axis, ...]
) -> tuple[Expectation, ...]:
    """The expectations of a family, faulty ones left out."""
    if node.block is None:
        return ()
    reader = _Reader(analysis, next((axis for axis in axes if axis.turns_plane), None))
    read = (reader.expectation(each) for each in node.block.expectations)
    return tuple(each for each in read if each is not None)


@dataclass(frozen=True)
class _Side:
    """Terms of one unit; a side of plain zeros has any."""

    terms: tuple[ClaimTerm, ...]
    unit: MeasureUnit


@dataclass(frozen=True)
class _Reader:
    analysis: Analysis

    rotation: Axis | None

    def expectation(self, node: nodes.Expectation) -> Expectation | None:
        left, right = self.side(node.left), self.side(node.right)
        if left is None or right is None:
            return None
        if left.unit != right.unit:
            words = [_words(side.unit) for side in (left, right)]
            message = f"`expect` compares {words[0]} with {words[1]}"
            self.analysis.error("E301", message, node.span)
            return None
        if all(term.measure is None for term in (*left.terms, *right.terms)):
            help_ = f"Known: {listed(MEASURES)}."
            wrong_type(self.analysis, "one side of `expect`", "a measure", node.span, help=help_)
            return None
        return Expectation(left.terms, node.comparison, right.terms, left.unit, node.span)

    def side(self, node: nodes.Expression) -> _Side | None:
        """One side of a comparison, or a part of it."""
        if isinstance(node, nodes.Signed):
            inner = self.side(node.operand)
            return None if inner is None else _times(inner, -1.0 if node.sign == "-" else 1.0)
        if isinstance(node, nodes.Chain) and node.is_sum:
            return self.sum(node)
        if isinstance(node, nodes.Chain) and any(map(_is_measure, node.parts)):
            return self.product(node)
        if isinstance(node, nodes.Call) and (
            _is_measure(node) or node.name.text not in self.analysis.module.functions
        ):
            measure = self.measure(node)
            return None if measure is None else _Side((ClaimTerm(1.0, measure),), _unit(measure))
        return self.number(node)

    def sum(self, node: nodes.Chain) -> _Side | None:
        parts = [self.side(part) for part in node.parts]
        sound = [part for part in parts if part is not None]
        if len(sound) < len(parts):
            return None
        if len({part.unit for part in sound}) > 1:
            self.analysis.error("E301", "cannot add an angle and a plain number", node.span)
            return None
        signs = ["+", *node.operators]
        terms = [
            term
            for sign, part in zip(signs, sound, strict=True)
            for term in _times(part, 1.0 if sign == "+" else -1.0).terms
        ]
        return _Side(tuple(terms), sound[0].unit)

    def product(self, node: nodes.Chain) -> _Side | None:
        """A measure times numbers."""
        factor, found = 1.0, None
        for operator, part in zip(["*", *node.operators], node.parts, strict=True):
            if _is_measure(part):
                if found is not None or operator == "/":
                    wanted = "one measure, multiplied or divided by numbers"
                    wrong_type(self.analysis, "a product", wanted, node.span)
                    return None
                found = self.side(part)
                if found is None:
                    return None
                continue
            value = Evaluator(self.analysis).constant(part, "real", "a factor")
            if value is None:
                return None
            if operator == "/" and value == 0:
                no_value(self.analysis, "division by zero", node.span)
                return None
            factor = factor * value if operator == "*" else factor / value
        return None if found is None else _times(found, factor)

    def number(self, node: nodes.Expression) -> _Side | None:
        value = Evaluator(self.analysis).value(node)
        if value is None:
            return None
        if isinstance(value, Number) and value.unit in ("real", "int", "angle"):
            return _Side((ClaimTerm(value.value),), "angle" if value.unit == "angle" else "real")
        what = "a dial" if isinstance(value, DialValue | Apply) else described(value)
        side, wanted = "each side of `expect`", "a sum of measures, numbers and angles"
        wrong_type(self.analysis, side, wanted, node.span, got=what)
        return None

    def measure(self, node: nodes.Call) -> Measure | None:
        """`NAME(STIMULUS, SETTING=VALUE, ...)`."""
        name = node.name.text
        if name not in MEASURES:
            unknown(self.analysis, "measure", name, MEASURES, node.name.span, table=True)
            return None
        first = next((a for a in node.arguments if a.name is None), None)
        if first is None:
            missing(self.analysis, f"`{name}()`", "a stimulus set", node.span)
            return None
        shown = stimulus_name(self.analysis, first.value)
        built = None if shown is None else self.stimulus(first.value.span.text)
        if shown is None or built is None:
            return None
        settings = self.settings(node, built, first)
        if settings is None or not self.can(node, built):
            return None
        return Measure(name, shown, settings, node.span)

    def stimulus(self, name: str) -> Stimulus | None:
        """The set of that name, read in silence: it is reported where it stands."""
        found = self.analysis.module.home_of("stimuli", name)
        return None if found is None else stimulus(self.analysis.of(found[0]), found[1])

    def settings(
        self, node: nodes.Call, shown: Stimulus, first: nodes.Argument
    ) -> tuple[tuple[str, float], ...] | None:
        kinds, has = GENERATORS[shown.generator], settings_of(shown)
        known = [name for name, kind in kinds.items() if kind.many]
        known += [part.name for part in shown.parts]
        if node.name.text in OF_TUNING:  # which are taken over all angles
            known = [name for name in known if name != "th"]
        found: dict[str, float] = {}
        for argument in node.arguments:
            if argument is first:
                continue
            name = "" if argument.name is None else argument.name.text
            if name not in known:
                message = f"`{shown.name}` has no setting `{name}` to choose images by"
                span = argument.span if argument.name is None else argument.name.span
                help_ = f"It has: {listed(known)}."
                message = with_hint(self.analysis, message, name, known)
                self.analysis.error("E206", message, span, help=help_)
                return None
            evaluator = Evaluator(self.analysis)
            unit = kinds[name].unit if name in kinds else "real"
            value = evaluator.constant(argument.value, unit, f"`{name}`")
            if value is None:
                return None
            relative = name == "th" and self.rotation is not None
            if not relative and not any(isclose(value, own, abs_tol=1e-6) for own in has[name]):
                message = f"`{shown.name}` has no image with `{name} = {argument.value.span.text}`"
                self.analysis.error("E902", message, argument.value.span)
                return None
            found[name] = value
        return tuple(found.items())

    def can(self, node: nodes.Call, shown: Stimulus) -> bool:
        """Whether the family turns, and the stimulus set covers all of its angles."""
        if node.name.text not in OF_TUNING:
            return True
        angles = settings_of(shown).get("th", ())
        fault = ""
        if self.rotation is None:
            fault = "a family without an axis that turns the plane has no tuning to angles"
        elif len(angles) < _FEWEST_ANGLES:
            needed = f"a tuning curve needs {_FEWEST_ANGLES} angles"
            fault = f"{needed}; `{shown.name}` has {len(angles)}"
        else:
            period = 180.0 if shown.generator == "lines" else self.rotation.period_deg
            if largest_gap_deg(angles, period) > 1.01 * period / len(angles):
                fault = f"the angles of `{shown.name}` are not spread evenly over {period:g}deg"
        if fault:
            self.analysis.error("E902", fault, node.span)
        return not fault


def _is_measure(node: nodes.Expression) -> bool:
    return isinstance(node, nodes.Call) and node.name.text in MEASURES


def _times(side: _Side, factor: float) -> _Side:
    terms = tuple(replace(term, weight=factor * term.weight) for term in side.terms)
    return _Side(terms, side.unit)


def _unit(measure: Measure) -> MeasureUnit:
    return MEASURES[measure.name]


def _words(unit: MeasureUnit) -> str:
    return "an angle" if unit == "angle" else "a plain number"
