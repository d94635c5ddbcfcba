"""Where lowered weights come from: array, or one of its entries -> lines of the source.

In: a circuit as it was checked, motifs and all, and the name of one of its arrays. Out: `Origin`
values, the weights as a table of text, and a safetensors file that says the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jax.typing import ArrayLike
from safetensors.numpy import save

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family, Normalisation, Wiring
from circuitdsl.ir.expressions import Scalar, dials_of
from circuitdsl.ir.members.symmetry import displacement
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.forms import scalars_of
from circuitdsl.text.diagnostics import InputError, suggestion
from circuitdsl.text.files import atomic_path
from circuitdsl.text.source import NOWHERE, Span

Index = tuple[int, int, int, int]
"""Tap row, tap column, source channel, target channel."""


METADATA_KEY = "circuitdsl"
"""The one key of the file's metadata; its value is JSON."""


@dataclass(frozen=True)
class Origin:
    """One place in the text that takes part in a weight.

    Attributes:
        role: What it is to the weight: `connect`, `motif`, `motif use`, `source`, `target`,
            `place`, `tune.AXIS`, `colour`, `dc`, `norm`, `gain`, `bias`, `calibrate`, `normalise`,
            `dial`, `setting`.
        text: What stands there, in a few words; for a family the member.
        span: Where.
    """

    role: str
    text: str
    span: Span

    def __str__(self) -> str:
        return f"{self.span}: {self.role}: {self.text}"


def origins(circuit: Circuit, array: str, index: Index | None = None) -> tuple[Origin, ...]:
    """The places in the text that an array, or one entry of a kernel, comes from.

    Args:
        circuit: As it was checked; if its motifs are expanded already, their uses are unknown.
        array: `CONNECTION`, `FAMILY.gain`, `FAMILY.bias` or `FAMILY.floor`.
        index: One entry of a connection's kernel.

    Raises:
        InputError: no such array, or no such entry.
    """
    for connection in circuit.connections:
        if connection.name == array:
            return _of_connection(circuit, connection, index)
    if index is not None:
        raise InputError(f"array `{array}` is one number; it has no entries")
    family = circuit.by_name.get(array.rpartition(".")[0])
    part = array.rpartition(".")[2]
    if family is not None and part in ("gain", "bias"):
        return _of_family(circuit, family, part)
    for normalisation in circuit.normalisations:
        if array == f"{normalisation.family}.floor":
            return _of_normalisation(circuit, normalisation)
    names = [connection.name for connection in circuit.connections]
    names += [f"{f.name}.{part}" for f in circuit.families for part in ("gain", "bias")]
    raise InputError(f"the circuit has no array `{array}`", help=suggestion(array, names))


