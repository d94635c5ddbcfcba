"""Where a circuit's channels lie inside its backbone.

In: a circuit. Out: a `Packing`: for each family its channels in its layer, in order of declaration
from 0 on, and for each 1x1 bottleneck the routes through it. A bottleneck passes a family on by
the identity, which is legal because families are never negative: `relu(relu(x)) = relu(x)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuitdsl.ir.backbones import Backbone
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
        start = used.get(layer, 0)
        used[layer] = start + count
        return Place(layer, start, count)

    for family in circuit.families:
        if family.units is None:
            places[family.name] = take(family.layer, family.size)
    routes: dict[tuple[str, str], Route] = {}
    for family in circuit.families:
        for connection in circuit.connections:
            source = connection.source
            bottleneck = backbone.by_name[circuit.by_name[connection.target].layer].inputs[0]
            passed = bottleneck.endswith("_bottleneck") and source != INPUT
            if source != family.name or not passed or family.layer == bottleneck:
                continue
            if source in places and (source, bottleneck) not in routes:
                before = backbone.by_name[bottleneck].inputs[0]
                reads = _joined(backbone, places[source], before)
                routes[source, bottleneck] = Route(source, reads, take(bottleneck, family.size))
    return Packing(places, tuple(routes.values()))


def arriving(circuit: Circuit, packing: Packing, source: str, target: str) -> Place:
    """The channels by which one family reaches another, in what the other's layer reads."""
    backbone = circuit.backbone.geometry
    read = backbone.by_name[circuit.by_name[target].layer].inputs[0]
    route = packing.route(source, read)
    return _joined(backbone, packing.places[source], read) if route is None else route.passes


def overfull(circuit: Circuit, packing: Packing) -> tuple[str, ...]:
    """What does not fit, a sentence for each layer and bottleneck that is too narrow."""
    backbone = circuit.backbone.geometry
    taken: dict[str, int] = {}
    for place in (*packing.places.values(), *(route.passes for route in packing.routes)):
        taken[place.layer] = max(taken.get(place.layer, 0), place.start + place.count)
    said: list[str] = []
    for name, count in taken.items():
        width = backbone.by_name[name].width
        if count <= width:
            continue
        if any(route.passes.layer == name for route in packing.routes):
            said.append(f"{count} channels must pass {name}, which is {width} wide")
        else:
            said.append(f"{name} holds {width} channels; families there need {count}")
    return tuple(said)


def fitted(circuit: Circuit) -> Packing:
    """Pack a circuit into the widths of its backbone.

    Raises:
        InputError: it does not fit, naming each layer and bottleneck with its width, or it reads
            units of a trained network, which a blank one has not.
    """
    given = [family.name for family in circuit.families if family.units is not None]
    if given:
        raise InputError(
            f"`{given[0]}` stands for units of a trained network",
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


def _joined(backbone: Backbone, place: Place, layer: str) -> Place:
    """The same channels in a layer that reads the place's, through pools and concatenations."""
    at, start = backbone.by_name[layer], place.start
    while at.name != place.layer:
        if at.kind == "concat":
            for branch in backbone.branch_layers(at.name):
                if branch.name == place.layer:
                    return Place(layer, start, place.count)
                start += branch.width
            raise ValueError(f"{at.name} does not join {place.layer}")
        at = backbone.by_name[at.inputs[0]]
    return Place(layer, start, place.count)
