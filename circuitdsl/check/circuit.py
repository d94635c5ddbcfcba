"""Tree to IR: CircuitFile -> Circuit and everything that is wrong with it.

Every error of a file is gathered, and none is reported twice: what depends on a faulty declaration
is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from circuitdsl.check.connections import Joined, connection
from circuitdsl.check.defaults import family_values, has_values
from circuitdsl.check.evaluate import Evaluator, dial
from circuitdsl.check.expectations import out_of_place
from circuitdsl.check.families import backbone, family
from circuitdsl.check.findings import Findings
from circuitdsl.check.geometry import capacity, fits_kernel, reads
from circuitdsl.check.identify import unchanged
from circuitdsl.check.imports import FileLoader, Loader, open_module
from circuitdsl.check.lints import profiles, silent_families, unused_dials
from circuitdsl.check.normalising import normalisation
from circuitdsl.check.photographs import is_photographs, photographs
from circuitdsl.check.rules import fits
from circuitdsl.check.scope import Module, twice
from circuitdsl.check.script import script
from circuitdsl.check.standard import is_standard
from circuitdsl.check.stimuli import stimulus
from circuitdsl.check.values import SCALAR_TYPES, TYPES, Value, named_type
from circuitdsl.check.wiring import pattern
from circuitdsl.diagnostics import Diagnostic
from circuitdsl.ir.circuit import (
    BackboneUse,
    Circuit,
    Family,
    Motif,
    Normalisation,
    Param,
    Stimulus,
)
from circuitdsl.ir.dials import dials_used
from circuitdsl.ir.expressions import Dial
from circuitdsl.ir.script import Script
from circuitdsl.source import NOWHERE
from circuitdsl.syntax import nodes


@dataclass(frozen=True)
class Built:
    """What the declarations of one file amount to, faulty ones left out.

    Attributes:
        module: The file's names.
        use: Its backbone.
        families: Its families by name; None for faulty ones.
        joined: Its connections.
        normalisations: Its normalisations.
        motifs: Its own motifs.
        stimuli: Its own stimulus sets.
    """

    module: Module
    use: BackboneUse | None
    families: dict[str, Family | None]
    joined: tuple[Joined, ...]
    normalisations: tuple[Normalisation, ...]
    motifs: tuple[Motif, ...]
    stimuli: tuple[Stimulus, ...]


def check(
    file: nodes.CircuitFile, loader: Loader | None = None
) -> tuple[Circuit | None, list[Diagnostic]]:
    """Check a circuit file.

    Args:
        file: Its tree.
        loader: Finds imported files; by default on the disk, beside the file.

    Returns:
        The circuit, or None if there are errors or the file declares no families, and all
        diagnostics in order of appearance.
    """
    checked = examine(file, loader)
    return checked.circuit, checked.diagnostics


@dataclass(frozen=True)
class Checked:
    """What a file means, and what is wrong with it.

    Attributes:
        circuit: None if there are errors or the file declares no families.
        script: Its edits and scores; None if there are errors or it has none.
        diagnostics: In order of appearance.
    """

    circuit: Circuit | None
    script: Script | None
    diagnostics: list[Diagnostic]


def examine(file: nodes.CircuitFile, loader: Loader | None = None) -> Checked:
    """Check a file, for its circuit and for its edits and scores.

    Args:
        file: Its tree.
        loader: Finds imported files; by default on the disk, beside the file.
    """
    findings = Findings()
    if file.header is None:
        return Checked(None, None, [])
    loader = loader or FileLoader()
    module = open_module(file, loader, findings)
    built = _build(module, findings)
    _check_imports(module, findings)
    edits = script(module, built.use, _Circuits(loader), findings)
    circuit = None
    if not findings.failed and built.use is not None and built.families:
        circuit = _circuit(built, built.use)
        unused_dials(circuit, findings)
    found = sorted(
        findings.diagnostics,
        key=lambda d: (d.span.source is not file.source, d.span.source.name, d.span.start),
    )
    return Checked(circuit, None if findings.failed else edits, found)


class _Circuits:
    """The circuits of imported files, under their own names; each is checked once."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.known: dict[int, Circuit | None] = {}

    def __call__(self, module: Module) -> Circuit | None:
        """The circuit of a file; None if it has faults, which are reported elsewhere."""
        key = id(module)
        if key not in self.known:
            self.known[key] = examine(module.file, self.loader).circuit
        return self.known[key]


def _check_imports(module: Module, findings: Findings) -> None:
    for inner in module.modules.values():
        if inner.file.header is not None:
            quiet = Findings()
            _build(inner, quiet)
            for diagnostic in quiet.diagnostics:
                if diagnostic.severity == "error":
                    findings.add(diagnostic)
        _check_imports(inner, findings)


