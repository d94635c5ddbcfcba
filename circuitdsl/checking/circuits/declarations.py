"""Declarations of one file, or of one copy of a circuit, to IR parts: Module -> Built.

Every error is gathered, and none is reported twice: what depends on a faulty declaration is passed
over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.analysis import Analysis, once
from circuitdsl.checking.circuits.assembly import Built, own_dials
from circuitdsl.checking.circuits.copies import (
    files_used,
    instance,
    opened,
    renamed,
    same_backbone,
)
from circuitdsl.checking.circuits.defaults import family_values, has_values
from circuitdsl.checking.circuits.lints import profiles, silent_families
from circuitdsl.checking.circuits.misplaced import out_of_place
from circuitdsl.checking.connections.attributes import pattern
from circuitdsl.checking.connections.connections import Joined, connection
from circuitdsl.checking.connections.ends import fits
from circuitdsl.checking.connections.geometry import capacity, fits_kernel, reads
from circuitdsl.checking.connections.normalising import normalisation
from circuitdsl.checking.families.families import backbone, family
from circuitdsl.checking.families.identify import unchanged
from circuitdsl.checking.messages import declared_twice, no_backbone, reserved
from circuitdsl.checking.names.evaluate import Evaluator, dial
from circuitdsl.checking.names.standard import is_standard
from circuitdsl.checking.scope import Module
from circuitdsl.checking.stimuli.activity import on_trained_units
from circuitdsl.checking.stimuli.photographs import is_photographs, photographs
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.kinds import SCALAR_TYPES, TYPES, Value, named_type
from circuitdsl.ir.circuit import (
    BackboneUse,
    Family,
    Normalisation,
    Stimulus,
)
from circuitdsl.ir.expressions import DialValue
from circuitdsl.syntax import nodes


@once
def whole_file(analysis: Analysis) -> Built:
    """What a file amounts to; its faults are reported on the way."""
    return build(analysis)


def check_imports(analysis: Analysis) -> None:
    """Report the errors of all that a file imports."""
    for module in analysis.module.modules.values():
        if module.file.header is not None:
            inner = analysis.of(module)
            whole_file(inner)
            for diagnostic in inner.findings.diagnostics:
                if diagnostic.severity == "error":
                    analysis.add(diagnostic)
        check_imports(analysis.within(module))


def build(
    analysis: Analysis,
    use: BackboneUse | None = None,
    around: Mapping[str, Family | None] | None = None,
) -> Built:
    """Check the declarations of a file, or of a copy of a circuit.

    Args:
        analysis: Its names, and where faults are reported.
        use: For a copy, the backbone of the file that it stands in.
        around: For a copy, the families that it stands among.
    """
    out_of_place(analysis.module.file, analysis)
    copies = _expressions(analysis)
    use = _backbone(analysis) if analysis.module.parent is None else use
    families: dict[str, Family | None] = {
        name: family(analysis, node, use) for name, node in analysis.module.families.items()
    }
    reached = {**families}
    parts: list[Built] = []
    if analysis.module.parent is None:
        parts = _parts(analysis, use, reached)
    for let in copies:
        inner = instance(analysis, let)
        if inner is None:
            reached |= _unknown(analysis.module, let)
            continue
        home = inner.module.whole_file
        known: Mapping[str, Family | None] = {**(around or {}), **reached}
        if home is not analysis.module.whole_file:
            known = whole_file(analysis.of(home)).reached
        parts.append(build(inner, renamed(use, home), known))
        reached |= _under(f"{let.name.text}.", parts[-1])
    everywhere = {**(around or {}), **reached}
    joined = _connections(analysis, use, everywhere)
    motifs = [
        pattern(analysis, name)
        for name, (home, _) in analysis.module.motifs.items()
        if home is analysis.module
    ]
    named = {f.name if f else analysis.module.prefix + key: f for key, f in everywhere.items()}
    stimuli = [_images(analysis, name, named) for name in analysis.module.stimuli]
    built = Built(
        analysis.module,
        use,
        families,
        reached,
        joined,
        _normalisations(analysis, everywhere, use),
        tuple(motif for motif in motifs if motif is not None),
        tuple(stimulus for stimulus in stimuli if stimulus is not None),
        tuple(parts),
    )
    if use is not None:
        _judge(built, use, analysis)
        _one_name_each(families, analysis, use)
    if analysis.module.parent is None:
        for node in analysis.module.circuits.values():
            _tried(built, node, analysis)
    return built


def _images(
    analysis: Analysis,
    name: str,
    families: Mapping[str, Family | None],
) -> Stimulus | None:
    """A set of drawn images; sets of photographs belong to scripts, and are only looked over."""
    if is_photographs(analysis.module.stimuli[name]):
        photographs(analysis, name)
        return None
    found = stimulus(analysis, name)
    if found is None or not found.parts:
        return found
    return found if on_trained_units(found, families, analysis) else None


def _expressions(analysis: Analysis) -> list[nodes.Let]:
    """Check dials, lets and functions; the lets that name copies of circuits."""
    copies: list[nodes.Let] = []
    for item in analysis.module.file.items:
        if isinstance(item, nodes.Dial):
            dial(analysis, item.name.text)
        elif isinstance(item, nodes.Let) and analysis.module.is_copy(item):
            copies.append(item)
        elif isinstance(item, nodes.Let):
            Evaluator(analysis).value(nodes.Reference(item.name.span, item.name))
        elif isinstance(item, nodes.Function):
            _function(analysis, item)
    return copies


def _parts(
    analysis: Analysis,
    use: BackboneUse | None,
    reached: dict[str, Family | None],
) -> list[Built]:
    """The imported files whose families stand in this one; they become reached."""
    parts: list[Built] = []
    for path, where in files_used(analysis.module).items():
        built = whole_file(analysis.of(where))
        if use is None or same_backbone(path, analysis, use, built.use):
            parts.append(built)
            reached |= _under(path, built)
        else:
            reached |= dict.fromkeys(_under(path, built))
    return parts


def _under(path: str, built: Built) -> dict[str, Family | None]:
    """The families that a part lends, under their names from outside."""
    return {path + name: family for name, family in built.reached.items()}


def _unknown(module: Module, let: nodes.Let) -> dict[str, Family | None]:
    """The families of a copy that is faulty, about which nothing more is said."""
    call = let.value
    found = module.home_of("circuits", call.name.text) if isinstance(call, nodes.Call) else None
    items = () if found is None else found[0].circuits[found[1]].items
    names = (item.name.text for item in items if isinstance(item, nodes.Family))
    return dict.fromkeys(f"{let.name.text}.{name}" for name in names)


def _tried(built: Built, node: nodes.Subcircuit, analysis: Analysis) -> None:
    """Try a circuit on the defaults of its formals, so that a fault shows before it is used."""
    if any(formal.default is None for formal in node.formals):
        return
    home, name = built.module, node.name
    call = nodes.Call(name.span, name, ())
    inner = opened(home, node, call, analysis, name=name.text)
    if inner is not None:
        build(inner, built.use, built.reached)


def _one_name_each(
    families: dict[str, Family | None], analysis: Analysis, use: BackboneUse
) -> None:
    """A connection's end is a family, or a layer after the backbone's name: never both."""
    if use.name in families:
        name = analysis.module.families[use.name].name
        reserved(analysis, use.name, "the backbone", name.span)


def _backbone(analysis: Analysis) -> BackboneUse | None:
    declared = [item for item in analysis.module.file.items if isinstance(item, nodes.Backbone)]
    if not declared:
        needing = next(
            (item for item in analysis.module.file.items if isinstance(item, nodes.Family)), None
        )
        if needing is not None and not any(
            analysis.module.silent(n) for n in ("V", needing.layer.text)
        ):
            no_backbone(analysis, "families", needing.layer.span)
        return None
    for second in declared[1:]:
        declared_twice(analysis, second.name.text, second.name.span, declared[0].name.span)
    name = declared[0].name
    if name.text in analysis.module.modules:
        declared_twice(analysis, name.text, name.span)
    return backbone(declared[0], analysis)


def _connections(
    analysis: Analysis,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
) -> tuple[Joined, ...]:
    joined: list[Joined] = []
    first: dict[str, nodes.Connect] = {}
    for node in analysis.module.file.items:
        if not isinstance(node, nodes.Connect):
            continue
        each = connection(analysis, node, use, families)
        if each is None:
            continue
        name = each.connection.name
        other = first.setdefault(name, node)
        if other is not node:
            span = node.target.span if node.alias is None else node.alias.span
            where = other.source.span
            analysis.error(
                "E203",
                f"there are two connections `{name}` (first at {where.line}:{where.column})",
                span,
                help="Tell them apart: `connect A -> B as NAME`.",
            )
            continue
        joined.append(each)
    return tuple(joined)


def _normalisations(
    analysis: Analysis,
    families: Mapping[str, Family | None],
    use: BackboneUse | None,
) -> tuple[Normalisation, ...]:
    found: dict[str, Normalisation] = {}
    for node in analysis.module.file.items:
        if not isinstance(node, nodes.Normalise):
            continue
        each = normalisation(analysis, node, families, use)
        if each is not None and each.family in found:
            analysis.error(
                "E203", f"`{each.family}` is normalised twice", node.family.span, help="Keep one."
            )
        elif each is not None:
            found[each.family] = each
    return tuple(found.values())


def _judge(built: Built, use: BackboneUse, analysis: Analysis) -> None:
    """The rules that hold between declarations."""
    dials = _defaults(analysis)
    for each in built.joined:
        fits(each, analysis)
        if reads(each, use, analysis):
            fits_kernel(each, use, dials, analysis)
            has_values(each, use, dials, analysis)
            unchanged(each, use, dials, analysis)
        profiles(each, dials, analysis)
    families = [each for each in built.families.values() if each is not None]
    family_values(families, built.normalisations, dials, analysis)
    if built.module.parent is not None:
        return  # what fits, and what fires, is a matter of the whole
    everything = built.everything
    families = [f for part in everything for f in part.families.values() if f is not None]
    joined = [each for part in everything for each in part.joined]
    capacity(use, families, joined, analysis)
    faulty = any(d.severity == "error" for d in analysis.findings.diagnostics)
    if not faulty and not built.module.file.broken:
        silent_families(families, joined, analysis)


def _defaults(analysis: Analysis) -> dict[str, float]:
    """The defaults of the dials of a module, and of all that its expressions can name."""
    module = analysis.module
    around = [each for each in (module.parent, module.caller) if each is not None]
    values: dict[str, float] = {}
    for each in (*around, *module.modules.values()):
        values |= _defaults(analysis.of(each))
    return values | {dial.name: dial.default for dial in own_dials(analysis)}


def _function(analysis: Analysis, node: nodes.Function) -> None:
    """Try a function on formals of its types, so that a fault shows before it is used."""
    if node.body is None:
        if is_standard(analysis.module.file.source):
            return
        analysis.error(
            "E212",
            f"`{node.name.text}` has no body",
            node.span,
            note="only the standard library declares what the compiler builds in",
            help=f"Write `fn {node.name.text}(...) = EXPRESSION`.",
        )
        return
    values: dict[str, Value | None] = {}
    for formal in node.formals:
        key = formal.name.text
        if key in values:
            declared_twice(analysis, key, formal.name.span)
        type_ = None
        if formal.unit is not None:
            type_ = named_type(formal.unit, TYPES, analysis)
        unit = type_ if type_ in SCALAR_TYPES else None
        values[key] = None if unit is None else DialValue(key, unit, formal.name.span)
    evaluator = Evaluator(analysis, values, (analysis.module.functions[node.name.text],))
    evaluator.declared(node.body, node.unit, f"`{node.name.text}()`")