def describe_weights(circuit: Circuit, weights: Mapping[str, ArrayLike]) -> str:
    """A table of a circuit's arrays: shape, positive and negative sum, extremes, source line.

    Sums are per target member, in the mean. The same arrays give the same text.
    """
    header = ("array", "shape", "mass +", "mass -", "min", "max", "from")
    rows: list[tuple[str, ...]] = [header]
    for connection in circuit.connections:
        kernel = np.asarray(weights[connection.name], np.float64)
        members = kernel.shape[-1]
        numbers = (
            kernel.clip(min=0).sum() / members,
            kernel.clip(max=0).sum() / members,
            kernel.min(),
            kernel.max(),
        )
        shape = "x".join(map(str, kernel.shape))
        texts = (f"{number:.4g}" for number in numbers)
        rows.append((connection.name, shape, *texts, _line(connection.span)))
    scalars = [(f"{f.name}.{part}", f.span) for f in circuit.families for part in ("gain", "bias")]
    scalars += [(f"{n.family}.floor", n.span) for n in circuit.normalisations]
    for name, span in scalars:
        value = f"{float(np.asarray(weights[name])):.4g}"
        rows.append((name, "scalar", "", "", value, value, _line(span)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = (
        "  ".join(
            cell.rjust(width) if 1 < column < 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines) + "\n"


def save_lowered(
    path: Path,
    circuit: Circuit,
    weights: Mapping[str, ArrayLike],
    settings: Mapping[str, ArrayLike] | None = None,
) -> None:
    """Write lowered arrays as safetensors, whole or not at all.

    Args:
        path: The file.
        circuit: What they were lowered from.
        weights: The arrays under their names, float32.
        settings: The dials that did not stand at their defaults.

    Raises:
        OSError: the file can't be written.
    """
    arrays = {
        name: np.ascontiguousarray(np.asarray(value, np.float32))
        for name, value in sorted(weights.items())
    }
    metadata = {
        METADATA_KEY: json.dumps(_describe(circuit, arrays, settings or {}), sort_keys=True)
    }
    content = save(arrays, metadata)
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(content)


def _describe(
    circuit: Circuit, arrays: Mapping[str, ArrayLike], settings: Mapping[str, ArrayLike]
) -> dict[str, object]:
    values = circuit.defaults | {k: float(np.asarray(v)) for k, v in settings.items()}
    units = {dial.name: dial.unit for dial in circuit.dials}
    return {
        "doc": circuit.doc,
        "architecture": circuit.backbone.architecture,
        "arrays": {name: _line(origins(circuit, name)[0].span) for name in arrays},
        "families": {
            family.name: {
                "layer": family.layer,
                "members": [family.member_name(i) for i in range(family.size)],
            }
            for family in circuit.families
        },
        "dials": {name: {"value": values[name], "unit": units[name]} for name in values},
    }


def _line(span: Span) -> str:
    return f"{span.source.name}:{span.line}"


def _of_connection(
    circuit: Circuit, connection: Connection, index: Index | None
) -> tuple[Origin, ...]:
    target = circuit.by_name[connection.target]
    source = None if connection.source == INPUT else circuit.by_name[connection.source]
    tap = _tap(circuit, connection, index)
    description = f"{connection.source} -> {connection.target}"
    origins = [Origin("connect", description + (f", {tap}" if tap else ""), connection.span)]
    if connection.motif is not None:
        origins.append(Origin("motif use", connection.motif.name, connection.span))
        body = next(m for m in circuit.motifs if m.name == connection.motif.name)
        origins.append(Origin("motif", body.name, body.span))
    if source is not None:
        origins.append(Origin("source", _member(source, index and index[2]), source.span))
    else:
        channel = "" if index is None else f", {('red', 'green', 'blue')[index[2]]}"
        origins.append(Origin("source", f"the image{channel}", circuit.backbone.span))
    origins.append(Origin("target", _member(target, index and index[3]), target.span))
    expanded = next(c for c in expand_motifs(circuit).connections if c.name == connection.name)
    origins += _of_wiring(expanded.wiring)
    scalars = [*scalars_of(expanded), *(displacement(circuit, connection) or ())]
    return tuple(origins + _dials(circuit, scalars))


def _of_wiring(wiring: Wiring) -> list[Origin]:
    """The attributes of a wiring, each where it was written."""
    origins: list[Origin] = []
    if wiring.place is not None:
        origins.append(_quoted("place", wiring.place.span))
    origins += [_quoted(f"tune.{tune.axis}", tune.span) for tune in wiring.tunes]
    for role, part in (
        ("colour", wiring.colour),
        ("dc", wiring.dc),
        ("norm", wiring.norm),
        ("gain", wiring.gain),
    ):
        if part is not None:
            origins.append(_quoted(role, part.span))
    return origins


def _of_family(circuit: Circuit, family: Family, part: str) -> tuple[Origin, ...]:
    origins = [Origin("target", family.name, family.span)]
    if family.calibrate is not None:
        return (*origins, _quoted("calibrate", family.calibrate.span))
    scalar = family.gain if part == "gain" else family.bias
    if scalar is None:
        return tuple(origins)
    return (*origins, _quoted(part, scalar.span), *_dials(circuit, [scalar]))


def _of_normalisation(circuit: Circuit, normalisation: Normalisation) -> tuple[Origin, ...]:
    origin = Origin("normalise", normalisation.family, normalisation.span)
    return (origin, *_dials(circuit, [normalisation.floor]))


def _quoted(role: str, span: Span) -> Origin:
    """A place, and its own words on one line, without the attribute's name."""
    words = " ".join(span.text.split())
    return Origin(role, words.removeprefix(f"{role} = "), span)


def _dials(circuit: Circuit, scalars: list[Scalar]) -> list[Origin]:
    """The dials that some expressions read, in the order of the text, and where they are set."""
    names = frozenset[str]().union(*map(dials_of, scalars))
    origins: list[Origin] = []
    for dial in circuit.dials:
        if dial.name in names:
            origins.append(Origin("dial", dial.name, dial.span))
            if dial.set_at is not NOWHERE:
                origins.append(_quoted("setting", dial.set_at))
    return origins


def _member(family: Family, channel: int | None) -> str:
    return family.name if channel is None else family.member_name(channel)


def _tap(circuit: Circuit, connection: Connection, index: Index | None) -> str:
    """Where an entry's tap lies, in words; nothing without an index.

    Raises:
        InputError: the kernel has no such entry.
    """
    if index is None:
        return ""
    target = circuit.by_name[connection.target]
    geometry = circuit.backbone.geometry
    layer = geometry.by_name[target.layer]
    inputs = 3 if connection.source == INPUT else circuit.by_name[connection.source].size
    shape = (layer.kernel, layer.kernel, inputs, target.size)
    if not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise InputError(f"kernel `{connection.name}` of shape {shape} has no entry {index}")
    tap_px = geometry.sampling(layer.inputs[0], circuit.backbone.input_px).stride
    middle = (layer.kernel - 1) / 2
    x, y = tap_px * (index[1] - middle), tap_px * (middle - index[0])
    return f"tap ({index[0]}, {index[1]}) at ({x:g}px, {y:g}px)"
