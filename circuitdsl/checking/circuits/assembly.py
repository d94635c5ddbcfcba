"""The checked declarations of a file, and the circuit that they make.

In: the checked declarations of a file, of the copies of circuits that it makes, and of imported
files whose families it uses. Out: a `Circuit`, with whatever else of other files these need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.attributes import pattern
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.names.evaluate import dial
from circuitdsl.checking.scope import Module
from circuitdsl.checking.stimuli.photographs import shown
from circuitdsl.ir.circuit import (
    BackboneUse,
    Circuit,
    Dial,
    Family,
    Motif,
    Normalisation,
    Stimulus,
)
from circuitdsl.ir.dials import dials_used
from circuitdsl.text.source import NOWHERE


@dataclass(frozen=True)
class Built:
    """The checked declarations of one file or of one copy of a circuit.

    Faulty ones are left out.

    Attributes:
        module: Its names.
        families: Its own families by name; None for faulty ones.
        joined: Its connections.
        normalisations: Its normalisations.
        motifs: Its own motifs.
        stimuli: Its own stimulus sets.
        parts: Imported files and copies of circuits that stand in it.
    """

    module: Module
    families: dict[str, Family | None]
    joined: tuple[Joined, ...]
    normalisations: tuple[Normalisation, ...]
    motifs: tuple[Motif, ...]
    stimuli: tuple[Stimulus, ...]
    parts: tuple[Built, ...] = ()

    @property
    def everything(self) -> tuple[Built, ...]:
        """All parts, inner ones first, and this one last; each once."""
        inner = [module for part in self.parts for module in part.everything]
        return tuple({id(module): module for module in (*inner, self)}.values())


def circuit_of(analysis: Analysis, built: Built, use: BackboneUse) -> Circuit:
    """The circuit of a file without errors: its own declarations, then others that it uses.

    Expectations of imported families stay with the imported file.
    """
    module, everything = built.module, built.everything
    families = [
        family
        if part.module.file.source is module.file.source
        else replace(family, expectations=())
        for part in everything
        for family in part.families.values()
        if family is not None
    ]
    header = module.file.header
    circuit = Circuit(
        doc="" if header is None or header.doc is None else header.doc.value,
        backbone=use,
        families=tuple(families),
        connections=tuple(joined.connection for part in everything for joined in part.joined),
        normalisations=tuple(n for part in everything for n in part.normalisations),
        motifs=_motifs(analysis, built),
        span=NOWHERE if header is None else header.span,
    )
    circuit = replace(
        circuit, stimuli=(*built.stimuli, *_stimuli_of_others(analysis, built, circuit))
    )
    read_dials = dials_used(circuit)
    modules = (inner for part in everything for inner in reachable(part.module))
    inner = {
        p.name: p for part in modules for p in own_dials(analysis.of(part)) if part is not module
    }
    others = (dial for dial in inner.values() if dial.name in read_dials)
    uses = (dial for each in everything for joined in each.joined for dial in joined.dials)
    return replace(circuit, dials=(*own_dials(analysis), *others, *uses))


def own_dials(analysis: Analysis) -> tuple[Dial, ...]:
    """The dials that a module declares."""
    dials = (dial(analysis, name) for name in analysis.module.dials)
    return tuple(sound for sound in dials if sound is not None)


def dial_names(built: Built) -> frozenset[str]:
    """The dials of a file and of all that stands in it or is imported, by their names there."""
    prefix = built.module.prefix
    names = {
        (where.prefix + name).removeprefix(prefix)
        for part in built.everything
        for where in reachable(part.module)
        for name in where.dials
    }
    uses = (dial for part in built.everything for joined in part.joined for dial in joined.dials)
    return frozenset(names | {dial.name.removeprefix(prefix) for dial in uses})


def reachable(module: Module) -> Iterator[Module]:
    """A module and all that it imports."""
    yield module
    for inner in module.modules.values():
        yield from reachable(inner)


def _motifs(analysis: Analysis, built: Built) -> tuple[Motif, ...]:
    """The file's own motifs, then those of others that connections use."""
    everything = built.everything
    joined = [each.connection for part in everything for each in part.joined]
    called = dict.fromkeys(each.motif.name for each in joined if each.motif is not None)
    motifs = {
        motif.name: motif
        for each in everything
        for where in reachable(each.module)
        for name in where.motifs
        if where.prefix + name in called
        and (motif := pattern(analysis.of(where), name)) is not None
    }
    own = {motif.name for motif in built.motifs}
    return (*built.motifs, *(motifs[name] for name in called if name in motifs and name not in own))


def _stimuli_of_others(analysis: Analysis, built: Built, circuit: Circuit) -> Iterator[Stimulus]:
    """The stimulus sets of other files that calibrations and expectations name."""
    names: list[str] = []
    for family in circuit.families:
        if family.calibrate is not None:
            names += [family.calibrate.one, family.calibrate.zero]
        for expect in family.expectations:
            names += [measure.of for measure in expect.measures]
    borrowed_names = dict.fromkeys(names)
    for where in (inner for part in built.everything for inner in reachable(part.module)):
        for key in where.stimuli:
            name = where.prefix + key
            if where is not built.module and name in borrowed_names:
                del borrowed_names[name]
                other = shown(analysis.of(where), key)
                if other is not None:
                    yield other
