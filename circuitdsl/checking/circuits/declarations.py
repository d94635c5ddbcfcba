"""Declarations of one file, or of one copy of a circuit, to IR parts: Module -> Built.

All errors are reported, each once; nothing is said of what depends on a faulty declaration.
"""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis, once
from circuitdsl.checking.circuits.assembly import Built, dial_names, own_dials
from circuitdsl.checking.circuits.copies import opened
from circuitdsl.checking.circuits.defaults import family_values, has_values
from circuitdsl.checking.circuits.lints import profiles, silent_families
from circuitdsl.checking.circuits.misplaced import out_of_place
from circuitdsl.checking.circuits.reach import copies, files, in_reach, own_families
from circuitdsl.checking.connections.attributes import pattern
from circuitdsl.checking.connections.connections import Joined, connection
from circuitdsl.checking.connections.ends import fits
from circuitdsl.checking.connections.geometry import capacity, fits_kernel, reads
from circuitdsl.checking.connections.normalising import normalisation
from circuitdsl.checking.families.backbones import backbone
from circuitdsl.checking.families.identify import unchanged
from circuitdsl.checking.messages import declared_twice
from circuitdsl.checking.names.evaluate import Evaluator, dial
from circuitdsl.checking.names.settings import check_names
from circuitdsl.checking.names.standard import is_standard
from circuitdsl.checking.stimuli.activity import on_trained_units
from circuitdsl.checking.stimuli.photographs import shown
from circuitdsl.checking.values.kinds import SCALAR_TYPES, TYPES, Value, named_type
from circuitdsl.ir.circuit import (
    BackboneUse,
    Dial,
    Normalisation,
    Stimulus,
)
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.syntax import nodes


def check_imports(analysis: Analysis) -> None:
    """Report the errors of all that a file imports."""
    for module in analysis.module.modules.values():
        if module.file.header is not None:
            inner = analysis.of(module)
            build(inner)
            for diagnostic in inner.findings.diagnostics:
                if diagnostic.severity == "error":
                    analysis.add(diagnostic)
        check_imports(analysis.within(module))


@once
def build(analysis: Analysis) -> Built:
    """Check the declarations of a file, or of a copy of a circuit."""
    module = analysis.module
    out_of_place(module.file, analysis)
    _expressions(analysis)
    parts = [*files(analysis).values(), *copies(analysis).values()]
    motifs = [
        pattern(analysis, name) for name, (home, _) in module.motifs.items() if home is module
    ]
    stimuli = [_images(analysis, name) for name in module.stimuli]
    built = Built(
        module,
        own_families(analysis),
        connections(analysis),
        normalisations(analysis),
        tuple(motif for motif in motifs if motif is not None),
        tuple(stimulus for stimulus in stimuli if stimulus is not None),
        tuple(build(part) for part in parts if part is not None),
    )
    use = backbone(analysis)
    if use is not None:
        _judge(built, use, analysis)
    if module.parent is None:
        check_names(analysis, dial_names(built))
        for node in module.circuits.values():
            _tried(node, analysis)
    return built


def _images(analysis: Analysis, name: str) -> Stimulus | None:
    """A set that families can be shown; photographs that the caller chooses belong to scripts."""
    images = shown(analysis, name)
    if images is None or images.generator != ACTIVITY:
        return images
    reach, prefix = in_reach(analysis), analysis.module.prefix
    families = {family.name if family else prefix + key: family for key, family in reach.items()}
    return images if on_trained_units(images, families, analysis) else None


def _expressions(analysis: Analysis) -> None:
    """Check dials, lets and functions; of those that share a name, the first."""
    module = analysis.module
    for item in module.file.items:
        if isinstance(item, nodes.Dial) and module.dials.get(item.name.text) is item:
            dial(analysis, item.name.text)
        elif isinstance(item, nodes.Let) and module.lets.get(item.name.text) is item:
            if not module.is_copy(item):
                Evaluator(analysis).value(nodes.Reference(item.name.span, item.name))
        elif isinstance(item, nodes.Function):
            function = module.functions.get(item.name.text)
            if function is not None and function.node is item:
                _function(analysis, item)


def _tried(node: nodes.Subcircuit, analysis: Analysis) -> None:
    """Check a circuit with the defaults of its formals, so that a fault shows before it is used."""
    if any(formal.default is None for formal in node.formals):
        return
    call = nodes.Call(node.name.span, node.name, ())
    trial = opened(analysis.module, node, call, analysis, name=node.name.text)
    if trial is not None:
        build(trial)


@once
def connections(analysis: Analysis) -> tuple[Joined, ...]:
    """The connections of a module, faulty ones left out."""
    use, families = backbone(analysis), in_reach(analysis)
    joined: list[Joined] = []
    first: dict[str, nodes.Connect] = {}
    for node in analysis.module.file.items:
        if not isinstance(node, nodes.Connect):
            continue
        joint = connection(analysis, node, use, families)
        if joint is None:
            continue
        name = joint.connection.name
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
        joined.append(joint)
    return tuple(joined)


@once
def normalisations(analysis: Analysis) -> tuple[Normalisation, ...]:
    """The normalisations of a module, faulty ones left out."""
    use, families = backbone(analysis), in_reach(analysis)
    normalised: dict[str, Normalisation] = {}
    for node in analysis.module.file.items:
        if not isinstance(node, nodes.Normalise):
            continue
        for name, normalise in normalisation(analysis, node, families, use):
            if normalise.family in normalised:
                message = f"`{normalise.family}` is normalised twice"
                analysis.error("E203", message, name.span, help="Keep one.")
                continue
            normalised[normalise.family] = normalise
    return tuple(normalised.values())


def _judge(built: Built, use: BackboneUse, analysis: Analysis) -> None:
    """Check the rules that concern several declarations."""
    declared = _dials(analysis) | {dial.name: dial for each in built.joined for dial in each.dials}
    dials = {name: dial.default for name, dial in declared.items()}
    for each in built.joined:
        fits(each, analysis)
        if reads(each, use, analysis):
            fits_kernel(each, use, declared, analysis)
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


def _dials(analysis: Analysis) -> dict[str, Dial]:
    """The dials of a module, and of all that its expressions can name."""
    module = analysis.module
    around = [inner for inner in (module.parent, module.caller) if inner is not None]
    dials: dict[str, Dial] = {}
    for inner in (*around, *module.modules.values()):
        dials |= _dials(analysis.of(inner))
    return dials | {dial.name: dial for dial in own_dials(analysis)}


def _function(analysis: Analysis, node: nodes.Function) -> None:
    """Check a function with formals of its types, so that a fault shows before it is used."""
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
