"""Declarations of one file, or of one copy of a circuit, to IR parts: Module -> Built.

Every error is gathered, and none is reported twice: what depends on a faulty declaration is passed
over in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

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
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.names.evaluate import Evaluator, dial
from circuitdsl.checking.names.scope import Module, twice
from circuitdsl.checking.names.standard import is_standard
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
from circuitdsl.ir.expressions import Dial
from circuitdsl.syntax import nodes


class Imports:
    """Imported files, each checked once."""

    def __init__(self) -> None:
        self._built: dict[int, tuple[Module, Built, Findings]] = {}

    def built(self, module: Module) -> tuple[Built, Findings]:
        """What a file amounts to, and what is wrong with it."""
        if id(module) not in self._built:
            findings = Findings()
            built = build(module, findings, self)
            self._built[id(module)] = module, built, findings
        return self._built[id(module)][1:]


def check_imports(module: Module, findings: Findings, imports: Imports) -> None:
    """Report the errors of all that a file imports."""
    for inner in module.modules.values():
        if inner.file.header is not None:
            for diagnostic in imports.built(inner)[1].diagnostics:
                if diagnostic.severity == "error":
                    findings.add(diagnostic)
        check_imports(inner, findings, imports)


def build(
    module: Module,
    findings: Findings,
    imports: Imports,
    use: BackboneUse | None = None,
    around: Mapping[str, Family | None] | None = None,
) -> Built:
    """Check the declarations of a file, or of a copy of a circuit.

    Args:
        module: Its names.
        findings: Where faults are reported.
        imports: The files that it imports.
        use: For a copy, the backbone of the file that it stands in.
        around: For a copy, the families that it stands among.
    """
    out_of_place(module.file, findings)
    copies = _expressions(module, findings)
    use = _backbone(module, findings) if module.parent is None else use
    families: dict[str, Family | None] = {
        name: family(module, node, use, findings) for name, node in module.families.items()
    }
    reached = {**families}
    parts: list[Built] = []
    if module.parent is None:
        parts = _parts(module, use, reached, imports, findings)
    for let in copies:
        inner = instance(module, let, findings)
        if inner is None:
            reached |= _unknown(module, let)
            continue
        home = inner.whole_file
        known: Mapping[str, Family | None] = {**(around or {}), **reached}
        if home is not module.whole_file:
            known = imports.built(home)[0].reached
        parts.append(build(inner, findings, imports, renamed(use, home), known))
        reached |= _under(f"{let.name.text}.", parts[-1])
    everywhere = {**(around or {}), **reached}
    joined = _connections(module, use, everywhere, findings)
    motifs = [
        pattern(module, name, findings)
        for name, (home, _) in module.motifs.items()
        if home is module
    ]
    named = {f.name if f else module.prefix + key: f for key, f in everywhere.items()}
    stimuli = [_images(module, node, named, findings) for node in module.stimuli.values()]
    built = Built(
        module,
        use,
        families,
        reached,
        joined,
        _normalisations(module, everywhere, use, findings),
        tuple(motif for motif in motifs if motif is not None),
        tuple(stimulus for stimulus in stimuli if stimulus is not None),
        tuple(parts),
    )
    if use is not None:
        _judge(built, use, findings)
        _one_name_each(families, module, use, findings)
    if module.parent is None:
        for node in module.circuits.values():
            _tried(built, node, imports, findings)
    return built


def _images(
    module: Module,
    node: nodes.Stimulus,
    families: Mapping[str, Family | None],
    findings: Findings,
) -> Stimulus | None:
    """A set of drawn images; sets of photographs belong to scripts, and are only looked over."""
    if is_photographs(node):
        photographs(module, node, findings)
        return None
    found = stimulus(module, node, findings)
    if found is None or not found.parts:
        return found
    return found if on_trained_units(found, families, findings) else None


def _expressions(module: Module, findings: Findings) -> list[nodes.Let]:
    """Check dials, lets and functions; the lets that name copies of circuits."""
    copies: list[nodes.Let] = []
    for item in module.file.items:
        if isinstance(item, nodes.Param):
            dial(module, item.name.text, findings)
        elif isinstance(item, nodes.Let) and module.is_copy(item):
            copies.append(item)
        elif isinstance(item, nodes.Let):
            Evaluator(module, findings).value(nodes.Reference(item.name.span, item.name))
        elif isinstance(item, nodes.Function):
            _function(module, item, findings)
    return copies


def _parts(
    module: Module,
    use: BackboneUse | None,
    reached: dict[str, Family | None],
    imports: Imports,
    findings: Findings,
) -> list[Built]:
    """The imported files whose families stand in this one; they become reached."""
    parts: list[Built] = []
    for path, where in files_used(module).items():
        built, _ = imports.built(where)
        if use is None or same_backbone(path, module, use, built.use, findings):
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


def _tried(built: Built, node: nodes.Subcircuit, imports: Imports, findings: Findings) -> None:
    """Try a circuit on the defaults of its formals, so that a fault shows before it is used."""
    if any(formal.default is None for formal in node.formals):
        return
    home, name = built.module, node.name
    call = nodes.Call(name.span, name, ())
    inner = opened(home, node, call, home, name=name.text, findings=findings)
    if inner is not None:
        build(inner, findings, imports, built.use, built.reached)


def _one_name_each(
    families: dict[str, Family | None], module: Module, use: BackboneUse, findings: Findings
) -> None:
    """A connection's end is a family, or a layer after the backbone's name: never both."""
    if use.name in families:
        name = module.families[use.name].name
        findings.error(
            "E203",
            f"`{use.name}` is the backbone; no family can have its name",
            name.span,
            help="Choose another name.",
        )


def _backbone(module: Module, findings: Findings) -> BackboneUse | None:
    declared = [item for item in module.file.items if isinstance(item, nodes.Backbone)]
    if not declared:
        needing = next((item for item in module.file.items if isinstance(item, nodes.Family)), None)
        if needing is not None and not any(module.silent(n) for n in ("V", needing.layer.text)):
            findings.error(
                "E211",
                "families need a backbone, and this file declares none",
                needing.layer.span,
                help="Add `backbone V = inceptionv1(input=224px)`.",
            )
        return None
    for second in declared[1:]:
        twice(second.name.text, second.name.span, declared[0].name.span, findings)
    name = declared[0].name
    if name.text in module.modules:
        findings.error("E203", f"`{name.text}` is declared twice", name.span)
    return backbone(declared[0], findings)


def _connections(
    module: Module,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
    findings: Findings,
) -> tuple[Joined, ...]:
    joined: list[Joined] = []
    first: dict[str, nodes.Connect] = {}
    for node in module.file.items:
        if not isinstance(node, nodes.Connect):
            continue
        each = connection(module, node, use, families, findings)
        if each is None:
            continue
        name = each.connection.name
        other = first.setdefault(name, node)
        if other is not node:
            span = node.target.span if node.alias is None else node.alias.span
            where = other.source.span
            findings.error(
                "E203",
                f"there are two connections `{name}` (first at {where.line}:{where.column})",
                span,
                help="Tell them apart: `connect A -> B as NAME`.",
            )
            continue
        joined.append(each)
    return tuple(joined)


def _normalisations(
    module: Module,
    families: Mapping[str, Family | None],
    use: BackboneUse | None,
    findings: Findings,
) -> tuple[Normalisation, ...]:
    found: dict[str, Normalisation] = {}
    for node in module.file.items:
        if not isinstance(node, nodes.Normalise):
            continue
        each = normalisation(module, node, families, use, findings)
        if each is not None and each.family in found:
            findings.error(
                "E203", f"`{each.family}` is normalised twice", node.family.span, help="Keep one."
            )
        elif each is not None:
            found[each.family] = each
    return tuple(found.values())


def _judge(built: Built, use: BackboneUse, findings: Findings) -> None:
    """The rules that hold between declarations."""
    dials = _defaults(built.module)
    for each in built.joined:
        fits(each, findings)
        if reads(each, use, findings):
            fits_kernel(each, use, dials, findings)
            has_values(each, use, dials, findings)
            unchanged(each, use, dials, findings)
        profiles(each, dials, findings)
    families = [each for each in built.families.values() if each is not None]
    family_values(families, built.normalisations, dials, findings)
    if built.module.parent is not None:
        return  # what fits, and what fires, is a matter of the whole
    everything = built.everything
    families = [f for part in everything for f in part.families.values() if f is not None]
    joined = [each for part in everything for each in part.joined]
    capacity(use, families, joined, findings)
    faulty = any(d.severity == "error" for d in findings.diagnostics)
    if not faulty and not built.module.file.broken:
        silent_families(families, joined, findings)


def _defaults(module: Module) -> dict[str, float]:
    """The defaults of the dials of a module, and of all that its expressions can name."""
    values = {} if module.parent is None else _defaults(module.parent)
    if module.caller is not None:
        values |= _defaults(module.caller)
    for inner in module.modules.values():
        values |= _defaults(inner)
    return values | {param.name: param.default for param in own_dials(module)}


def _function(module: Module, node: nodes.Function, findings: Findings) -> None:
    """Try a function on formals of its types, so that a fault shows before it is used."""
    if node.body is None:
        if is_standard(module.file.source):
            return
        findings.error(
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
            findings.error("E203", f"`{key}` is declared twice", formal.name.span)
        type_ = None
        if formal.unit is not None:
            type_ = named_type(formal.unit, TYPES, findings)
        unit = type_ if type_ in SCALAR_TYPES else None
        values[key] = None if unit is None else Dial(key, unit, formal.name.span)
    evaluator = Evaluator(module, findings, values, (module.functions[node.name.text],))
    evaluator.declared(node.body, node.unit, f"`{node.name.text}()`")
