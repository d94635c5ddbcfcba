"""Edits and scores of a file: tree -> `Script`.

In: a module and its backbone. Out: the script, with every error reported that can be told without
reading a weight.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.edits.bench import Workbench
from circuitdsl.checking.edits.directions import direction_values
from circuitdsl.checking.edits.expect import expectations
from circuitdsl.checking.edits.scores import score
from circuitdsl.checking.edits.targets import named, places
from circuitdsl.checking.edits.verbs import step
from circuitdsl.checking.messages import declared_twice, no_backbone, unknown
from circuitdsl.checking.scope import Module
from circuitdsl.ir.circuit import BackboneUse
from circuitdsl.ir.edits.no_effect import without_effect
from circuitdsl.ir.edits.script import Edit, Score, Script, Sought, Step, unit_sets
from circuitdsl.ir.edits.steps import OF_EDGES, ReplaceEdges, ScaleEdges
from circuitdsl.ir.writing.spelling import broken
from circuitdsl.syntax import nodes
from circuitdsl.text.source import NOWHERE


def script(
    analysis: Analysis,
    use: BackboneUse | None,
) -> Script | None:
    """The edits and scores of a file; None if it has none, or if its backbone is unknown.

    Args:
        analysis: The file, and where to report.
        use: Its backbone.
    """
    items = analysis.module.file.items
    edits = [item for item in items if isinstance(item, nodes.Edit)]
    scores = [item for item in items if isinstance(item, nodes.Score)]
    if use is not None:
        _clean_room(analysis, use)
    directions = direction_values(analysis)
    if not edits and not scores:
        return None
    if use is None:
        _without_backbone(analysis, (*edits, *scores)[0])
        return None
    if use.weights is None:
        _closed(use, (*edits, *scores)[0], analysis)
    bench = Workbench(analysis)
    built: dict[str, Edit] = {}
    for node in edits:
        _enter(bench, node, use, built)
    compared: dict[str, Score] = {}
    first: dict[str, nodes.Score] = {}
    for node in scores:
        other = first.setdefault(node.name.text, node)
        if other is not node:
            declared_twice(analysis, node.name.text, node.name.span, other.name.span)
            continue
        found = score(bench, node, use, {edit.name: edit for edit in built.values()})
        if found is not None:
            compared[found.name] = found
    header = analysis.module.file.header
    return Script(
        doc="" if header is None or header.doc is None else header.doc.value,
        backbone=use,
        edits=tuple(built.values()),
        scores=tuple(compared.values()),
        sources=tuple(bench.sources.values()),
        directions=directions,
        span=NOWHERE if header is None else header.span,
    )


def _enter(bench: Workbench, node: nodes.Edit, use: BackboneUse, built: dict[str, Edit]) -> None:
    name, analysis = node.name, bench.analysis
    if name.text in built:
        declared_twice(analysis, name.text, name.span, built[name.text].span)
        return
    if name.text == use.name or name.text in analysis.module.lets:
        declared_twice(analysis, name.text, name.span)
        return
    on = node.on.text
    if on != use.name and on not in built:
        if not analysis.module.silent(on):
            help_ = f"Write `on {use.name}`, or `on` and an edit that stands above."
            unknown(analysis, "network", on, (use.name, *built), node.on.span, help=help_)
        return
    steps = [step(bench, verb) for verb in node.block.verbs]
    sound = tuple(each for each in steps if each is not None)
    before = () if on == use.name else _all_steps(built, on)
    built[name.text] = Edit(name.text, None if on == use.name else on, sound, name.span)
    if len(sound) < len(steps):
        return
    if not sound:
        analysis.warn("E704", f"`{name.text}` does nothing", name.span, help="Write its steps.")
    for verb, each in zip(node.block.verbs, sound, strict=True):
        expectations = () if verb.block is None else verb.block.expectations
        _counts(bench, (each,), expectations)
    _counts(bench, sound, node.block.expectations)
    _effects(analysis, (*before, *sound), len(before))


def _all_steps(built: dict[str, Edit], name: str) -> tuple[Step, ...]:
    chain: list[Edit] = []
    on: str | None = name
    while on is not None:
        chain.append(built[on])
        on = built[on].on
    return tuple(step for edit in reversed(chain) for step in edit.steps)


# ---- counts


def _counts(bench: Workbench, steps: Sequence[Step], written: Sequence[nodes.Expectation]) -> None:
    """`expect count == 10`: how many units, or edges, the steps are about."""
    for expect in expectations(bench.analysis, written, "edit"):
        if len({isinstance(each, OF_EDGES) for each in steps}) > 1:
            message = "this edit acts on units and on edges; `count` could mean both"
            help_ = "Expect the count of each step in a block of its own."
            bench.analysis.error("E804", message, expect.span, help=help_)
            continue
        if bench.analysis.module.geometry is None:
            continue
        count, what = _count(bench.analysis.module, steps)
        judgement = expect.judge(lambda measured, count=count: float(count))
        if not judgement.holds:
            bench.analysis.error("E707", broken(judgement), expect.span, note=what)


def _count(module: Module, steps: Sequence[Step]) -> tuple[int, str]:
    """How many different units or edges, and which."""
    known = module.geometry
    if known is None:
        return 0, ""
    backbone = known[1]
    chosen: dict[object, None] = {}
    for each in steps:
        if isinstance(each, ScaleEdges | ReplaceEdges):
            ends = [places(backbone, units) for units in unit_sets(each)]
            chosen |= dict.fromkeys((a, b) for a in ends[0] for b in ends[1])
        else:
            chosen |= dict.fromkeys(places(backbone, each.units))
    if any(isinstance(each, OF_EDGES) for each in steps):
        return len(chosen), "an edge is a pair of a source and a target unit"
    found = dict.fromkeys(
        f"the best {part.count} {part.label}"
        for each in steps
        for units in unit_sets(each)
        for part in units.parts
        if isinstance(part, Sought)
    )
    units = [place for place in chosen if isinstance(place, tuple)]
    names = [named(backbone, place) for place in units if place[0] in backbone.by_name]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return len(chosen), f"they are {', '.join([*found, *names[:12]])}{more}"


# ---- steps without an effect


def _effects(analysis: Analysis, steps: Sequence[Step], own: int) -> None:
    """Report steps that come to nothing and steps that others overwrite (E704).

    Args:
        analysis: The file, and where to report.
        steps: All steps, those that the edit goes on from first.
        own: The first step of the edit itself.
    """
    known = analysis.module.geometry
    if known is None:
        return
    backbone = known[1]
    notices = without_effect(
        steps, lambda units: places(backbone, units), lambda place: named(backbone, place)
    )
    for notice in notices:
        if notice.step >= own:
            analysis.warn("E704", notice.message, steps[notice.step].span)


# ---- the clean room


def _clean_room(analysis: Analysis, use: BackboneUse) -> None:
    """A file that wires units by hand opens no weights."""
    if use.weights is None:
        return
    wired = any(isinstance(item, nodes.Connect) for item in analysis.module.file.items)
    if wired:
        analysis.error(
            "E601",
            f"`{use.name}` is opened for its geometry; weights may not be read here",
            use.span,
            note="hand-written circuits never see a trained weight",
            help="Remove `weights=`; edits stand in a file of their own, which imports this one.",
        )


def _closed(use: BackboneUse, node: nodes.Edit | nodes.Score, analysis: Analysis) -> None:
    kind = "edit" if isinstance(node, nodes.Edit) else "score"
    analysis.error(
        "E601",
        f"`{use.name}` was opened for geometry; `{kind} {node.name.text}` reads its weights",
        node.name.span,
        help=f'Write `backbone {use.name} = {use.architecture}(weights="default")`.',
    )


def _without_backbone(analysis: Analysis, node: nodes.Edit | nodes.Score) -> None:
    if any(
        isinstance(item, nodes.Backbone) for item in analysis.module.file.items
    ) or analysis.module.silent("V"):
        return  # it is told already
    no_backbone(analysis, "edits and scores", node.name.span, trained=True)
