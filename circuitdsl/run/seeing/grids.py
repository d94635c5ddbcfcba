"""`grid`: what units answer to a stimulus set over two of its settings at once.

In: a circuit's file with the set, two settings, a family or trained units. Out: `Grids`, the means
over all other settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.checking.load import load
from circuitdsl.editing.select import select
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.stimuli import ACTIVITY, Stimulus
from circuitdsl.measure.tunings.along_axes import responses_of
from circuitdsl.measure.tunings.of_families import responses_to
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.asked import asked
from circuitdsl.text.diagnostics import InputError, suggestion
from circuitdsl.visualizing.tuning import crossed, unit_of, varied

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """One side of a grid.

    Attributes:
        name: The setting.
        unit: `deg`, `px` or nothing.
        values: Its values.
    """

    name: str
    unit: str
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Grids:
    """Responses over two settings.

    Attributes:
        model: The network's name, or that of the circuit's file.
        weights: The digest of a trained network's weights; "" for a circuit.
        stimulus: The set's name.
        down: The setting from row to row.
        across: The setting from column to column.
        units: The units.
        responses: The mean over all other settings, `[down, across, unit]`.
    """

    model: str
    weights: str
    stimulus: str
    down: Side
    across: Side
    units: tuple[str, ...]
    responses: Floats

    def record(self) -> dict[str, Any]:
        """The grids as JSON has them."""
        return {
            "model": self.model,
            "weights": self.weights,
            "stimulus": self.stimulus,
            "down": {"setting": self.down.name, "values": list(self.down.values)},
            "across": {"setting": self.across.name, "values": list(self.across.values)},
            "units": {name: self.responses[..., at].tolist() for at, name in enumerate(self.units)},
        }


def grid(
    path: Path | str,
    stimulus: str,
    across: str | None = None,
    down: str | None = None,
    *,
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    family: str | None = None,
    weights: Path | str | None = None,
    progress: Progress = silent,
) -> Grids:
    """Show a stimulus set to a family or to units, and average over all but two settings.

    Args:
        path: The circuit's file, which declares or imports the set.
        stimulus: The set's name, such as `lab.arcs`.
        across: The setting from column to column; by default the angle, or the first that varies.
        down: The setting from row to row; by default the next one that varies.
        model: A trained network, for `units`, and for families that read such units.
        units: Units of one layer, instead of a family: `mixed3b:345`, `mixed3b[320..329]`.
        family: The circuit's family; by default the last one.
        weights: A weight file, instead of the model's own.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors, or a family cannot be calibrated.
        InputError: no such set, setting, family or unit, or fewer than two settings vary.
    """
    circuit = load(path)
    shown = _set_of(circuit, stimulus, str(path))
    sides = sides_of(shown, across, down)
    progress(f"showing {stimulus}")
    if units:
        network = opened_network(model, weights)
        chosen = select(network.backbone, units)
        blocks = {name.rpartition(":")[0] for name in chosen.names}
        if len(blocks) != 1:
            raise InputError("a grid is of units of one layer", help="name one layer's")
        numbers = [int(name.rpartition(":")[2]) for name in chosen.names]
        return of_units(network, blocks.pop(), numbers, shown, sides)
    target = asked(model, circuit=circuit, family=family, weights=weights)
    if not isinstance(target.network, HandwrittenNetwork):
        network = target.network
        layer = target.aims[0].name.rpartition(":")[0]
        numbers = [int(aim.name.rpartition(":")[2]) for aim in target.aims]
        return of_units(network, layer, numbers, shown, sides)
    return of_family(target.network, target.aims[0].layer, shown, sides, Path(path).name)


def of_family(
    network: HandwrittenNetwork,
    family: str,
    stimulus: Stimulus,
    sides: tuple[str, str],
    title: str = "",
) -> Grids:
    """The grids of a family's members.

    Args:
        network: The circuit's network.
        family: The family.
        stimulus: The set.
        sides: The settings from row to row and from column to column.
        title: What the circuit is called.

    Raises:
        InputError: the set cannot be shown to it.
    """
    declared = network.circuit.by_name[family]
    names = tuple(declared.member_name(number) for number in range(declared.size))
    responses = responses_to(network, declared, stimulus)
    return crossed_over((title, ""), stimulus, sides, names, responses)


def of_units(
    network: Network,
    layer: str,
    numbers: Sequence[int],
    stimulus: Stimulus,
    sides: tuple[str, str],
) -> Grids:
    """The grids of units of a layer.

    Raises:
        InputError: no such unit, or the layer has no positions.
    """
    names = tuple(f"{layer}:{number}" for number in numbers)
    responses = responses_of(trained(network, layer, numbers), stimulus)
    return crossed_over((network.name, network.digest), stimulus, sides, names, responses)


def sides_of(stimulus: Stimulus, across: str | None, down: str | None) -> tuple[str, str]:
    """The settings from row to row and from column to column.

    Raises:
        InputError: one of them does not vary in the set, or they are one.
    """
    names = varied(stimulus)
    for wanted in (across, down):
        if wanted is not None and wanted not in names:
            raise InputError(
                f"`{stimulus.name}` has no setting `{wanted}` of several values",
                help=suggestion(wanted, names) or f"those are: {', '.join(names) or 'none'}",
            )
    if across is not None and across == down:
        rest = [one for one in names if one != across]
        raise InputError(
            f"a grid has two settings, and both are `{across}`",
            help=f"those of several values besides are: {', '.join(rest) or 'none'}",
        )
    first = across or next((one for one in names if one != down), None)
    second = down or next((one for one in names if one != first), None)
    if first is None or second is None:
        raise InputError(
            f"a grid has two settings, and `{stimulus.name}` varies {', '.join(names) or 'none'}",
            help="give the set several values of two settings",
        )
    return second, first


def _set_of(circuit: Circuit, name: str, path: str) -> Stimulus:
    sets = {one.name: one for one in circuit.stimuli if one.generator != ACTIVITY}
    if name not in sets:
        raise InputError(
            f"{path} has no set of images `{name}`",
            help=suggestion(name, sets) or f"its sets are: {', '.join(sets) or 'none'}",
        )
    return sets[name]


def crossed_over(
    origin: tuple[str, str],
    stimulus: Stimulus,
    sides: tuple[str, str],
    names: tuple[str, ...],
    responses: Floats,
) -> Grids:
    """Grids from responses to every image of a set.

    Args:
        origin: The network's name and the digest of its weights.
        stimulus: The set.
        sides: The settings from row to row and from column to column.
        names: The units.
        responses: `[image, unit]`, in the order of the set.
    """
    values, means = crossed(stimulus, responses, sides)
    down, across = (
        Side(name, unit_of(stimulus, name), own) for name, own in zip(sides, values, strict=True)
    )
    return Grids(*origin, stimulus.name, down, across, names, means)
