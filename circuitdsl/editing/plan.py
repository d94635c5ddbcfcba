"""Steps to arrays: what a list of steps amounts to, convolution by convolution.

In: a network's weights and steps, in order. Out: `Plan`: for each convolution whose units are
edited an affine map of its channels and the maps that flow in from elsewhere, for each whose edges
are edited a difference of expanded weights; and `Notice` values about steps that come to nothing.

Steps on one convolution compose into one change, however many they are: `h' = h * gain + offset +
inflow @ placing`, and `pre' = pre + (W_now - W_first) * read`. So an edit costs next to nothing at
run time, and edits of one kind share a compiled program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.select import Edges, Route, Units
from circuitdsl.editing.verbs import (
    Ablate,
    Affine,
    Patch,
    ReplaceEdges,
    ScaleEdges,
    Splice,
    StandIns,
    Step,
    apart_deg,
    mask,
    units_of,
)
from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.edits.no_effect import Notice, without_effect
from circuitdsl.ir.edits.steps import EdgeStep
from circuitdsl.ir.named_families import named_family
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]
Inflow = Patch[Units, NDArray[np.float32]] | Splice[Units, StandIns]
"""Steps whose maps flow into a convolution."""


class UnitChange(NamedTuple):
    """What happens to a convolution's activations.

    Attributes:
        gain: Factor of each channel, `[channel]`.
        offset: Added to each channel, `[channel]`.
        placing: How much of each inflowing map goes into each channel, `[map, channel]`.
    """

    gain: ArrayLike
    offset: ArrayLike
    placing: ArrayLike


class EdgeChange(NamedTuple):
    """What happens to a convolution before its ReLU.

    Attributes:
        kernel: Difference of expanded weights, `[height, width, source, target]`.
        columns: Channel of each source in the layer that is read, `[source]`.
        placing: Which channel each target is, `[target, channel]`, ones and zeros.
    """

    kernel: ArrayLike
    columns: ArrayLike
    placing: ArrayLike


@dataclass(frozen=True, eq=False)
class Plan:
    """What some steps amount to.

    Attributes:
        units: The change of each convolution whose units are edited.
        edges: The change of each convolution whose edges are edited, and what it reads.
        inflows: For each convolution, the steps whose maps flow in, in order of their rows.
        notices: Steps without an effect, and steps that overwrite others.
    """

    units: Mapping[str, UnitChange]
    edges: Mapping[str, tuple[str, EdgeChange]]
    inflows: Mapping[str, tuple[Inflow, ...]]
    notices: tuple[Notice, ...]

    def __repr__(self) -> str:
        """The convolutions whose units and edges are changed, without the arrays."""
        units, edges = (", ".join(names) or "none" for names in (self.units, self.edges))
        return f"<plan: units of {units}; edges into {edges}; {len(self.notices)} notices>"


def plan(backbone: Backbone, params: Mapping[str, ArrayLike], steps: Sequence[Step]) -> Plan:
    """What steps amount to on a network of some weights.

    Raises:
        InputError: a step that does not fit the network.
    """
    planning = _Planning(backbone, params)
    for index, step in enumerate(steps):
        own = units_of(step)[0].backbone
        if own != backbone:
            raise InputError(f"step {index + 1} edits units of {own.name}, not {backbone.name}")
        planning.index = index
        planning.take(step)
    planning.notices += without_effect(
        steps, lambda units: units.places, lambda place: backbone.unit_name(*place)
    )
    return planning.result()


@dataclass
class _Channels:
    """A convolution's change so far."""

    gain: Floats
    offset: Floats
    placing: list[Floats] = field(default_factory=list[Floats])
    inflows: list[Inflow] = field(default_factory=list["Inflow"])

    def change(self) -> UnitChange:
        placing = np.stack(self.placing) if self.placing else np.zeros((0, len(self.gain)))
        parts = (self.gain, self.offset, placing)
        return UnitChange(*(part.astype(np.float32) for part in parts))


@dataclass
class _Weights:
    """The expanded weights into a convolution, `[height, width, read channel, channel]`."""

    first: Floats
    now: Floats


