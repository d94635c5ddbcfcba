"""Units that a circuit takes from a trained network: families with `units`.

In: a circuit, a network or its activations, images. Out: the activations of those families, after
ReLU, as the circuit's own connections read them. Activations alone are read, never weights.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError, suggestion

Given = Network | Mapping[str, ArrayLike]
"""A network of the circuit's architecture, or activations by family."""


def check_given(circuit: Circuit, given: Given | None) -> None:
    """Refuse a network of another architecture, or activations of no given family.

    Raises:
        InputError: saying which.
    """
    by_name = {family.name: family for family in circuit.families if family.units is not None}
    if isinstance(given, Network):
        own = circuit.backbone.geometry.name
        if by_name and given.backbone.name != own:
            raise InputError(
                f"the circuit takes units of {own}; the network is a {given.backbone.name}",
                help=f"give a network of the architecture {own}",
            )
        for family in by_name.values():
            check_run(f"`{family.name}` is {_listed(family)}", family.network, given.name)
        return
    for name in given or {}:
        if name not in by_name:
            names = ", ".join(by_name) or "none"
            raise InputError(
                f"`{name}` is no family of trained units",
                help=suggestion(name, by_name) or f"such families of this circuit: {names}",
            )


def at_home(circuit: Circuit, network: Network) -> bool:
    """Whether the units that a circuit reads, if any, are those of a network."""
    try:
        check_given(circuit, network)
    except InputError:
        return False
    return True


def check_run(numbers: str, run: str, model: str) -> None:
    """Refuse numbers of one training run in another: they mean other units there.

    Args:
        numbers: What names units by number, as the start of a sentence.
        run: The run that is meant; "" where the text names none.
        model: The network that was opened.

    Raises:
        InputError: it is another one.
    """
    if run and run != model:
        raise InputError(
            f"{numbers} of {run}; this is {model}",
            why="the same numbers are other units in another training run",
            help=f"open {run}, or find the units: `found(LAYER, like=FAMILY, n=N)` in a script",
        )


def given_activations(
    circuit: Circuit, given: Given | None, images: Array, needed: Collection[str]
) -> dict[str, Array]:
    """The activations of the needed families that are given.

    Args:
        circuit: The circuit.
        given: What `check_given` has passed.
        images: RGB, 0..255, `[batch, height, width, 3]`.
        needed: Names of families.

    Returns:
        Activations by family, `[batch, height, width, members]`.

    Raises:
        InputError: a family is needed of which nothing is given, or that has another shape.
    """
    families = [f for f in circuit.families if f.units is not None and f.name in needed]
    if not families:
        return {}
    if isinstance(given, Network):
        layers = given.activations(images, list(dict.fromkeys(f.layer for f in families)))
        return {f.name: layers[f.layer][..., np.asarray(f.units)] for f in families}
    for family in families:
        if given is None or family.name not in given:
            raise InputError(
                f"`{family.name}` consists of units of a trained network, {_listed(family)}",
                help=f"build the circuit with given=NETWORK, or given={{{family.name!r}: ...}} "
                "with their activations",
            )
    return {f.name: _fitting(circuit, f, given, images) for f in families}


def _fitting(
    circuit: Circuit, family: Family, given: Mapping[str, ArrayLike] | None, images: Array
) -> Array:
    """One family's activations, of the shape that the images ask for."""
    activations = jnp.asarray((given or {})[family.name], jnp.float32)
    geometry = circuit.backbone.geometry
    grid = [geometry.sampling(family.layer, side).size for side in images.shape[1:3]]
    expected = (images.shape[0], *grid, family.size)
    if activations.shape != expected:
        raise InputError(
            f"activations of `{family.name}` must have shape {expected}; got {activations.shape}",
            help="one map for each image, on the grid of the layer, members last",
        )
    return activations


def _listed(family: Family) -> str:
    units = [f"{family.layer}:{unit}" for unit in family.units or ()]
    return ", ".join(units) if len(units) <= 4 else f"{', '.join(units[:3])} and others"
