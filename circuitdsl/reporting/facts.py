"""What a circuit file leaves unsaid: geometry, orders, packing, routes and residuals, as text.

In: a circuit. Out: plain tables. Nothing is run; kernels are those of the reference interpreter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from circuitdsl.checking.load import load
from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family
from circuitdsl.ir.members.packing import overfull, pack
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.measure.equivariance import describe_residuals, residuals
from circuitdsl.models.written.inside import departures
from circuitdsl.syntax.read import read_source
from circuitdsl.syntax.size import size_of
from circuitdsl.text.diagnostics import CODES
from circuitdsl.text.pages import explain as page_text


def explain(what: Path | str | Circuit | None = None) -> str:
    """A diagnostic's page, with examples, or what was inferred about a circuit.

    Args:
        what: A code, like `E201`, a circuit, or its file, whose name ends in `.circ`; without one,
            all codes are listed.

    Raises:
        DiagnosticError: the file has errors.
        InputError: there is no such code, or the file can't be read.
    """
    if what is None:
        return "".join(f"{code}  {title}\n" for code, title in sorted(CODES.items()))
    if isinstance(what, Circuit):
        return describe_circuit(what)
    if not str(what).endswith(".circ"):
        return f"{page_text(str(what))}\n"
    circuit = load(what)
    return f"{size_of(read_source(Path(what)))}\n{describe_circuit(circuit)}"


def describe_circuit(circuit: Circuit) -> str:
    """Everything that was inferred about a circuit."""
    title = circuit.doc.splitlines()[0] if circuit.doc else "a circuit without a name"
    use = circuit.backbone
    sections = [
        f"{title}\non {use.architecture}, input {use.input_px}px",
        _section("families", _families(circuit)),
        _section("connections", _connections(circuit)),
        _section("equivariance residuals", describe_residuals(circuit, residuals(circuit))),
        _section(f"packing inside a blank {use.architecture}", _packing(circuit)),
    ]
    return "\n\n".join(sections) + "\n"


def receptive_field(circuit: Circuit, family: Family) -> int:
    """Side of the square of pixels that can reach a neuron, by this circuit's own connections.

    A layer's kernel of k taps adds `(k - 1) stride`, and so does the window of `normalise`.
    """
    whole: dict[str, int] = {INPUT: 1}
    sampling = circuit.backbone.geometry.sampling
    windows = {each.family: each for each in circuit.normalisations}
    for layer in dict.fromkeys(each.layer for each in circuit.layers_in_order):
        here = [each for each in circuit.families if each.layer == layer]
        before = {each.name: _field(circuit, each, whole) for each in here}
        for each in here:
            whole[each.name] = before[each.name]
            if each.name in windows:
                # families of one layer count before they are normalised themselves
                over = [before.get(o, whole.get(o, 0)) for o in windows[each.name].pool]
                step = sampling(layer, circuit.backbone.input_px).stride
                grown = (windows[each.name].window - 1) * step
                whole[each.name] = max(before[each.name], *over) + grown
    return whole[family.name]


def _field(circuit: Circuit, family: Family, known: dict[str, int]) -> int:
    """The field of a family before it is normalised."""
    use = circuit.backbone
    backbone = use.geometry
    if family.units is not None:
        return backbone.sampling(family.layer, use.input_px).receptive_field
    layer = backbone.by_name[family.layer]
    tap = backbone.sampling(layer.inputs[0], use.input_px).stride
    fields = [1]
    for connection in circuit.into(family.name):
        source = connection.source
        field = known[source] + (layer.kernel - 1) * tap
        if source != INPUT:
            for step in backbone.between(circuit.by_name[source].layer, layer.name):
                field += (step.kernel - 1) * backbone.sampling(step.inputs[0], use.input_px).stride
        fields.append(field)
    return max(fields)


def _families(circuit: Circuit) -> str:
    rows = [("family", "layer", "members", "stride", "offset", "receptive field", "positions")]
    for family in circuit.families:
        at = circuit.backbone.geometry.sampling(family.layer, circuit.backbone.input_px)
        rows.append(
            (
                family.name,
                family.layer,
                _orders(family),
                f"{at.stride}px",
                f"{at.offset:g}px{_aside(circuit, family)}",
                f"{receptive_field(circuit, family)}px",
                f"{at.size}x{at.size}",
            )
        )
    return table(rows)


def _aside(circuit: Circuit, family: Family) -> str:
    """Where a family looks, if that is not the middle of its windows."""
    right, up = circuit.centre_px(family.name)
    return f" {right:+.3g}px right, {up:+.3g}px up" if family.centre is not None else ""


def _orders(family: Family) -> str:
    axes = ", ".join(f"{axis.name}: {axis.kind} {axis.count}" for axis in family.axes)
    return f"{family.size} ({axes})" if axes else str(family.size)


def _connections(circuit: Circuit) -> str:
    rows: list[tuple[str, ...]] = [
        ("connection", "from", "to", "orders", "taps", "in between", "motif")
    ]
    expanded = {each.name: each for each in expand_motifs(circuit).connections}
    for connection in circuit.connections:
        rows.append(_connection(circuit, connection, expanded[connection.name]))
    return table(rows)


def _connection(circuit: Circuit, connection: Connection, whole: Connection) -> tuple[str, ...]:
    backbone = circuit.backbone.geometry
    target = circuit.by_name[connection.target]
    layer = backbone.by_name[target.layer]
    tap = backbone.sampling(layer.inputs[0], circuit.backbone.input_px).stride
    source = None if connection.source == INPUT else circuit.by_name[connection.source]
    steps = () if source is None else backbone.between(source.layer, target.layer)
    if circuit.backbone.normalisation != "lrn":
        steps = tuple(step for step in steps if step.kind != "lrn")
    before = 3 if source is None else source.size
    over = f" over {', '.join(whole.wiring.over)}" if whole.wiring.over else ""
    return (
        connection.name,
        connection.source,
        connection.target,
        f"{before} -> {target.size}{over}",
        f"{layer.kernel}x{layer.kernel} of {tap}px",
        ", ".join(step.name for step in steps),
        "" if connection.motif is None else connection.motif.name,
    )


def _packing(circuit: Circuit) -> str:
    packing = pack(circuit)
    backbone = circuit.backbone.geometry
    rows = [("family", "channels", "of")]
    for name, place in packing.places.items():
        rows.append((name, str(place), str(backbone.by_name[place.layer].width)))
    parts = [table(rows)]
    if packing.routes:
        routes = [("route of", "from", "through", "of")]
        for route in packing.routes:
            width = str(backbone.by_name[route.passes.layer].width)
            routes.append((route.source, str(route.reads), str(route.passes), width))
        parts.append(table(routes))
    sentences = [*overfull(circuit, packing), *departures(circuit)]
    trained = [family.name for family in circuit.families if family.units is not None]
    if trained:
        sentences.append(f"{', '.join(trained)} are units of a trained network, not of a blank one")
    parts += [f"note: {sentence}" for sentence in sentences]
    return "\n".join(parts)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows under a heading, in columns; empty columns are left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _section(title: str, text: str) -> str:
    return f"{title}\n" + "\n".join(f"  {line}" for line in text.rstrip().split("\n"))
