"""`verify`: whether a network's weights, layers and preprocessing are what they should be.

In: a model, perhaps reference activations and labelled photographs. Out: a `Parity`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from circuitdsl.compare.parity import CLEARLY, ROUNDING, Difference, Trial, differences, trials
from circuitdsl.models.files.weights import read_arrays
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.models.registry import verify as verified_file
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Parity:
    """What was compared, and how it came out.

    Attributes:
        model: The network's name.
        statement: What is known of the weight file; "" for a network that was handed over.
        layers: How far each layer is from its reference, in the order of the file.
        images: The number of photographs that preprocessings were tried on.
        trials: Accuracy under each preprocessing, the least cross-entropy first.
    """

    model: str
    statement: str
    layers: tuple[Difference, ...] = ()
    images: int = 0
    trials: tuple[Trial, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """What is not as it should be, a sentence each."""
        said: list[str] = []
        away = [row for row in self.layers if not row.share <= ROUNDING]
        if away:
            first = away[0]
            said.append(
                f"{first.layer} differs from its reference by {first.largest:.3g}, "
                f"{first.share:.1e} of its largest value"
            )
        own = next((row for row in self.trials if row.own), None)
        if own and self.trials[0].cross_entropy < (1 - CLEARLY) * own.cross_entropy:
            said.append(
                f"images prepared otherwise ({self.trials[0].name}) are recognised better: "
                f"cross-entropy {self.trials[0].cross_entropy:.3f}, not {own.cross_entropy:.3f}"
            )
        return tuple(said)

    def record(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return asdict(self) | {"findings": list(self.findings)}


def verify(
    model: str | Network,
    *,
    weights: Path | str | None = None,
    reference: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> Parity:
    """Check a network's weights, its layers against a reference, and its preprocessing.

    Args:
        model: A model of the registry, or a network, such as `adapt` gives.
        weights: A weight file, instead of the model's own.
        reference: A `.safetensors` or `.npz` file of activations that another program computed, by
            layer, `[batch, height, width, channels]` or channels first, with what was shown:
            `images` (RGB, 0..255) or `input` (what the first layer reads).
        images: Labelled photographs, one sub-folder for each class, on which the usual
            preprocessings are tried beside the network's own.
        limit: The largest number of photographs, spread evenly over the folder.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, file or images, weights that are not those published, or a
            reference that does not fit the network.
    """
    file = None if weights is None else Path(weights)
    statement = ""
    if isinstance(model, str):
        verified = verified_file(model, file)
        statement = f"{verified.path}: {verified.statement}"
    if isinstance(model, str) and reference is None and images is None:
        return Parity(model, statement)
    network = opened_network(model, file)
    layers = () if reference is None else differences(network, _arrays(Path(reference)))

    def report(seen: int, total: int) -> None:
        progress(f"photographs: {seen} of {total}")

    shown, rows = 0, ()
    if images is not None:
        shown, rows = trials(network, Path(images), labels_of(network), limit, report)
    return Parity(network.name, statement, layers, shown, rows)


def _arrays(path: Path) -> dict[str, Any]:
    if path.suffix.lower() not in (".safetensors", ".npz"):
        raise InputError(
            f"{path} is neither .safetensors nor .npz", help="write the reference as one of these"
        )
    return read_arrays(path)
