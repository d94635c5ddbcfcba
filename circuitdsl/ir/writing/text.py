"""Circuits as text: Circuit -> canonical `.circ`.

What is printed reads back as the same circuit, whatever files its text was spread over: imported
dials, motifs and stimulus sets are written out under the dotted names that they have in the
circuit. The text is what the formatter would make of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from circuitdsl.ir.circuit import (
    INPUT,
    Axis,
    Calibration,
    Circuit,
    Connection,
    Dial,
    Family,
    Formal,
    Motif,
    Normalisation,
    Wiring,
)
from circuitdsl.ir.expressions import ONE, DialValue, Number, type_name
from circuitdsl.ir.stimuli import PHOTOGRAPHS, Setting, Stimulus
from circuitdsl.ir.tables.generators import GENERATORS, every
from circuitdsl.ir.writing import spelling
from circuitdsl.ir.writing.spelling import number, scalar
from circuitdsl.text.layout import (
    INDENT,
    Chain,
    Entry,
    Group,
    Joined,
    Piece,
    assignments,
    broken,
    dump,
    fitted,
    quoted,
    stacked,
)


def to_source(circuit: Circuit) -> str:
    """The canonical text of a circuit.

    Raises:
        ValueError: a doc holds what no string of the language can (three quotes in a row).
    """
    use, of_uses = circuit.backbone, _dials_of_uses(circuit)
    own = "" if use.normalisation == "none" else f", normalisation={use.normalisation}"
    header = f"circ 1 {quoted(circuit.doc)}" if circuit.doc else "circ 1"
    weights = "" if use.weights is None else f", weights={quoted(use.weights)}"
    opening = f"backbone {use.name} = {use.architecture}(input={use.input_px}px{own}{weights})"
    sections = [
        [Entry("circ", [header])],
        _imports(circuit),
        [Entry("backbone", [opening])],
        [_dial(dial) for dial in circuit.dials if dial.name not in of_uses],
        *([_motif(motif)] for motif in circuit.motifs),
        [_stimulus(stimulus, circuit) for stimulus in circuit.stimuli],
        [_family(family, use.name) for family in circuit.families],
        *([_connection(connection, circuit, of_uses)] for connection in circuit.connections),
        *([_normalisation(normalisation)] for normalisation in circuit.normalisations),
    ]
    entries: list[Entry] = []
    for section in sections:
        for index, entry in enumerate(section):
            entry.blank = index == 0
            entries.append(entry)
    return "\n".join(stacked(entries)) + "\n"


def dump_ir(circuit: Circuit) -> str:
    """The circuit as indented text, each part with the line and column that it came from."""
    return dump(circuit, around=circuit.span.source) + "\n"


# ---- declarations


def _entry(kind: str, pieces: Sequence[Piece], attributes: list[tuple[str, Piece]]) -> Entry:
    if not attributes:
        return Entry(kind, fitted(pieces))
    entry = Entry(kind, fitted([*pieces, "{"]))
    lines = assignments(attributes, INDENT)
    entry.body = [*"\n".join(lines).split("\n"), "}"]
    return entry


def _imports(circuit: Circuit) -> list[Entry]:
    """The imports of what connections and motifs use of the standard library."""
    wirings = [part.wiring for part in (*circuit.connections, *circuit.motifs)]
    shapes: set[str] = set()
    profiles: set[str] = set()
    for wiring in wirings:
        if wiring.place is not None:
            shapes |= spelling.shapes_named(wiring.place)
        for tune in wiring.tunes:
            profiles |= spelling.profiles_named(tune)
    entries: list[Entry] = []
    for source, used in (("shapes", shapes), ("profiles", profiles)):
        if used:
            names = f"import {', '.join(sorted(used))}"
            entries.append(Entry("from", [f"from std.{source}", names]))
    return entries


def _dial(dial: Dial) -> Entry:
    interval: Piece = ""
    if dial.low is not None and dial.high is not None:
        bounds = (number(dial.low, dial.unit), number(dial.high, dial.unit))
        interval = Group("in [", bounds, "]")
    default = f"= {number(dial.default, dial.unit)}"
    cells = [f"dial {dial.name}", f": {type_name(dial.unit)}", default, interval]
    return Entry("dial", fitted([*cells, "free" if dial.free else ""]))


def _formal(formal: Formal) -> Piece:
    pieces: list[Piece] = [f"{formal.name}: {formal.unit}"]
    if formal.default is not None:
        pieces += [" = ", scalar(formal.default)]
    if formal.bounds is not None:
        pieces += [" ", Group("in [", tuple(map(scalar, formal.bounds)), "]")]
    return Joined((*pieces, " free" if formal.free else ""))


def _dials_of_uses(circuit: Circuit) -> dict[str, Dial]:
    """The dials that formals of motifs are; they are written where the motif is used."""
    dials = {dial.name: dial for dial in circuit.dials}
    ranged = {
        (motif.name, formal.name)
        for motif in circuit.motifs
        for formal in motif.formals
        if formal.bounds is not None
    }
    return {
        value.name: dials[value.name]
        for connection in circuit.connections
        if connection.motif is not None
        for formal, value in connection.motif.bindings
        if isinstance(value, DialValue)
        and value.name == f"{connection.name}.{formal}"
        and (connection.motif.name, formal) in ranged
    }


def _motif(motif: Motif) -> Entry:
    head = Group(f"motif {motif.name}(", tuple(map(_formal, motif.formals)), ")")
    entry = _entry("motif", [head], _wiring(motif.wiring))
    if not entry.body:
        entry.cells = fitted([head, "{ }"])
    return entry


def _stimulus(stimulus: Stimulus, circuit: Circuit) -> Entry:
    settings: list[Piece] = [
        Joined((f"{name}=", _setting(name, value, stimulus.generator)))
        for name, value in stimulus.settings
    ]
    if stimulus.folder is not None:
        folder = quoted(stimulus.folder.text)
        is_photographs = stimulus.generator == PHOTOGRAPHS
        settings[:0] = [folder if is_photographs else Joined((f"{PHOTOGRAPHS}=", folder))]
    call = Group(f"{stimulus.generator}(", tuple(settings), ")")
    parts = [(part.name, spelling.part(part, circuit.by_name)) for part in stimulus.parts]
    return _entry("stimulus", [f"stimulus {stimulus.name}", Joined(("= ", call))], parts)


def _setting(name: str, setting: Setting, generator: str) -> Piece:
    if setting.unit == "angle" and len(setting.values) > 2:
        step = setting.values[1]
        # a list of thousands of angles would be longer than a declaration may be
        if setting.values == every(step, generator):
            return Group("every(", (number(step, "angle"),), ")")
    kind = GENERATORS[generator][name]
    values = tuple(spelling.setting_value(value, setting.unit, kind) for value in setting.values)
    return values[0] if len(values) == 1 else Group("[", values, "]")


def _axis(axis: Axis) -> Piece:
    if axis.kind == "flip":
        return f"{axis.name}: flip"
    if axis.kind == "scale":
        return f"{axis.name}: scale({axis.count}, ratio={number(axis.ratio or 1.0)})"
    if axis.at_deg is None:
        return f"{axis.name}: {axis.kind}({axis.count})"
    angles = Group("angles=[", tuple(number(angle, "angle") for angle in axis.at_deg), "]")
    return Joined((f"{axis.name}: ", Group(f"{axis.kind}(", (angles,), ")")))


def _family(family: Family, backbone: str) -> Entry:
    attributes: list[tuple[str, Piece]] = []
    if family.doc:
        attributes.append(("doc", quoted(family.doc)))
    if family.gain != ONE:
        attributes.append(("gain", scalar(family.gain)))
    if family.bias is not None:
        attributes.append(("bias", scalar(family.bias)))
    if family.centre is not None:
        attributes.append(("centre", Group("(", tuple(map(scalar, family.centre)), ")")))
    if family.calibrate is not None:
        attributes.append(("calibrate", _calibration(family.calibrate)))
    if family.units is not None:
        attributes.append(("units", Group("[", tuple(map(str, family.units)), "]")))
    if family.network:
        attributes.append(("network", quoted(family.network)))
    if family.identify:
        turns = tuple(f"{name}={number(angle, 'angle')}" for name, angle in family.identify)
        attributes.append(("identify", Group("turn(", turns, ")")))
    axes: Piece = Group("[", tuple(map(_axis, family.axes)), "]") if family.axes else ""
    origins = [axis.at_family for axis in family.axes if axis.at_family]
    pieces = [f"family {family.name}", axes, f"at {backbone}.{family.layer}"]
    entry = _entry("family", pieces, attributes)
    if family.expectations:
        claims = [
            f"{' ' * INDENT}expect {broken(spelling.expectation(e), INDENT, INDENT + 7)}"
            for e in family.expectations
        ]
        entry.cells = fitted([*pieces, "{"])
        entry.body = [*entry.body[:-1], *claims, "}"]
    if origins:
        comment = f"# at the angles of {', '.join(origins)}"
        if entry.body:
            entry.head = comment
        else:
            entry.tail = comment
    return entry


def _calibration(calibrate: Calibration) -> Piece:
    one = Group("one(", (calibrate.one, "peak=preferred"), ")")
    zero = Group("zero(", (calibrate.zero, f"quantile={number(calibrate.quantile)}"), ")")
    return Chain(one, ((" and ", zero),))


def _connection(connection: Connection, circuit: Circuit, of_uses: dict[str, Dial]) -> Entry:
    source = connection.source
    if source == INPUT:
        source = f"{circuit.backbone.name}.{INPUT}"
    usual = f"{connection.source}->{connection.target}"
    alias = "" if connection.name == usual else f"as {connection.name}"
    motif: Piece = ""
    if connection.motif is not None:
        name = connection.motif.name
        formals = next((m.formals for m in circuit.motifs if m.name == name), ())
        first = formals[0].name if formals else None
        bindings = tuple(
            (key, Number(of_uses[value.name].default, value.unit))
            if isinstance(value, DialValue) and value.name in of_uses
            else (key, value)
            for key, value in connection.motif.bindings
        )
        motif_use = replace(connection.motif, bindings=bindings)
        motif = Joined(("= ", spelling.motif_call(motif_use, first)))
    pieces = [f"connect {source}", f"-> {connection.target}", alias, motif]
    entry = _entry("connect", pieces, _wiring(connection.wiring))
    if not entry.body and connection.motif is None:
        entry.cells = fitted([*pieces, "{ }"])
    return entry


def _wiring(wiring: Wiring) -> list[tuple[str, Piece]]:
    attributes: list[tuple[str, Piece]] = []
    if wiring.over is not None:
        attributes.append(("over", spelling.names(wiring.over)))
    if wiring.colour is not None:
        attributes.append(("colour", spelling.colour(wiring.colour)))
    if wiring.place is not None:
        attributes.append(("place", spelling.template(wiring.place)))
    for tune in wiring.tunes:
        attributes.append((f"tune.{tune.axis}", spelling.tune(tune)))
    if wiring.dc is not None:
        attributes.append(("dc", scalar(wiring.dc)))
    if wiring.norm is not None:
        attributes.append(("norm", spelling.norm(wiring.norm)))
    if wiring.gain is not None:
        attributes.append(("gain", scalar(wiring.gain)))
    return attributes


def _normalisation(each: Normalisation) -> Entry:
    attributes: list[tuple[str, Piece]] = [
        ("window", f"{each.window}tap"),
        ("floor", scalar(each.floor)),
    ]
    if each.pool != (each.family,):
        attributes.append(("pool", spelling.names(each.pool)))
    return _entry("normalise", [f"normalise {each.family}"], attributes)