def _build(module: Module, findings: Findings) -> Built:
    items = module.file.items
    out_of_place(module.file, findings)
    for item in items:
        if isinstance(item, nodes.Param):
            dial(module, item.name.text, findings)
        elif isinstance(item, nodes.Let):
            Evaluator(module, findings).value(nodes.Reference(item.name.span, item.name))
        elif isinstance(item, nodes.Function):
            _function(module, item, findings)
    use = _backbone(module, findings)
    families: dict[str, Family | None] = {
        name: family(module, node, use, findings) for name, node in module.families.items()
    }
    joined = _connections(module, use, families, findings)
    motifs = [
        pattern(module, name, findings)
        for name, (home, _) in module.motifs.items()
        if home is module
    ]
    stimuli = [_images(module, node, findings) for node in module.stimuli.values()]
    built = Built(
        module,
        use,
        families,
        joined,
        _normalisations(module, families, use, findings),
        tuple(motif for motif in motifs if motif is not None),
        tuple(stimulus for stimulus in stimuli if stimulus is not None),
    )
    if use is not None:
        _judge(built, use, findings)
        _one_name_each(families, module, use, findings)
    return built


def _images(module: Module, node: nodes.Stimulus, findings: Findings) -> Stimulus | None:
    """A set of drawn images; sets of photographs belong to scripts, and are only looked over."""
    if is_photographs(node):
        photographs(module, node, findings)
        return None
    return stimulus(module, node, findings)


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
    families: dict[str, Family | None],
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
    families: dict[str, Family | None],
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
    capacity(use, families, built.joined, findings)
    faulty = any(d.severity == "error" for d in findings.diagnostics)
    if not faulty and not built.module.file.broken:
        silent_families(families, built.joined, findings)


def _defaults(module: Module) -> dict[str, float]:
    """The defaults of the dials of a module and of all that it imports."""
    values = {param.name: param.default for param in module.dials.values() if param is not None}
    for inner in module.modules.values():
        values |= _defaults(inner)
    return values


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


def _circuit(built: Built, use: BackboneUse) -> Circuit:
    """The circuit of a file without errors: its own declarations, then what it uses of others."""
    module = built.module
    connections = tuple(each.connection for each in built.joined)
    own = {motif.name for motif in built.motifs}
    called = [each.motif.name for each in connections if each.motif is not None]
    others = dict.fromkeys(name for name in called if name not in own)
    header = module.file.header
    circuit = Circuit(
        doc="" if header is None or header.doc is None else header.doc.value,
        backbone=use,
        families=tuple(each for each in built.families.values() if each is not None),
        connections=connections,
        normalisations=built.normalisations,
        motifs=(*built.motifs, *_motifs_of_others(module, others)),
        stimuli=(*built.stimuli, *_stimuli_of_others(built)),
        span=NOWHERE if header is None else header.span,
    )
    used = dials_used(circuit)
    inner = [param for each in module.modules.values() for param in _dials(each)]
    return replace(
        circuit, params=(*_own_dials(module), *(param for param in inner if param.name in used))
    )


def _own_dials(module: Module) -> tuple[Param, ...]:
    return tuple(param for param in module.dials.values() if param is not None)


def _dials(module: Module) -> tuple[Param, ...]:
    inner = [param for each in module.modules.values() for param in _dials(each)]
    return (*_own_dials(module), *inner)


def _motifs_of_others(module: Module, names: Iterable[str]) -> Iterator[Motif]:
    for name in names:
        where, key = module, name
        while key not in where.patterns and (inner := where.inner(key)) is not None:
            where, key = inner
        motif = where.patterns.get(key)
        if motif is not None:
            yield motif


def _stimuli_of_others(built: Built) -> Iterator[Stimulus]:
    """The stimulus sets of imported files that families are calibrated and described on."""
    module = built.module
    names: list[str] = []
    for each in built.families.values():
        if each is not None and each.calibrate is not None:
            names += [each.calibrate.one, each.calibrate.zero]
        for claim in () if each is None else each.expectations:
            terms = (*claim.left, *claim.right)
            names += [term.measure.stimulus for term in terms if term.measure is not None]
    for name in dict.fromkeys(names):
        where, key = module, name
        while key not in where.stimuli and (inner := where.inner(key)) is not None:
            where, key = inner
        if where is not module and key in where.stimuli:
            found = stimulus(where, where.stimuli[key], Findings())
            if found is not None:
                yield found
