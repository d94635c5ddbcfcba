"""Units and edges of a trained network, by name.

In: a backbone and names such as `3b:379`, `mixed3b[300..330, 379]` or `mixed3b_5x5`. Out: `Units`,
each a channel of one convolution or sum, and `Edges`, every pair of a source and a target unit,
together with the way that the weights between them go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.circuit import Family
from circuitdsl.ir.edits.no_effect import named
from circuitdsl.text.diagnostics import InputError, suggestion

_NAMED = re.compile(r"(?P<layer>\w+)(?::(?P<one>[\d.]+)|\[(?P<many>[\d., ]*)\])?")


@dataclass(frozen=True)
class Units:
    """Some units of a network, in the order in which they were named.

    Attributes:
        backbone: Whose units they are.
        places: The convolution or sum that computes each unit, and its channel there.
        angles_deg: The angle that each unit prefers, where that is known.
    """

    backbone: Backbone
    places: tuple[tuple[str, int], ...]
    angles_deg: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        """How many they are, whose, and the first of them."""
        first = named(self.places, lambda place: self.backbone.unit_name(*place))
        return f"<{len(self)} units of {self.backbone.name}: {first}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Each unit as messages and tables have it: `mixed3b:379`, with its block's number."""
        return tuple(self.backbone.unit_name(*place) for place in self.places)

    @property
    def branches(self) -> tuple[str, ...]:
        """The convolutions that compute the units, in order of computation."""
        place = self.backbone.order
        return tuple(sorted({branch for branch, _ in self.places}, key=place.__getitem__))

    def channels(self, branch: str) -> tuple[int, ...]:
        """The channels of the units that a convolution computes."""
        return tuple(channel for name, channel in self.places if name == branch)

    def positions(self, branch: str) -> tuple[int, ...]:
        """Which of the units those of `channels` are."""
        return tuple(i for i, (name, _) in enumerate(self.places) if name == branch)

    def expect(self, count: int) -> Units:
        """The units themselves, if there are as many as expected.

        Raises:
            InputError: there are more or fewer.
        """
        if len(self) != count:
            raise InputError(
                f"{count} units were expected, and {len(self)} were selected",
                why=f"they are {_listed(self.names)}",
            )
        return self

    def at_angles(self, angles_deg: Sequence[float]) -> Units:
        """The same units, with the angles that they prefer.

        Raises:
            InputError: there is not one angle for each unit.
        """
        if len(angles_deg) != len(self):
            raise InputError(f"{len(angles_deg)} angles were given for {len(self)} units")
        return replace(self, angles_deg=tuple(float(angle) for angle in angles_deg))


@dataclass(frozen=True)
class Route:
    """How the weights into a convolution go.

    Attributes:
        target: The convolution.
        read: The layer whose values they are multiplied with.
        through: The 1x1 bottleneck on the way; None where the convolution reads `read` itself.
    """

    target: str
    read: str
    through: str | None


@dataclass(frozen=True)
class Edges:
    """Every edge from some units to others.

    Attributes:
        source: The units read.
        target: The units that read them.
        routes: The route to each convolution of the target units, in order of computation.
        columns: For each route, the channel of each source unit in the layer that is read.
    """

    source: Units
    target: Units
    routes: tuple[Route, ...]
    columns: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.source) * len(self.target)

    def __repr__(self) -> str:
        """How many they are, and the first units at both ends."""
        return f"<{len(self)} edges from {self.source!r} to {self.target!r}>"

    def expect(self, count: int) -> Edges:
        """The edges themselves, if there are as many pairs of units as expected.

        Raises:
            InputError: there are more or fewer.
        """
        if len(self) != count:
            raise InputError(f"{count} edges were expected, and {len(self)} were selected")
        return self


def select(backbone: Backbone, names: str | Sequence[str]) -> Units:
    """Units by name.

    Args:
        backbone: The network's layers.
        names: `LAYER`, `LAYER:N`, or `LAYER[N, A..B]`, whose ends both count, or several of these.
            A layer is a convolution, a sum or a block; short names count. Numbers count the
            channels of the layer named.

    Raises:
        InputError: no such layer or unit, a unit named twice, or nothing selected.
    """
    places: list[tuple[str, int]] = []
    for name in [names] if isinstance(names, str) else names:
        found = _NAMED.fullmatch(name.strip())
        if found is None:
            block = backbone.example_block
            raise InputError(
                f"`{name}` names no units",
                help=f"write `{block}:3`, `{block}[0..2, 3]` or the name of a layer",
            )
        text = found["one"] if found["one"] is not None else found["many"]
        numbers = _numbers(text, name, layer_named(backbone, found["layer"]))
        places += places_of(backbone, found["layer"], numbers)
    if not places:
        raise InputError(f"{names!r} selects no unit")
    seen: set[tuple[str, int]] = set()
    for place in places:
        if place in seen:
            raise InputError(f"{backbone.unit_name(*place)} is selected twice")
        seen.add(place)
    return Units(backbone, tuple(places))


