"""`stimulus`: generators and their settings, held to the table of `ir.generators`."""

from __future__ import annotations

import math
from typing import cast

from circuitdsl.check.arguments import match
from circuitdsl.check.evaluate import Evaluator
from circuitdsl.check.findings import Findings, listed, with_hint
from circuitdsl.check.scope import Module, attributes
from circuitdsl.ir.circuit import Setting, Stimulus
from circuitdsl.ir.expressions import ScalarUnit
from circuitdsl.ir.generators import GENERATORS, MOST_IMAGES, SettingKind, settings_of
from circuitdsl.syntax import nodes

_SPREADS: dict[str, dict[str, bool]] = {
    "geometric": {"low": True, "high": True, "n": True},
    "linear": {"low": True, "high": True, "n": True},
    "every": {"step": True},
}
MOST_VALUES = 4096
"""Values of one setting."""


def stimulus(module: Module, node: nodes.Stimulus, findings: Findings) -> Stimulus | None:
    """A `stimulus` declaration; None if it is faulty."""
    generator = node.value.name.text
    if generator not in GENERATORS:
        message = with_hint(f"there is no generator `{generator}`", generator, GENERATORS)
        help_ = f"Generators: {listed(GENERATORS)}."
        findings.error("E201", message, node.value.name.span, help=help_)
        return None
    kinds = GENERATORS[generator]
    given = match(node.value, dict.fromkeys(kinds, False), findings)
    found = attributes(node.block, tuple(kinds), f"`{generator}`", findings)
    if given is None:
        return None
    for name, attribute in found.items():
        if name in given:
            findings.error("E208", f"`{name}` is given twice", attribute.name.span)
        given.setdefault(name, attribute.value)
    settings: list[tuple[str, Setting]] = []
    sound = True
    for name, kind in kinds.items():
        if name not in given:
            continue
        values = _values(module, given[name], name, kind, generator, findings)
        if values is None:
            sound = False
        else:
            settings.append((name, Setting(values, kind.unit)))
    if not sound:
        return None
    built = Stimulus(module.prefix + node.name.text, generator, tuple(settings), node.span)
    count = _images(built)
    if count > MOST_IMAGES:
        message = f"`{node.name.text}` has {count:,.0f} images; a set may have {MOST_IMAGES:,}"
        findings.error("E113", message, node.name.span, help="Shorten its lists.")
        return None
    return built


def _images(built: Stimulus) -> float:
    settings = settings_of(built)
    per_setting = math.prod(len(values) for values in settings.values())
    return per_setting * settings["n"][0] if "n" in settings else per_setting


def _values(
    module: Module,
    node: nodes.Expression,
    name: str,
    kind: SettingKind,
    generator: str,
    findings: Findings,
) -> tuple[float, ...] | None:
    evaluator = Evaluator(module, findings)
    if isinstance(node, nodes.Call) and node.name.text in _SPREADS:
        spread = _spread(node, name, kind, generator, evaluator)
        if spread is None:
            return None
        values, places = spread, [node] * len(spread)
    else:
        items = node.items if isinstance(node, nodes.Listing) else (node,)
        constants = [evaluator.constant(item, kind.unit, f"`{name}`") for item in items]
        if not items:
            findings.error("E207", f"`{name}` has no values", node.span)
        if not items or any(value is None for value in constants):
            return None
        values, places = tuple(cast("list[float]", constants)), list(items)
    if len(values) > 1 and not kind.many:
        message = f"`{name}` of `{generator}` is one value, not a list"
        findings.error("E302", message, node.span)
        return None
    for value, place in zip(values, places, strict=True):
        if not kind.low <= value <= kind.high or (kind.nonzero and value == 0):
            shown = place.span.text
            message = f"`{name} = {shown}` is outside its range {_range(kind)}"
            findings.error("E304", message, place.span)
            return None
    return values


def _range(kind: SettingKind) -> str:
    unit = {"px": "px", "angle": "deg", "tap": "tap"}.get(kind.unit, "")
    high = "" if math.isinf(kind.high) else f"{kind.high:g}{unit}"
    low = f"{kind.low:g}{unit}"
    text = f"[{low}, {high}]" if high else f"from {low}"
    return f"{text}, 0 excepted" if kind.nonzero else text


def _spread(
    node: nodes.Call, name: str, kind: SettingKind, generator: str, evaluator: Evaluator
) -> tuple[float, ...] | None:
    """The values of `geometric`, `linear` or `every`."""
    findings = evaluator.findings
    word = node.name.text
    given = match(node, _SPREADS[word], findings)
    if given is None:
        return None
    what = f"`{word}()`"
    if word == "every":
        return _every(given["step"], name, kind, generator, evaluator)
    low = evaluator.constant(given["low"], kind.unit, what)
    high = evaluator.constant(given["high"], kind.unit, what)
    count = evaluator.constant(given["n"], "int", what)
    if low is None or high is None or count is None:
        return None
    if count != int(count) or not 1 <= count <= MOST_VALUES:
        message = f"`n` is a whole number from 1 to {MOST_VALUES:,}"
        findings.error("E304", message, given["n"].span)
        return None
    if word == "geometric" and (low <= 0 or high <= 0):
        findings.error("E304", "both ends of `geometric` are above 0", node.span)
        return None
    steps = max(int(count) - 1, 1)
    inner = [i / steps for i in range(int(count))]
    if word == "linear":
        values = [low + (high - low) * at for at in inner]
    else:
        values = [low * (high / low) ** at for at in inner]
    if len(values) > 1:
        values[-1] = high  # exact, whatever rounding did on the way
    return tuple(values)


def _every(
    node: nodes.Expression, name: str, kind: SettingKind, generator: str, evaluator: Evaluator
) -> tuple[float, ...] | None:
    if kind.unit != "angle":
        message = f"`every()` is for angles; `{name}` is no angle"
        evaluator.findings.error("E302", message, node.span, help="Use `linear` or `geometric`.")
        return None
    step = evaluator.constant(node, cast("ScalarUnit", "angle"), "`every()`")
    if step is None:
        return None
    period = 180.0 if generator == "lines" else 360.0
    if not period / MOST_VALUES <= step <= period:
        message = f"the step lies between {period / MOST_VALUES:.2g}deg and {period:g}deg"
        evaluator.findings.error("E304", message, node.span)
        return None
    return tuple(index * step for index in range(math.ceil(period / step - 1e-9)))
