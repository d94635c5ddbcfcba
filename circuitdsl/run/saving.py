"""The verb save: networks to weight files.

In: a hand-written, edited or trained network. Out: a safetensors file, whole or not at all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from circuitdsl.editing.alone import CleanroomNetwork, write_cleanroom
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.fold import fold
from circuitdsl.lowering.provenance import save_lowered
from circuitdsl.models.files.weights import write_weights
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.models.written.inside import weights_inside
from circuitdsl.text.diagnostics import InputError


def save(
    network: Network | HandwrittenNetwork | CleanroomNetwork,
    path: Path | str,
    *,
    inside: bool = False,
) -> tuple[str, ...]:
    """Write a network's weights as safetensors.

    A circuit's file holds its arrays, each with its source line. An edit is folded into the weights
    of the network that it changes, as far as weights can express it. The file of a cleanroom
    network holds its hand-written families and their places (`load_cleanroom` reads it).

    Args:
        network: A circuit's network, a trained one, an edited one, or a cleanroom network.
        path: The file.
        inside: Write every weight of a blank network with the circuit in it. The network is one of
            `inside(circuit)`.

    Returns:
        A sentence for each part of an edit that weights cannot express; empty for other networks.

    Raises:
        InputError: weights can express nothing of the edit, the circuit does not fit inside its
            backbone, or the file cannot be written.
        OSError: the file cannot be written.
    """
    target = Path(path)
    if isinstance(network, HandwrittenNetwork):
        circuit = network.circuit
        if inside:
            weights = weights_inside(circuit, network.arrays)
            write_weights(target, weights, {"circuit": circuit.doc})
        else:
            save_lowered(target, circuit, network.arrays)
        return ()
    if inside:
        raise InputError("only a circuit is written inside a blank network")
    if isinstance(network, CleanroomNetwork):
        write_cleanroom(target, network)
        return ()
    if not isinstance(network, EditedNetwork):
        write_weights(target, {name: np.asarray(value) for name, value in network.params.items()})
        return ()
    folded = fold(network)
    if folded.left and not folded.differs_from(network.params):
        shown = f"`{network.edit}`" if network.edit else "the edit"
        raise InputError(f"nothing of {shown} can be written as weights", why=folded.left[0])
    write_weights(target, folded.params)
    return folded.left
