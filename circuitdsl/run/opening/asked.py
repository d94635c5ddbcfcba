"""What a caller points at: units, directions, classes, a family, in a network or a circuit.

In: names. Out: the network, and an `Aim` for each thing named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.aims import Aim
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.pipeline import handwritten, read
from circuitdsl.run.comparing.matching import reads_units
from circuitdsl.run.networks import opened_network
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import logit, members, units, written_direction


@dataclass(frozen=True, eq=False)
class Asked:
    """What a caller points at.

    Attributes:
        model: The network's name, or that of the circuit's file.
        network: A trained network, or a hand-written one.
        aims: In the order asked for; at least one.
    """

    model: str
    network: Network | HandwrittenNetwork
    aims: tuple[Aim, ...]

    @property
    def digest(self) -> str:
        """The digest of a trained network's weights; "" for a circuit."""
        return self.network.digest if isinstance(self.network, Network) else ""


def asked(
    model: str | Network = AUTO,
    names: str | Sequence[str] = (),
    *,
    circuit: Path | str | Circuit | None = None,
    family: str | None = None,
    classes: Sequence[str] = (),
    directions: Sequence[str | Aim] = (),
    weights: Path | str | None = None,
) -> Asked:
    """Find what is asked for.

    Args:
        model: A model of the registry, `auto`, or a network.
        names: Units by name: `mixed3b:345`, `mixed3b[320..329]`.
        circuit: A circuit, or its file. A hand-written family needs no model; a family of trained
            units stands for those units of the model.
        family: The circuit's family; by default the last one.
        classes: Outputs by name, label or number.
        directions: Sums of units, such as `mixed3b:345 - 0.5*mixed3b:379`, or aims.
        weights: A weight file, instead of the model's own.

    Raises:
        DiagnosticError: the circuit is faulty, or a family cannot be calibrated.
        InputError: something does not exist, or nothing is asked for.
    """
    if circuit is not None:
        if names or classes or directions:
            raise InputError(
                "a circuit's family is asked for together with units of a network",
                help="ask for one of them at a time",
            )
        return _of_circuit(model, circuit, family, weights)
    if family is not None:
        raise InputError(f"the family `{family}` is of no circuit", help="give the circuit, too")
    network = opened_network(model, weights)
    aims = (
        *(units(network, names) if names else ()),
        *(logit(network, name) for name in classes),
        *(written_direction(network, one) if isinstance(one, str) else one for one in directions),
    )
    if not aims:
        block = network.backbone.example_block
        raise InputError("nothing is asked for", help=f"name units, such as `{block}:3`")
    return Asked(network.name, network, aims)


def _of_circuit(
    model: str | Network,
    circuit: Path | str | Circuit,
    family: str | None,
    weights: Path | str | None,
) -> Asked:
    parsed = circuit if isinstance(circuit, Circuit) else read(circuit)
    title = "circuit" if isinstance(circuit, Circuit) else Path(circuit).name
    if not parsed.families:
        raise InputError(f"{title} has no family")
    chosen = parsed.families[-1] if family is None else named_family(parsed, family, title)
    if chosen.units is not None:
        network = opened_network(model, weights)
        named = [f"{chosen.layer}:{number}" for number in chosen.units]
        return Asked(network.name, network, units(network, named))
    given = opened_network(model, weights) if reads_units(parsed) else None
    written = handwritten(parsed, given=given)
    return Asked(title, written, members(written, chosen.name))
