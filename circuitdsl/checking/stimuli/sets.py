"""`stimulus`: generators and their settings, held to the table of `ir.generators`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import (
    missing,
    out_of_range,
    too_many,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.activity import is_empty, part_names, parts
from circuitdsl.checking.values.arguments import match, settings_written
from circuitdsl.checking.values.kinds import described_type
from circuitdsl.ir.generators import (
    GENERATORS,
    MOST_IMAGES,
    SettingKind,
    every,
    period_deg,
    settings_of,
)
from circuitdsl.ir.stimuli import ACTIVITY, Part, Setting, Stimulus
from circuitdsl.syntax import nodes

_SPREADS: dict[str, dict[str, bool]] = {
    "geometric": {"low": True, "high": True, "n": True},
    "linear": {"low": True, "high": True, "n": True},
    "every": {"step": True},
}
MOST_VALUES = 4096
"""Values of one setting."""


@question
def stimulus(analysis: Analysis, name: str) -> Stimulus | None:
    """A `stimulus` declaration; None if it is faulty."""
    node = analysis.module.stimuli[name]
    generator = node.value.name.text
    if generator not in GENERATORS:
        span = node.value.name.span
        unknown(analysis, "generator", generator, GENERATORS, span, table=True)
        return None
    names = (*GENERATORS[generator], *(part_names(node) if generator == ACTIVITY else ()))
    arguments = settings_written(node, names, analysis)
    values = None if arguments is None else _settings(analysis, arguments, generator)
    if arguments is None or values is None:
        return None
    built = Stimulus(analysis.module.prefix + name, generator, values, span=node.span)
    if generator == ACTIVITY:
        scene = _scene(analysis, node, arguments, built)
        if scene is None:
            return None
        built = replace(built, parts=scene)
    count = _images(built)
    if count > MOST_IMAGES:
        what, counted, help_ = f"`{name}`", f"{count:,.0f} images", "Shorten its lists."
        too_many(analysis, what, counted, MOST_IMAGES, node.name.span, help=help_)
        return None
    return built


def _settings(
    analysis: Analysis, arguments: Mapping[str, nodes.Expression], generator: str
) -> tuple[tuple[str, Setting], ...] | None:
    """The settings that are given; None after reporting what is wrong with one."""
    settings: list[tuple[str, Setting]] = []
    sound = True
    for name, kind in GENERATORS[generator].items():
        if name not in arguments:
            continue
        reader = _Reader(Evaluator(analysis), name, kind, generator)
        values = reader.values(arguments[name])
        if values is None:
            sound = False
        else:
            settings.append((name, Setting(values, kind.unit)))
    return tuple(settings) if sound else None


def _scene(
    analysis: Analysis,
    node: nodes.Stimulus,
    arguments: Mapping[str, nodes.Expression],
    built: Stimulus,
) -> tuple[Part, ...] | None:
    """The parts of a set of activity; None after reporting what is wrong with them."""
    written = {name: arguments[name] for name in part_names(node)}
    if not written:
        if is_empty(node):
            needed = "a part that puts activity on a family"
            help_ = "Add one, such as `window = spot(window, at=(0px, 16px))`."
            missing(analysis, f"`{node.name.text}`", needed, node.name.span, help=help_)
        return None

    def levels(part: str, node: nodes.Expression) -> tuple[float, ...] | None:
        kind = SettingKind("real", (1.0,), "how strong the part is", many=True)
        return _Reader(Evaluator(analysis), part, kind, ACTIVITY).values(node)

    return parts(analysis, written, levels, settings_of(built)["size"][0] / 2)


def _images(built: Stimulus) -> float:
    settings = settings_of(built)
    per_setting = math.prod(len(values) for values in settings.values())
    return per_setting * settings["n"][0] if "n" in settings else per_setting


@dataclass(frozen=True)
class _Reader:
    """Reads the values of one setting."""

    evaluator: Evaluator
    name: str
    kind: SettingKind
    generator: str

    @property
    def analysis(self) -> Analysis:
        return self.evaluator.analysis

    def values(self, node: nodes.Expression) -> tuple[float, ...] | None:
        """One value, a list of them, or a spread; None after reporting what is wrong."""
        if isinstance(node, nodes.Call) and node.name.text in _SPREADS:
            spread = self.spread(node)
            if spread is None:
                return None
            values, places = spread, [node] * len(spread)
        else:
            items = node.items if isinstance(node, nodes.Listing) else (node,)
            what = f"`{self.name}`"
            constants = [self.evaluator.constant(item, self.kind.unit, what) for item in items]
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
                out_of_range(self.analysis, f"`{self.name}`", _range(self.kind), place.span)
                return None
        return values

    def spread(self, node: nodes.Call) -> tuple[float, ...] | None:
        """The values of `geometric`, `linear` or `every`."""
        word = node.name.text
        arguments = match(node, _SPREADS[word], self.analysis)
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
            wanted = f"a whole number from 1 to {MOST_VALUES:,}"
            out_of_range(self.analysis, "`n`", wanted, arguments["n"].span)
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
            wanted = f"between {period / MOST_VALUES:.2g}deg and {period:g}deg"
            out_of_range(self.analysis, "the step of `every()`", wanted, node.span)
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


def _range(kind: SettingKind) -> str:
    unit = {"px": "px", "angle": "deg", "tap": "tap"}.get(kind.unit, "")
    low = f"{kind.low:g}{unit}"
    text = f"at least {low}" if math.isinf(kind.high) else f"in [{low}, {kind.high:g}{unit}]"
    return f"{text}, but not 0" if kind.nonzero else text