class _Planning:
    """Takes steps one by one."""

    def __init__(self, backbone: Backbone, params: Mapping[str, ArrayLike]) -> None:
        self.backbone = backbone
        self.params = params
        self.channels: dict[str, _Channels] = {}
        self.weights: dict[tuple[str, str], _Weights] = {}
        self.notices: list[Notice] = []
        self.index = 0

    def take(self, step: Step) -> None:
        match step:
            case Affine():
                self.affine(step)
            case Ablate():
                self.ablate(step)
            case Splice():
                self.splice(step)
            case Patch():
                self.patch(step)
            case ScaleEdges():
                self.change_edges(step.edges, step)
            case ReplaceEdges():
                self.change_edges(step.edges, step)

    def of(self, branch: str) -> _Channels:
        width = self.backbone.by_name[branch].width
        return self.channels.setdefault(branch, _Channels(np.ones(width), np.zeros(width)))

    # ---- units

    def affine(self, step: Affine[Units]) -> None:
        for branch, channel in step.units.places:
            state = self.of(branch)
            for row in (state.gain, state.offset, *state.placing):
                row[channel] *= step.gain
            state.offset[channel] += step.offset

    def ablate(self, step: Ablate[Units, tuple[float, ...]]) -> None:
        values = (0.0,) * len(step.units) if step.to is None else step.to
        if len(values) != len(step.units):
            raise InputError(f"{len(step.units)} units are ablated, to {len(values)} values")
        self.overwrite(step.units)
        for (branch, channel), value in zip(step.units.places, values, strict=True):
            self.of(branch).offset[channel] = value

    def splice(self, step: Splice[Units, StandIns]) -> None:
        _check_splice(self.backbone, step)
        self.overwrite(step.units)
        hand = step.hand
        parts = zip(step.units.places, hand.members, hand.gain, hand.offset, strict=True)
        rows: dict[str, dict[int, Floats]] = {}
        for (branch, channel), member, gain, offset in parts:
            state = self.of(branch)
            state.offset[channel] = offset
            own = rows.setdefault(branch, {})
            own.setdefault(member, np.zeros(len(state.gain)))[channel] = gain
        size = hand.network.circuit.by_name[hand.family].size
        for branch, own in rows.items():
            state = self.of(branch)
            empty = np.zeros(len(state.gain))
            state.placing += [own.get(member, empty.copy()) for member in range(size)]
            state.inflows.append(step)

    def patch(self, step: Patch[Units, NDArray[np.float32]]) -> None:
        if step.maps.ndim != 4 or not len(step.maps) or step.maps.shape[3] != len(step.units):
            raise InputError(
                f"maps of {list(step.maps.shape)} cannot be put into {len(step.units)} units",
                why="they are [image, height, width, unit], of one image or more",
            )
        self.overwrite(step.units)
        for branch in step.units.branches:
            state = self.of(branch)
            for place in step.units.places:
                row = np.zeros(len(state.gain))
                if place[0] == branch:
                    row[place[1]] = 1.0
                state.placing.append(row)
            state.inflows.append(step)

    def overwrite(self, units: Units) -> None:
        """Forget what units say, and what earlier steps did to them."""
        for branch, channel in units.places:
            state = self.of(branch)
            for row in (state.gain, state.offset, *state.placing):
                row[channel] = 0.0

    # ---- edges

    def change_edges(self, edges: Edges, step: EdgeStep[Edges]) -> None:
        if isinstance(step, ReplaceEdges) and len(edges.routes) != 1:
            raise InputError("edges are replaced in one convolution at a time")
        apart = apart_deg(edges.source, edges.target)
        changed = False
        for route, columns in zip(edges.routes, edges.columns, strict=True):
            state = self.expanded(route)
            chosen = np.ix_(
                *(range(side) for side in state.now.shape[:2]),
                columns,
                edges.target.channels(route.target),
            )
            old = state.now[chosen]
            targets = edges.target.positions(route.target)
            away = None if apart is None else apart[:, targets]
            chosen_ones = np.ones(old.shape, bool)
            for condition in step.where:
                chosen_ones &= mask(condition, old, away)
            new = np.where(chosen_ones, _new_weights(step, old), old)
            changed |= not np.array_equal(new, old)
            state.now[chosen] = new
        if not changed:
            message = "no weight changes: none meets the conditions, or they are so already"
            self.notices.append(Notice(self.index, message))

    def expanded(self, route: Route) -> _Weights:
        key = (route.target, route.read)
        if key not in self.weights:
            first = expanded_weights(self.backbone, self.params, route)
            self.weights[key] = _Weights(first, first.copy())
        return self.weights[key]

    def result(self) -> Plan:
        edges: dict[str, tuple[str, EdgeChange]] = {}
        for (branch, read), state in self.weights.items():
            change = _difference(state)
            if change is None:
                continue
            if branch in edges:
                raise InputError(
                    f"{branch} is edited both at {read} and at {edges[branch][0]}",
                    help="edit the edges from one of the two layers",
                )
            edges[branch] = read, change
        identity = {name for name, state in self.channels.items() if _is_identity(state)}
        live = {name: state for name, state in self.channels.items() if name not in identity}
        return Plan(
            units={name: state.change() for name, state in live.items()},
            edges=edges,
            inflows={name: tuple(state.inflows) for name, state in live.items() if state.inflows},
            notices=tuple(sorted(self.notices, key=lambda notice: notice.step)),
        )


