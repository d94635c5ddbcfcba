"""Edit scripts opened: the network and the photographs that a script is carried out with.

In: a file, what its caller chooses. Out: a `Lowering`, and the photographs to measure on. No image
is both measured on and calibrated on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from circuitdsl.checking.load import load_script
from circuitdsl.editing.resolve import Lowering
from circuitdsl.ir.edits import script as ir
from circuitdsl.measure.shards import IN_PROCESS, Engine
from circuitdsl.models.directions import directed
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO, best_available
from circuitdsl.models.written.given import check_run
from circuitdsl.run.comparing.studies import count_aside
from circuitdsl.run.networks import Progress, opened_network
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint, split
from circuitdsl.text.diagnostics import InputError, suggestion


@dataclass(frozen=True)
class Given:
    """What the caller of a script chooses.

    Attributes:
        model: A model of the registry, `auto`: the one that the file names, or else the best, or a
            network.
        weights: A weight file, instead of the model's own.
        images: Photographs to measure on, instead of the file's own.
        calibration: Photographs to calibrate on, instead of the file's own.
        limit: How many photographs to measure on at most.
        seed: Of draws; None for the file's own.
        classes: The label that each number stands for, where the classes of images are numbers.
        engine: Who goes through the photographs that are measured on.
    """

    model: str | Network = AUTO
    weights: Path | None = None
    images: Path | None = None
    calibration: Path | None = None
    limit: int | None = None
    seed: int | None = None
    classes: Sequence[str] | None = None
    engine: Engine = IN_PROCESS

    @classmethod
    def of(
        cls,
        *,
        model: str | Network,
        weights: Path | str | None,
        images: Path | str | None,
        calibration: Path | str | None,
        limit: int | None,
        seed: int | None,
        classes: Sequence[str] | None = None,
        engine: Engine = IN_PROCESS,
    ) -> Given:
        """The same from arguments of a verb, whose paths may be strings."""
        return cls(
            model,
            None if weights is None else Path(weights),
            None if images is None else Path(images),
            None if calibration is None else Path(calibration),
            limit,
            seed,
            classes,
            engine,
        )


def opened(script: ir.Script, given: Given, progress: Progress) -> tuple[str, Lowering]:
    """The network that a script is about."""
    wanted = script.backbone.weights or "default"
    name = given.model
    if name == AUTO and given.weights is None:
        name = best_available(script.backbone.architecture) if wanted == "default" else wanted
    network = opened_network(name, given.weights)
    model = network.name
    meant = "" if wanted == "default" else wanted
    for block, part in _numbered(script):
        check_run(f"`{block}` is about units by number", part.network or meant, model)
    for direction in script.directions:
        check_run(f"`{direction.name}` is about units by number", meant, model)
    return model, Lowering(
        script,
        model,
        directed(network, script.directions),
        network.digest,
        seed=given.seed or 0,
        progress=progress,
    )


def _numbered(script: ir.Script) -> Iterator[tuple[str, ir.Picked]]:
    """Units by number, with the name of the edit or score that is about them."""
    sets = [
        (edited.name, units)
        for edited in script.edits
        for step in edited.steps
        for units in ir.unit_sets(step)
    ]
    scores = [score for score in script.scores if isinstance(score, ir.TuningScore)]
    sets += [(score.name, units) for score in scores for units in ir.sets_in(score)]
    for name, units in sets:
        for part in units.parts:
            if isinstance(part, ir.Picked) and not part.whole:
                yield name, part


def prepared(
    path: Path | str, name: str | None, given: Given, progress: Progress
) -> tuple[Lowering, str, ImageSet | None]:
    """What an edit is carried out with, its name, and the photographs to measure it on."""
    script = load_script(path)
    if name is None and len(script.edits) == 1:
        name = script.edits[0].name
    if name is None or name not in script.by_name:
        what = "several edits" if name is None else f"no edit `{name}`"
        near = suggestion(name or "", script.by_name)
        known = f"its edits are {', '.join(script.by_name) or 'none'}; name one with --edit"
        raise InputError(f"{path} has {what}", help=f"{near} {known}".strip())
    _, lowering = opened(script, given, progress)
    ready, scored = shown_for(lowering, name, given)
    return ready, name, scored


def shown_for(lowering: Lowering, name: str, given: Given) -> tuple[Lowering, ImageSet | None]:
    """A script with the photographs that one of its edits needs, and those to measure it on."""
    steps = lowering.script.steps(name)
    scored, sets = shared(given, photographs_of(lowering.script, steps), None)
    units = [chosen for step in steps for chosen in ir.unit_sets(step)]
    return lowering.shown_to(sets, units), scored


def photographs_of(
    script: ir.Script, steps: Sequence[ir.Step], units: Sequence[ir.UnitSet] = ()
) -> list[ir.Photographs]:
    """The sets of photographs that some steps are calibrated on, or that units are chosen on."""
    names = dict.fromkeys(name for step in steps for name in ir.images_of(step))
    names |= dict.fromkeys(ir.chosen_on(units))
    sources = [script.images[name] for name in names]
    return [source for source in sources if isinstance(source, ir.Photographs)]


def shared(
    given: Given, needed: Sequence[ir.Photographs], scored: ir.Photographs | None
) -> tuple[ImageSet | None, dict[str, ImageSet]]:
    """The photographs to score on, and those of each set to calibrate on; none is in both.

    The caller's folders go before the file's own. A set without a folder is drawn from the
    photographs to score on, by its own seed and as many as it asks for.
    """
    own = None if scored is None or scored.folder is None else scored.folder.path
    folder = given.images or own
    limit = given.limit or (None if scored is None else scored.n)
    everything = None if folder is None else open_images(folder, limit, given.classes)
    sets: dict[str, ImageSet] = {}
    drawn: set[Path] = set()
    for each in needed:
        aside = given.calibration or (None if each.folder is None else each.folder.path)
        if aside is not None:
            sets[each.name] = open_images(aside, each.n)
            if everything is not None:
                check_disjoint(sets[each.name], everything)
        elif everything is not None:
            seed = each.seed if given.seed is None else given.seed
            sets[each.name] = split(everything, count_aside(everything, each.n), seed)[0]
            drawn.update(sets[each.name].paths)
    if everything is None or not drawn:
        return everything, sets
    left = [place for place, path in enumerate(everything.paths) if path not in drawn]
    if not left:
        raise InputError(
            f"the sets to calibrate on take all {len(everything.paths)} images of {folder}",
            help="give more images, or ask for fewer: `photographs(n=N)`",
        )
    return everything.some(left), sets
