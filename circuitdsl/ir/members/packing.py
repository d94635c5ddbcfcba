"""Where a circuit's channels lie inside its backbone.

In: a circuit. Out: a `Packing`: for each family its channels in its layer, in order of declaration
from 0 on, and for each 1x1 bottleneck the routes through it. A bottleneck passes a family on by
the identity, which is legal because families are never negative: `relu(relu(x)) = relu(x)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Place:
    """Some neighbouring channels of a layer.

    Attributes:
        layer: The layer.
        start: The first channel.
        count: How many.
    """

    layer: str
    start: int
    count: int

    @property
    def channels(self) -> slice:
        """The channels, to index arrays with."""
        return slice(self.start, self.start + self.count)

    def __str__(self) -> str:
        return f"{self.layer}:{self.start}..{self.start + self.count - 1}"


@dataclass(frozen=True)
class Route:
    """A family on its way through a bottleneck.

    Attributes:
        source: The family.
        reads: Its channels in what the bottleneck reads.
        passes: The channels of the bottleneck that carry it.
    """

    source: str
    reads: Place
    passes: Place


@dataclass(frozen=True)
class Packing:
    """Where the channels of a circuit lie.

    Attributes:
        places: The channels of each family, in its layer.
        routes: Every family that passes a bottleneck, once for each bottleneck.
    """

    places: dict[str, Place]
    routes: tuple[Route, ...]

    def route(self, source: str, bottleneck: str) -> Route | None:
        """The route of a family through a bottleneck."""
        return next(
            (r for r in self.routes if (r.source, r.passes.layer) == (source, bottleneck)), None
        )


def pack(circuit: Circuit) -> Packing:
    """Pack a circuit into its backbone, whatever the widths; see `overfull`.

    Families of a trained network's units keep to themselves: they have no place.
    """
    backbone = circuit.backbone.geometry
    used: dict[str, int] = {}
    places: dict[str, Place] = {}

    def take(layer: str, count: int) -> Place:
        channels = backbone.streams.get(layer, layer)  # sums share theirs
        start = used.get(channels, 0)
        used[channels] = start + count
        return Place(layer, start, count)

    for family in circuit.families:
        if family.units is None:
            places[family.name] = take(family.layer, family.size)
    routes: dict[tuple[str, str], Route] = {}
    for family in circuit.families:
        for connection in circuit.connections:
            source = connection.source
            bottleneck = backbone.by_name[circuit.by_name[connection.target].layer].inputs[0]
            passed = backbone.by_name[bottleneck].bottleneck and source != INPUT
            if source != family.name or not passed or family.layer == bottleneck:
                continue
            if source in places and (source, bottleneck) not in routes:
                before = backbone.by_name[bottleneck].inputs[0]
                reads = _joined(backbone, places[source], before)
                routes[source, bottleneck] = Route(source, reads, take(bottleneck, family.size))
    return Packing(places, tuple(routes.values()))


def arriving(circuit: Circuit, packing: Packing, source: str, target: str) -> Place:
    """The channels by which a family or the image reaches a family, in what its layer reads."""
    backbone = circuit.backbone.geometry
    layer_read = backbone.by_name[circuit.by_name[target].layer].inputs[0]
    if source == INPUT:
        return Place(layer_read, 0, 3)
    route = packing.route(source, layer_read)
    return _joined(backbone, packing.places[source], layer_read) if route is None else route.passes


def overfull(circuit: Circuit, packing: Packing) -> tuple[str, ...]:
    """What does not fit, a sentence for each layer, bottleneck or group that is too narrow."""
    backbone = circuit.backbone.geometry
    channels: dict[str, int] = {}
    for place in (*packing.places.values(), *(route.passes for route in packing.routes)):
        channels[place.layer] = max(channels.get(place.layer, 0), place.start + place.count)
    sentences: list[str] = []
    for name, count in channels.items():
        width = backbone.by_name[name].width
        if count <= width:
            continue
        if any(route.passes.layer == name for route in packing.routes):
            sentences.append(f"{count} channels must pass {name}, which is {width} wide")
        else:
            sentences.append(f"{name} holds {width} channels; families there need {count}")
    return tuple(sentences) or _unseen(circuit, packing)


def fitted(circuit: Circuit) -> Packing:
    """Pack a circuit into the widths of its backbone.

    Raises:
        InputError: it does not fit, naming each layer and bottleneck with its width, or it reads
            units of a trained network, which a blank one has not.
    """
    trained_families = [family.name for family in circuit.families if family.units is not None]
    if trained_families:
        raise InputError(
            f"`{trained_families[0]}` stands for units of a trained network",
            why="a blank network has none to read from",
            help="run the circuit alone, on the trained network's activations",
        )
    packing = pack(circuit)
    faults = overfull(circuit, packing)
    if faults:
        raise InputError(
            f"the circuit does not fit inside {circuit.backbone.geometry.name}: "
            + "; ".join(faults),
            help="give families fewer members, or declare some of them in another layer",
        )
    return packing


def grouped(layer: Layer, inputs: int, read: Place, place: Place) -> slice | None:
    """Where the channels `read` lie in the kernel of a layer that is split into groups.

    Args:
        layer: The layer, of which `place` holds some channels.
        inputs: The channels that each of its groups reads.
        read: Channels of what the layer reads.
        place: The channels that are computed from them.

    Returns:
        The rows of the kernel; None if some of the channels are in another group.
    """
    own = layer.width // layer.groups
    groups = {read.start // inputs, (read.start + read.count - 1) // inputs}
    groups |= {place.start // own, (place.start + place.count - 1) // own}
    start = read.start % inputs
    return slice(start, start + read.count) if len(groups) == 1 else None


def _unseen(circuit: Circuit, packing: Packing) -> tuple[str, ...]:
    """The connections between groups of channels that do not see each other, a sentence each."""
    backbone = circuit.backbone.geometry
    sentences: list[str] = []
    for connection in circuit.connections:
        target = circuit.by_name[connection.target]
        layer = backbone.by_name[target.layer]
        inputs = backbone.parameter_shapes[layer.kernel_key][2]
        if layer.groups == 1 or connection.source not in (INPUT, *packing.places):
            continue
        if target.name not in packing.places:
            continue
        channels = arriving(circuit, packing, connection.source, target.name)
        if grouped(layer, inputs, channels, packing.places[target.name]) is None:
            sentences.append(
                f"{layer.name} has {layer.groups} groups of channels, and `{target.name}` reads "
                f"`{connection.source}` from another group than its own"
            )
    return tuple(sentences)


def _joined(backbone: Backbone, place: Place, layer: str) -> Place:
    """The same channels in a layer that reads the place's, through pools and concatenations."""
    start = backbone.arrives(place.layer, layer)
    if start is None:
        raise ValueError(f"{layer} does not read {place.layer}")
    return Place(layer, start + place.start, place.count)