def places_of(
    backbone: Backbone, layer_name: str, numbers: Sequence[int] | None
) -> list[tuple[str, int]]:
    """Where units of a layer are computed: a convolution, and a channel of it.

    Args:
        backbone: The network's layers.
        layer_name: A convolution or a block.
        numbers: Channels of that layer; None for all.

    Raises:
        InputError: no such layer or unit.
    """
    layer = layer_named(backbone, layer_name)
    chosen = range(layer.width) if numbers is None else numbers
    for number in chosen:
        if not 0 <= number < layer.width:
            raise _beyond(layer, number, layer_name)
    return [backbone.branch_of(layer.name, number) for number in chosen]


def select_family(backbone: Backbone, family: Family) -> Units:
    """The units of a family that was found in a network, with the angles that they prefer.

    Raises:
        InputError: the family names no trained units, or units that the network lacks.
    """
    if family.units is None:
        raise InputError(
            f"`{family.name}` consists of hand-written units, not of trained ones",
            help="a family found in a network has `units = [...]`",
        )
    units = Units(backbone, tuple(places_of(backbone, family.layer, family.units)))
    return units.at_angles(family.rotation.angles_deg) if family.rotation is not None else units


def edges(source: Units, target: Units) -> Edges:
    """All edges from some units to others.

    Raises:
        InputError: no weights go from one to the other: the edge points backwards, or another
            layer lies between.
    """
    routes: list[Route] = []
    columns: list[tuple[int, ...]] = []
    for branch in target.branches:
        route = _route(source, branch)
        routes.append(route)
        columns.append(tuple(_column(source.backbone, place, route) for place in source.places))
    return Edges(source, target, tuple(routes), tuple(columns))


def layer_named(backbone: Backbone, name: str) -> Layer:
    """The layer or block of that name, or of that short name, whose units can be selected.

    Raises:
        InputError: there is none, with the nearest name as a suggestion.
    """
    layer = backbone.by_name.get(backbone.called(name))
    if layer is None:
        known = [*backbone.by_name, *(short for short, _ in backbone.short_names)]
        raise InputError(
            f"{backbone.name} has no layer `{name}`",
            help=suggestion(name, known) or f"its layers are {', '.join(backbone.by_name)}",
        )
    if not layer.has_units and layer.kind != "concat":
        raise InputError(
            f"`{name}` has no units of its own",
            why=f"it is a step of kind {layer.kind}, which computes what other units say",
            help=f"name a convolution, or a block such as {backbone.example_block}",
        )
    return layer


def _beyond(layer: Layer, number: int | str, called: str) -> InputError:
    return InputError(
        f"{called}:{number} is out of range; {layer.name} has {layer.width} units",
        help=f"its units are {layer.name}:0 to {layer.name}:{layer.width - 1}",
    )


def _numbers(text: str | None, name: str, layer: Layer) -> list[int] | None:
    if text is None:
        return None
    numbers: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, dots, last = part.partition("..")
        if not first.isdigit() or (dots and not last.isdigit()):
            raise InputError(f"`{part}` in `{name}` is no unit's number, and no range")
        end = last if dots else first
        if len(end) > 9 or int(end) >= layer.width:  # before a range of any length is made
            raise _beyond(layer, end, layer.name)
        numbers += range(int(first), int(end) + 1)
    return numbers


def _route(source: Units, branch: str) -> Route:
    backbone = source.backbone
    if backbone.by_name[branch].kind != "conv":
        raise InputError(
            f"no weights lead into {branch}: it adds up other layers",
            help=f"name one of them: {', '.join(backbone.by_name[branch].inputs)}",
        )
    first = backbone.by_name[backbone.by_name[branch].inputs[0]]
    direct = {name for name, _ in source.places} == {first.name}
    if first.bottleneck and not direct:
        return Route(branch, first.inputs[0], first.name)
    return Route(branch, first.name, None)


def _column(backbone: Backbone, place: tuple[str, int], route: Route) -> int:
    for layer, start in backbone.carriers(route.read):
        if layer.name == place[0]:
            return start + place[1]
    shown = backbone.unit_name(*place)
    beside = backbone.block_of(place[0])[0] == backbone.block_of(route.target)[0]
    if beside or backbone.order[place[0]] > backbone.order[route.target]:
        raise InputError(
            f"there is no edge from {shown} to {route.target}",
            why=f"{route.target} is computed {'beside' if beside else 'before'} {place[0]}",
            help=f"edges point forward: choose units that {route.target} reads",
        )
    between = backbone.block_of(backbone.carriers(route.read)[0][0].name)[0]
    raise InputError(
        f"there is no edge from {shown} to {route.target}",
        why=f"{route.target} reads only {between}",
        help=f"edit the edges from {between} to {route.target}, or those into {between}",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown}, and {len(names) - 8} more"
