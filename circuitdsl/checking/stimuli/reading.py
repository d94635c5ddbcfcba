"""Values of the settings of stimulus sets: one, a list, a spread, or words.

In: expressions, and the row of the table of settings that they are held to. Out: numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import missing, out_of_range, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.kinds import described_type
from circuitdsl.ir.tables.generators import every, period_deg
from circuitdsl.ir.tables.setting_kinds import SettingKind
from circuitdsl.syntax import nodes

SPREADS: dict[str, dict[str, bool]] = {
    "geometric": {"low": True, "high": True, "n": True},
    "linear": {"low": True, "high": True, "n": True},
    "every": {"step": True},
}
MOST_VALUES = 4096
"""Values of one setting."""


@dataclass(frozen=True)
class Reader:
    """Reads the values of one setting."""

    evaluator: Evaluator
    name: str
    kind: SettingKind
    generator: str

    @property
    def analysis(self) -> Analysis:
        """The file, and where to report."""
        """The file, and where to report."""
        return self.evaluator.analysis

    def values(self, node: nodes.Expression) -> tuple[float, ...] | None:
        """One value, a list of them, or a spread; None after reporting what is wrong."""
        if isinstance(node, nodes.Call) and node.name.text in SPREADS and not self.kind.words:
            spread = self.spread(node)
            if spread is None:
                return None
            values, places = spread, [node] * len(spread)
        else:
            items = node.items if isinstance(node, nodes.Listing) else (node,)
            what = f"`{self.name}`"
            constants = [self.value(item) for item in items]
            if not items:
                missing(self.analysis, what, "a value", node.span)
            if not items or None in constants:
                return None
            values, places = tuple(cast("list[float]", constants)), list(items)
        if len(values) > 1 and not self.kind.many:
            what = f"`{self.name}` of `{self.generator}`"
            wrong_type(self.analysis, what, "one value", node.span, got="a list")
            return None
        for value, place in zip(values, places, strict=True):
            if not self.kind.low <= value <= self.kind.high or (self.kind.nonzero and value == 0):
                out_of_range(self.analysis, f"`{self.name}`", range_of(self.kind), place.span)
                return None
        return values

    def value(self, node: nodes.Expression) -> float | None:
        """One value, or one word; None after reporting what is wrong."""
        if not self.kind.words:
            return self.evaluator.constant(node, self.kind.unit, f"`{self.name}`")
        word = node.name.text if isinstance(node, nodes.Reference) else node.span.text
        if word in self.kind.words:
            return float(self.kind.words.index(word))
        unknown(self.analysis, f"`{self.name}`", word, self.kind.words, node.span, table=True)
        return None

    def spread(self, node: nodes.Call) -> tuple[float, ...] | None:
        """The values of `geometric`, `linear` or `every`."""
        word = node.name.text
        arguments = match(node, SPREADS[word], self.analysis)
        if arguments is None:
            return None
        if word == "every":
            return self.every(arguments["step"])
        unit, what = self.kind.unit, f"`{word}()`"
        low = self.evaluator.constant(arguments["low"], unit, what)
        high = self.evaluator.constant(arguments["high"], unit, what)
        count = self.evaluator.constant(arguments["n"], "int", what)
        if low is None or high is None or count is None:
            return None
        if not 1 <= count <= MOST_VALUES:
            requirement = f"a whole number from 1 to {MOST_VALUES:,}"
            out_of_range(self.analysis, "`n`", requirement, arguments["n"].span)
            return None
        if word == "geometric" and (low <= 0 or high <= 0):
            out_of_range(self.analysis, "both ends of `geometric`", "above 0", node.span)
            return None
        return _between(low, high, int(count), geometric=word == "geometric")

    def every(self, node: nodes.Expression) -> tuple[float, ...] | None:
        """0, step, 2 step, ... below the angle after which the figure repeats."""
        if self.kind.unit != "angle":
            got, help_ = "`every()`, which is for angles", "Use `linear` or `geometric`."
            unit = described_type(self.kind.unit)
            wrong_type(self.analysis, f"`{self.name}`", unit, node.span, got=got, help=help_)
            return None
        step = self.evaluator.constant(node, "angle", "`every()`")
        if step is None:
            return None
        period = period_deg(self.generator)
        if not period / MOST_VALUES <= step <= period:
            requirement = f"between {period / MOST_VALUES:.2g}deg and {period:g}deg"
            out_of_range(self.analysis, "the step of `every()`", requirement, node.span)
            return None
        return every(step, self.generator)


def _between(low: float, high: float, count: int, *, geometric: bool) -> tuple[float, ...]:
    inner = [i / max(count - 1, 1) for i in range(count)]
    if geometric:
        values = [low * (high / low) ** at for at in inner]
    else:
        values = [low + (high - low) * at for at in inner]
    if count > 1:
        values[-1] = high  # exact, whatever rounding did on the way
    return tuple(values)


def range_of(kind: SettingKind) -> str:
    """The legal values of a setting, for a message."""
    unit = {"px": "px", "angle": "deg", "tap": "tap"}.get(kind.unit, "")
    low = f"{kind.low:g}{unit}"
    text = f"at least {low}" if math.isinf(kind.high) else f"in [{low}, {kind.high:g}{unit}]"
    return f"{text}, but not 0" if kind.nonzero else text
