"""What steps act on: sets of units, and edges between them."""

from __future__ import annotations

from collections.abc import Sequence

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.families.axes import family_axes
from circuitdsl.checking.messages import given_twice, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.kinds import described
from circuitdsl.ir.backbones import Backbone, GeometryError
from circuitdsl.ir.edits.script import Picked, UnitSet
from circuitdsl.syntax import nodes


def units_of(analysis: Analysis, written: Sequence[nodes.Expression]) -> UnitSet | None:
    """The units that some expressions name together; none may come twice."""
    sets: list[UnitSet] = []
    for node in written:
        found = _units(analysis, node)
        if found is None:
            return None
        sets.append(found)
    whole = UnitSet(
        tuple(part for each in sets for part in each.parts), written[0].span.to(written[-1].span)
    )
    repeated = _twice(analysis.module, whole)
    if repeated:
        given_twice(analysis, repeated, whole.span)
        return None
    return whole


def _units(analysis: Analysis, node: nodes.Expression) -> UnitSet | None:
    given = _given_family(analysis.module, node)
    if given is not None:
        return _members(analysis.of(given[0]), given[1], node)
    value = Evaluator(analysis).value(node)
    if value is None:
        return None
    if isinstance(value, UnitSet):
        return UnitSet(value.parts, node.span)
    what, got = f"`{node.span.text}`", described(value)
    wrong_type(analysis, what, "units of a network", node.span, got=got)
    return None


def _given_family(module: Module, node: nodes.Expression) -> tuple[Module, nodes.Family] | None:
    """A family with `units`, of this file or of an imported one."""
    if not isinstance(node, nodes.Reference):
        return None
    where, key = module.follow(node.name.text)
    family = where.families.get(key)
    names = () if family is None or family.block is None else family.block.attributes
    if family is None or not any(attribute.name.text == "units" for attribute in names):
        return None
    return where, family


def _members(analysis: Analysis, family: nodes.Family, node: nodes.Expression) -> UnitSet | None:
    """The units of a family that was found earlier, with the angles that they prefer."""
    backbone = analysis.module.geometry
    block = family.block
    if backbone is None or block is None:
        return None
    value = next(each.value for each in block.attributes if each.name.text == "units")
    items = value.items if isinstance(value, nodes.Listing) else ()
    whole = [i.value for i in items if isinstance(i, nodes.Number) and i.value.is_integer()]
    numbers = tuple(map(int, whole))
    layer = family.layer.text.partition(".")[2]
    axes = family_axes(analysis, family.name.text)
    if layer not in backbone[1].by_name or not numbers or axes is None:
        return None  # its own file is told what is wrong
    width = backbone[1].by_name[layer].width
    if max(numbers) >= width:
        return None
    turning = next((axis for axis in axes if axis.turns_plane), None)
    angles = None
    if turning is not None and len(axes) == 1 and turning.count == len(numbers):
        angles = turning.angles_deg
    run = next((each.value for each in block.attributes if each.name.text == "network"), None)
    network = run.value if isinstance(run, nodes.Text) else ""
    picked = Picked(layer, numbers, angles, network=network, span=node.span)
    return UnitSet((picked,), node.span)


def places(backbone: Backbone, units: UnitSet) -> list[tuple[str, int]]:
    """Where units are that have numbers: a convolution and a channel; others under their rank."""
    found: list[tuple[str, int]] = []
    for part in units.parts:
        if isinstance(part, Picked):
            found += [backbone.branch_of(part.layer, number) for number in part.numbers]
        else:
            found += [(part.label, rank) for rank in range(part.count)]
    return found


def named(backbone: Backbone, place: tuple[str, int]) -> str:
    """A place as messages have it: `mixed3b:379`, with its block's number."""
    name, channel = place
    if name not in backbone.by_name:
        return f"unit {channel + 1} {name}"
    return backbone.unit_name(name, channel)


def _twice(module: Module, units: UnitSet) -> str:
    known = module.geometry
    if known is None:
        return ""
    seen: set[tuple[str, int]] = set()
    for place in places(known[1], units):
        if place in seen:
            return named(known[1], place)
        seen.add(place)
    return ""


def no_way(analysis: Analysis, source: UnitSet, target: UnitSet) -> bool:
    """Whether some edge between the units does not exist; reports E702."""
    known = analysis.module.geometry
    if known is None:
        return True
    backbone = known[1]
    for first in _branches(backbone, source):
        for last in _branches(backbone, target):
            if backbone.order[first] >= backbone.order[last]:
                why = f"{last} is computed before {first}, or beside it"
            else:
                try:
                    backbone.between(first, last)
                    continue
                except GeometryError as error:
                    why = error.message
            ends = [backbone.block_of(name)[0] for name in (first, last)]
            span = source.span.to(target.span)
            message = f"no edge goes from {ends[0]} to {ends[1]}: edges point forward, one layer on"
            analysis.error("E702", message, span, note=why)
            return True
    return False


def _branches(backbone: Backbone, units: UnitSet) -> list[str]:
    found: dict[str, None] = {}
    for part in units.parts:
        if isinstance(part, Picked):
            found |= dict.fromkeys(backbone.branch_of(part.layer, n)[0] for n in part.numbers)
        else:
            found |= dict.fromkeys(layer.name for layer in backbone.branch_layers(part.layer))
    return list(found)
