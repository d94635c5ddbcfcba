"""Edited networks.

In: a trained network and steps. Out: `EditedNetwork`, which is used like the network it came from;
that one is never changed.

What a forward pass computes is a pure function of the weights, the changes (`plan.py`) and the
maps that flow in; `evaluate_edited` is that function, for gradients and for `vmap` over edits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.compiling import compiled
from circuitdsl.editing.plan import EdgeChange, Inflow, Plan, UnitChange, plan
from circuitdsl.editing.verbs import Patch, Splice, Step, step_line
from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.edits.no_effect import Notice
from circuitdsl.models.convolution import convolve
from circuitdsl.models.forward import PRE_RELU, Change, check_names, evaluate
from circuitdsl.models.network import Network
from circuitdsl.models.preprocess import restored
from circuitdsl.text.diagnostics import InputError, listed

_MIX = 2_654_435_761
"""Knuth's multiplicative hash: the golden ratio of 2^32 (The Art of Computer Programming, 6.4)."""


class EditedNetwork(Network):
    """A network some of whose units or edges are changed.

    It holds no weights of its own: they are those of the network it came from.

    Attributes:
        network: The network it came from, as it was.
        edit: The edit's name, or "".
        steps: What was done to it, in order.
        plan: What that amounts to.
    """

    def __init__(self, network: Network, steps: Sequence[Step], edit: str = "") -> None:
        """Apply steps to a network.

        Raises:
            InputError: a step that does not fit the network.
        """
        earlier: tuple[Step, ...] = ()
        if isinstance(network, EditedNetwork):
            network, earlier = network.network, network.steps
        self.backbone = network.backbone
        self.name, self.edit = network.name, edit
        self.network = network
        self.steps = (*earlier, *steps)
        self.plan: Plan = plan(network.backbone, network.params, self.steps)

    def __repr__(self) -> str:
        """The edit as a line for each step."""
        title = f"<edit {self.edit} of {self.network!r}".replace("  ", " ")
        return "\n".join([title, *(f"  {step_line(step)}" for step in self.steps)]) + ">"

    @property
    def params(self) -> dict[str, Array]:
        """Every weight of the network it came from, by its TensorFlow name."""
        return self.network.params

    def __getattr__(self, name: str) -> nnx.Param[Array]:
        """A parameter of the network it came from, by its TensorFlow name."""
        backbone: Backbone | None = vars(self).get("backbone")
        if backbone is None or name not in backbone.parameter_shapes:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.network, name)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What came of steps that have no effect or overwrite others."""
        return self.plan.notices

    @property
    def edited_layers(self) -> tuple[str, ...]:
        """The convolutions that are edited, in order of computation."""
        place = self.backbone.order
        return tuple(sorted({*self.plan.units, *self.plan.edges}, key=place.__getitem__))

    def resume(
        self, layer_values: Mapping[str, ArrayLike], layers: Sequence[str]
    ) -> dict[str, Array]:
        """What the named layers give when some layers' activations are given.

        As of any network; what is given is taken as it is, edited or not. Units that are spliced or
        patched by image need the layer `input` among what is given, if they are computed.

        Raises:
            InputError: an unknown layer, or one that those given don't determine.
        """
        if not self.edited_layers:
            return self.network.resume(layer_values, layers)
        listed(layers, "layers")
        check_names(self.backbone, [*layer_values, *layers])
        given = {name: jnp.asarray(value, jnp.float32) for name, value in layer_values.items()}
        changes = Changes(
            dict(self.plan.units),
            {name: change for name, (_, change) in self.plan.edges.items()},
            self._inflows(given, layers),
            tuple((name, read) for name, (read, _) in self.plan.edges.items()),
        )
        return _evaluate_edited(self.backbone, self.params, given, changes, tuple(layers))

    def common_source(self, layers: tuple[str, ...]) -> tuple[str, int] | None:
        """As of any network. Edges that are edited act on what lies before a bottleneck."""
        rows = self.backbone.by_name
        below = (rows[name].inputs[0] for name in layers if name in self.plan.edges)
        passed = tuple(name for name in below if rows[name].bottleneck)
        return self.backbone.common_source((*layers, *passed))

    def _inflows(self, given: Mapping[str, Array], layers: Sequence[str]) -> dict[str, Array]:
        """The maps that flow into each convolution, `[batch, height, width, map]`."""
        order = self.backbone.order
        last = max((order[name.removesuffix(PRE_RELU)] for name in layers), default=0)
        found: dict[str, Array] = {}
        for branch, steps in self.plan.inflows.items():
            if branch in given or order[branch] > last:
                continue
            maps = [inflow(self.backbone, step, given.get("input")) for step in steps]
            found[branch] = jnp.concatenate(maps, axis=-1)
        return found


def edit(network: Network, steps: Sequence[Step], name: str = "") -> EditedNetwork:
    """A network with steps applied, one after the other; the network itself stays as it is.

    Args:
        network: A trained network, or an edited one.
        steps: What to do, in order.
        name: What messages call the edit.

    Raises:
        InputError: a step that does not fit the network.
    """
    return EditedNetwork(network, steps, name)


def cut_before(backbone: Backbone, layers: Sequence[str]) -> tuple[str, ...]:
    """The layers whose values determine `layers` and all that comes after, nothing before them.

    Edited and intact networks have these values in common if `layers` are all that is edited.
    """
    first = min(backbone.order[name] for name in layers)
    return _crossing(backbone, first - 1)


def cut_after(backbone: Backbone, layer: str) -> tuple[str, ...]:
    """The layers up to and including `layer` that anything later reads."""
    return _crossing(backbone, backbone.order[layer])


def _crossing(backbone: Backbone, last: int) -> tuple[str, ...]:
    read: set[str] = set()
    for at, layer in enumerate(backbone.layers):
        if at <= last:
            continue
        read.update(layer.inputs)
        below = backbone.by_name[layer.inputs[0]]
        if below.bottleneck:  # edges act on what the bottleneck reads
            read.update(below.inputs)
    return tuple(name for name in backbone.by_name if name in read and backbone.order[name] <= last)


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["units", "edges", "inflows"],
    meta_fields=["reads"],
)
@dataclass(frozen=True)
class Changes:
    """The arrays of an edit, as JAX sees them.

    Attributes:
        units: By convolution.
        edges: By convolution.
        inflows: The maps that flow into convolutions, `[batch, height, width, map]`.
        reads: The convolutions with changed edges, each with the layer that it reads.
    """

    units: dict[str, UnitChange]
    edges: dict[str, EdgeChange]
    inflows: dict[str, Array]
    reads: tuple[tuple[str, str], ...] = ()


def evaluate_edited(
    backbone: Backbone,
    params: Mapping[str, Array],
    given: Mapping[str, Array],
    changes: Changes,
    wanted: tuple[str, ...],
) -> dict[str, Array]:
    """A forward pass with changes: a pure function of arrays.

    Args:
        backbone: The table of layers.
        params: Weights by TensorFlow name.
        given: Activations by layer name.
        changes: What is different.
        wanted: Layer names.

    Raises:
        InputError: an unknown name, or a layer that the given ones do not determine.
    """
    hooks: dict[str, Change] = {}
    for branch, change in changes.units.items():
        hooks[branch] = _unit_hook(branch, change, changes.inflows.get(branch))
    for branch, read in changes.reads:
        hooks[branch + PRE_RELU] = _edge_hook(backbone.by_name[branch], changes.edges[branch], read)
    return evaluate(backbone, params, given, wanted, hooks)


@compiled(static=("backbone", "wanted"))
def _evaluate_edited(
    backbone: Backbone,
    params: dict[str, Array],
    given: dict[str, Array],
    changes: Changes,
    wanted: tuple[str, ...],
) -> dict[str, Array]:
    return evaluate_edited(backbone, params, given, changes, wanted)


def _unit_hook(branch: str, change: UnitChange, maps: Array | None) -> Change:
    def changed(h: Array, values: Mapping[str, Array]) -> Array:
        del values
        edited = h * change.gain + change.offset
        if maps is None:
            return edited
        if maps.shape[1:3] != h.shape[1:3]:
            raise InputError(
                f"{branch} is {h.shape[1]}x{h.shape[2]} here, and what flows into it is "
                f"{maps.shape[1]}x{maps.shape[2]}",
                help="patch activations of images of the same size",
            )
        return edited + maps @ jnp.asarray(change.placing)

    return changed


def _edge_hook(layer: Layer, change: EdgeChange, read: str) -> Change:
    def changed(before: Array, values: Mapping[str, Array]) -> Array:
        if read not in values:
            raise InputError(
                f"edges into {layer.name} are edited, and {read}, which they read, is not given",
                help=f"give {read} too, or a layer that lies before it",
            )
        source = values[read][..., jnp.asarray(change.columns)]
        added = convolve(source, jnp.asarray(change.kernel), layer)
        return before + added @ jnp.asarray(change.placing)

    return changed


def inflow(backbone: Backbone, step: Inflow, image: Array | None) -> Array:
    """The maps of a step for some images, `[batch or 1, height, width, map]`.

    Args:
        backbone: The table of layers.
        step: A patch or a splice.
        image: The layer `input`, `[batch, height, width, 3]`.

    Raises:
        InputError: the image is needed, and not given.
    """
    if isinstance(step, Patch) and len(step.maps) == 1 and image is None:
        return jnp.asarray(step.maps)
    if image is None:
        what = "hand-written units are spliced in" if isinstance(step, Splice) else "maps are drawn"
        raise InputError(
            f"{what}, and the image is not given", help="give the layer `input` as well"
        )
    images = restored(backbone.preprocessing, image)
    if isinstance(step, Splice):
        hand = step.hand
        return hand.network.activations(images, [hand.family])[hand.family]
    return jnp.asarray(step.maps)[_drawn(images, len(step.maps))]


@partial(jax.jit, static_argnames="count")
def _drawn(images: Array, count: int) -> Array:
    """A number below `count` for each image, by its pixels alone, `[batch]`."""
    whole = jnp.round(images).astype(jnp.uint32)
    weights = jnp.arange(1, np.prod(images.shape[1:]) + 1, dtype=jnp.uint32) * jnp.uint32(_MIX)
    mixed = (whole.reshape(len(images), -1) * weights).sum(axis=1, dtype=jnp.uint32)
    return ((mixed >> 8) % jnp.uint32(count)).astype(jnp.int32)
