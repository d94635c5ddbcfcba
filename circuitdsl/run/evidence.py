"""What a report shows: a file's verdicts, and the seven arguments for its families.

In: a circuit file, perhaps a trained network and photographs. Out: `Evidence`. Whatever cannot be
measured is `Lacking`, with the reason; an interrupt leaves what was measured until then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from circuitdsl.checking.load import load
from circuitdsl.compare.expect import Outcome, expectations_met
from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.recovery import Recovery
from circuitdsl.compare.score import Comparison, end_family
from circuitdsl.ir.circuit import Circuit
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.drawing import Portrait, portrait
from circuitdsl.run.matching import reads_units
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.scores import score
from circuitdsl.run.studies import recovery
from circuitdsl.run.visualization import Pictures, visualize
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import DiagnosticError, InputError

T = TypeVar("T")

NO_MODEL = "No trained network was given: --model M."
NO_IMAGES = "No photographs were given: --images DIR."
INTERRUPTED = "The report was interrupted before this was measured."


@dataclass(frozen=True)
class Lacking:
    """What stands in the place of something that was not measured.

    Attributes:
        why: The reason, as a sentence.
    """

    why: str


@dataclass(frozen=True, eq=False)
class Argued:
    """What is known of one hand-written family.

    Attributes:
        family: Its name.
        comparison: Its members beside units of the trained network.
        pictures: Pictures that excite its members.
        original_pictures: Pictures that excite those units.
        recovery: How much of those units' work its members do in their place.
    """

    family: str
    comparison: Comparison | FamilyComparison | Lacking
    pictures: Pictures | Lacking
    original_pictures: Pictures | Lacking
    recovery: Recovery | Lacking

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Members, and the units that they stand for."""
        if isinstance(self.comparison, Lacking):
            return ()
        return tuple((unit.hand, unit.original) for unit in self.comparison.units)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a report shows.

    Attributes:
        portrait: The circuit as it is drawn.
        verdicts: What became of each `expect` of the file.
        families: The families that are argued for.
        partial: Whether an interrupt left something out.
        model: The trained network's name; "" without one.
        weights: The digest of its weights.
        images: The number of photographs; 0 without a folder.
        images_digest: The digest of their contents, in order.
        seed: Of everything that is drawn.
    """

    portrait: Portrait
    verdicts: tuple[Outcome, ...] | Lacking
    families: tuple[Argued, ...]
    partial: bool
    model: str
    weights: str
    images: int
    images_digest: str
    seed: int

    @property
    def circuit(self) -> Circuit:
        """The circuit."""
        return self.portrait.circuit


@dataclass
class _Asking:
    """Asks for one thing after the other, until an interrupt.

    Attributes:
        progress: Told what is being done.
        interrupted: Whether nothing more is to be begun.
    """

    progress: Progress
    interrupted: bool = field(default=False)

    def ask(self, what: str, measure: Callable[[], T]) -> T | Lacking:
        """A measurement, or the reason why there is none."""
        if self.interrupted:
            return Lacking(INTERRUPTED)
        try:
            self.progress(what)
            return measure()
        except KeyboardInterrupt:
            self.interrupted = True
            return Lacking(INTERRUPTED)
        except (InputError, DiagnosticError) as error:
            return Lacking(str(error))


def evidence(
    path: Path | str,
    *,
    model: str | Network | None = None,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    families: Sequence[str] = (),
    units: int | None = None,
    steps: int = 512,
    seed: int = 0,
    progress: Progress = silent,
) -> Evidence:
    """Gather what a report shows.

    Args:
        path: The circuit file.
        model: A trained network to hold families against; without one, the circuit alone is shown.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs.
        limit: How many photographs at most, spread evenly.
        families: The families that are argued for; by default those with `expect` lines, or else
            the last one.
        units: How many of the network's units each is held against; by default as `score` has it.
        steps: Steps of each picture; 0 for none.
        seed: Of everything that is drawn.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors, or cannot be calibrated.
        InputError: the file can't be read, or there is no such family, model or folder.
    """
    circuit = load(path)
    names = [end_family(circuit, name).name for name in families] or argued_for(circuit)
    network = None if model is None else opened_network(model, weights)
    count, digest = (0, "") if images is None else _of_images(Path(images), limit)
    progress("drawing the circuit")
    drawn = portrait(path, images=images)
    asking = _Asking(progress)
    verdicts = asking.ask("measuring what the file expects", lambda: expectations_met(circuit))
    common = {"images": images, "limit": limit, "seed": seed}
    argued = [
        _argued(asking, path, circuit, name, network, units=units, steps=steps, common=common)
        for name in names
    ]
    return Evidence(
        portrait=drawn,
        verdicts=verdicts,
        families=tuple(argued),
        partial=asking.interrupted,
        model="" if network is None else network.name,
        weights="" if network is None else network.digest,
        images=count,
        images_digest=digest,
        seed=seed,
    )


def argued_for(circuit: Circuit) -> list[str]:
    """The families that claim something, or else the last one that no connection reads."""
    claiming = [family.name for family in circuit.families if family.expectations]
    return claiming or [end_family(circuit).name]


def _argued(
    asking: _Asking,
    path: Path | str,
    circuit: Circuit,
    name: str,
    network: Network | None,
    *,
    units: int | None,
    steps: int,
    common: Mapping[str, Any],
) -> Argued:
    """The arguments for one family; what comes first is needed by what follows."""
    progress, images, seed = asking.progress, common["images"], common["seed"]
    if network is None:
        comparison: Comparison | FamilyComparison | Lacking = Lacking(NO_MODEL)
    else:
        comparison = asking.ask(
            f"holding `{name}` against {network.name}",
            lambda: score(circuit, network, family=name, units=units, progress=progress, **common),
        )
    made = Lacking("No pictures were asked for: --steps N.")
    made_of_units: Pictures | Lacking = made
    made_of_members: Pictures | Lacking = made
    given = network if reads_units(circuit) else AUTO
    if steps and given is None:
        made_of_members = Lacking(f"The circuit reads units of a trained network. {NO_MODEL}")
    elif steps and given is not None:
        made_of_members = asking.ask(
            f"making pictures of `{name}`",
            lambda: visualize(
                given, circuit=path, family=name, steps=steps, progress=progress, **common
            ),
        )
    if steps and network is not None and not isinstance(comparison, Lacking):
        originals = [unit.original for unit in comparison.units]
        made_of_units = asking.ask(
            f"making pictures of the units beside `{name}`",
            lambda: visualize(network, originals, steps=steps, progress=progress, **common),
        )
    elif steps:
        made_of_units = comparison if isinstance(comparison, Lacking) else made
    recovered: Recovery | Lacking = Lacking(NO_MODEL if network is None else NO_IMAGES)
    if network is not None and images is not None:
        recovered = asking.ask(
            f"putting `{name}` in the place of units of {network.name}",
            lambda: recovery(
                circuit,
                images,
                model=network,
                limit=common["limit"],
                family=name,
                seed=seed,
                progress=progress,
            ),
        )
    return Argued(name, comparison, made_of_members, made_of_units, recovered)


def _of_images(folder: Path, limit: int | None) -> tuple[int, str]:
    """The number of photographs, and the digest of the contents of their files."""
    found = open_images(folder, limit)
    digest = sha256()
    for path in found.paths:
        digest.update(path.read_bytes())
    return len(found.paths), digest.hexdigest()
