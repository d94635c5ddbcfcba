"""`normalise`: responses divided by the energy around them."""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.attributes import names_listed
from circuitdsl.checking.messages import (
    missing,
    no_taps,
    out_of_range,
    trained,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import attributes
from circuitdsl.ir.algebra import has_taps
from circuitdsl.ir.circuit import BackboneUse, Family, Normalisation
from circuitdsl.ir.expressions import Scalar
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Label

ATTRIBUTES = ("window", "floor", "pool")
WIDEST_WINDOW = 63


def normalisation(
    analysis: Analysis,
    node: nodes.Normalise,
    families: Mapping[str, Family | None],
    use: BackboneUse | None,
) -> list[tuple[nodes.Name, Normalisation]]:
    """What a `normalise` declaration says of each family that it names.

    Args:
        analysis: Of the module; faults are reported there.
        node: The declaration.
        families: Those in reach; None stands for a faulty one.
        use: The backbone, if the file has a sound one.

    Returns:
        Names as they are written, with the normalisation of each; none of a faulty family, and none
        at all where the block is faulty.
    """
    families_named = [(name, _family(analysis, name, families)) for name in node.families]
    entries = attributes(node.block, ATTRIBUTES, "`normalise`", analysis)
    for attribute, example in (("window", "5tap"), ("floor", "12")):
        if not any(entry.name.text == attribute for entry in node.block.attributes):
            what = f"`normalise {', '.join(name.text for name in node.families)}`"
            span = node.families[0].span.to(node.families[-1].span)
            help_ = f"Add `{attribute} = {example}`."
            missing(analysis, what, f"`{attribute}`", span, help=help_)
    window = _window(entries["window"].value, analysis) if "window" in entries else None
    floor = _floor(entries["floor"].value, analysis) if "floor" in entries else None
    pool = _pool(analysis, entries["pool"], families) if "pool" in entries else ()
    if window is None or floor is None or pool is None:
        return []
    sound: list[tuple[nodes.Name, Normalisation]] = []
    for name, family in families_named:
        if family is None:
            continue
        if family.units is not None:
            trained(analysis, family.name, "which cannot be normalised", name.span)
            continue
        _same_grid(family, entries.get("pool"), families, use, analysis)
        own_pool = pool or (family.name,)
        sound.append((name, Normalisation(family.name, window, floor, own_pool, node.span)))
    return sound


def _floor(value: nodes.Expression, analysis: Analysis) -> Scalar | None:
    floor = Evaluator(analysis).scalar(value, "real", "`floor`")
    if floor is None or not has_taps(floor):
        return floor
    no_taps(analysis, value.span)
    return None


def _family(
    analysis: Analysis, name: nodes.Name, families: Mapping[str, Family | None]
) -> Family | None:
    if name.text in families:
        return families[name.text]
    if not analysis.module.silent(name.text):
        unknown(analysis, "family", name.text, families, name.span)
    return None


def _pool(
    analysis: Analysis,
    attribute: nodes.Attribute,
    families: Mapping[str, Family | None],
) -> tuple[str, ...] | None:
    names = names_listed(attribute.value, "`pool`", analysis)
    if names is None:
        return None
    value = attribute.value
    items = value.items if isinstance(value, nodes.Listing) else (value,)
    if not names:
        missing(analysis, "`pool`", "a family", value.span, help="Leave it out.")
        return None
    references = [item for item in items if isinstance(item, nodes.Reference)]
    summed = [_family(analysis, item.name, families) for item in references]
    summed_names = tuple(family.name for family in summed if family is not None)
    return summed_names if len(summed_names) == len(summed) else None


def _same_grid(
    family: Family,
    attribute: nodes.Attribute | None,
    families: Mapping[str, Family | None],
    use: BackboneUse | None,
    analysis: Analysis,
) -> None:
    if attribute is None or use is None:
        return
    value = attribute.value
    backbone = use.geometry
    grid = _grid(use, family)
    for item in value.items if isinstance(value, nodes.Listing) else (value,):
        other = families.get(item.name.text) if isinstance(item, nodes.Reference) else None
        if other is None:
            continue
        if other.units is not None:
            why = "whose responses are not computed here"
            trained(analysis, other.name, why, item.span)
        elif _grid(use, other) != grid:
            analysis.error(
                "E507",
                f"`{other.name}` and `{family.name}` stand on different grids",
                item.span,
                also=[Label(other.span, "")],
                note=f"{other.layer} and {family.layer} sample the image at different places",
                help="Normalise over families of layers that sample alike.",
            )
        elif backbone.order[other.layer] > backbone.order[family.layer]:
            analysis.error(
                "E502",
                f"`{other.name}` is computed after `{family.name}`",
                item.span,
                help="Normalise over families of the same layer, or of earlier ones.",
            )


def _grid(use: BackboneUse, family: Family) -> tuple[int, float, int]:
    sampling = use.geometry.sampling(family.layer, use.input_px)
    return sampling.stride, sampling.offset, sampling.size


def _window(node: nodes.Expression, analysis: Analysis) -> int | None:
    if not isinstance(node, nodes.Number) or node.unit != "tap":
        help_ = "Write it with its unit, such as `5tap`."
        wrong_type(analysis, "`window`", "a number of taps", node.span, help=help_)
        return None
    taps = node.value
    if taps != int(taps) or taps < 1 or int(taps) % 2 == 0 or taps > WIDEST_WINDOW:
        requirement = f"an odd number of taps from 1 to {WIDEST_WINDOW}"
        note = "an odd window has a tap at its centre"
        out_of_range(analysis, "`window`", requirement, node.span, note=note)
        return None
    return int(taps)