def expanded_weights(backbone: Backbone, params: Mapping[str, ArrayLike], route: Route) -> Floats:
    """The expanded weights of a route, `[height, width, read channel, channel]`, float64.

    `W[b, a] = sum over c of W2[b, c] W1[c, a]` through a bottleneck, as if it had no ReLU. Weights
    between groups of channels that do not see each other are zero.
    """
    kernel = _ungrouped(backbone.by_name[route.target], params)
    if route.through is None:
        return kernel
    narrow = _ungrouped(backbone.by_name[route.through], params)[0, 0]
    return np.einsum("ac,hwcb->hwab", narrow, kernel, optimize=True)


def _ungrouped(layer: Layer, params: Mapping[str, ArrayLike]) -> Floats:
    kernel = np.asarray(params[layer.kernel_key], np.float64)
    if layer.groups == 1:
        return kernel
    height, width, inputs, outputs = kernel.shape
    whole = np.zeros((height, width, inputs * layer.groups, outputs))
    for read, channels in group_slices(layer, inputs):
        whole[:, :, read, channels] = kernel[..., channels]
    return whole


def group_slices(layer: Layer, inputs: int) -> list[tuple[slice, slice]]:
    """The channels that each group of a layer reads, and those that it computes."""
    own = layer.width // layer.groups
    return [
        (slice(group * inputs, (group + 1) * inputs), slice(group * own, (group + 1) * own))
        for group in range(layer.groups)
    ]


def _new_weights(step: EdgeStep[Edges], old: Floats) -> Floats:
    if isinstance(step, ScaleEdges):
        return old * step.by
    if step.weights.shape != old.shape:
        raise InputError(
            f"weights of {list(step.weights.shape)} cannot replace those of {list(old.shape)}",
            why="they are [height, width, source, target]",
        )
    return step.weights


def _difference(state: _Weights) -> EdgeChange | None:
    away = state.now - state.first
    sources = np.flatnonzero(away.any(axis=(0, 1, 3)))
    targets = np.flatnonzero(away.any(axis=(0, 1, 2)))
    if not len(sources):
        return None
    kernel = away[:, :, sources][..., targets].astype(np.float32)
    placing = np.zeros((len(targets), away.shape[3]), np.float32)
    placing[np.arange(len(targets)), targets] = 1.0
    return EdgeChange(kernel, sources.astype(np.int32), placing)


def _is_identity(state: _Channels) -> bool:
    return bool((state.gain == 1).all() and not state.offset.any() and not state.inflows)


def _check_splice(backbone: Backbone, step: Splice[Units, StandIns]) -> None:
    hand, circuit = step.hand, step.hand.network.circuit
    family = named_family(circuit, hand.family)
    lengths = {len(part) for part in (hand.members, hand.gain, hand.offset)}
    if lengths != {len(step.units)}:
        raise InputError("a splice needs a member, a gain and an offset for each trained unit")
    if not all(0 <= member < family.size for member in hand.members):
        raise InputError(f"`{hand.family}` has {family.size} members; a splice names another")
    here = circuit.backbone.geometry.sampling(family.layer, backbone.input_px)
    for branch in step.units.branches:
        there = backbone.sampling(branch)
        if (here.stride, here.offset) != (there.stride, there.offset):
            raise InputError(
                f"`{hand.family}` cannot be spliced into {branch}",
                why=f"{family.layer} samples the image every {here.stride} px, and {branch} "
                f"every {there.stride} px",
            )
