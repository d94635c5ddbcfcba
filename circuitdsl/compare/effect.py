"""What an edit does to a network.

In: an edited network and labelled images. Out: `Effect`: accuracy, cross-entropy and divergence
before and after, with paired bootstrap intervals over images; the classes that moved most; the
predictions that flipped; and beside it the controls: the same steps on random units of the same
convolutions, and ablation to the mean where the edit ablates to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.outputs import (
    INTACT,
    Labelled,
    Outcomes,
    interval,
    outcomes,
    resampled,
)
from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.controls import redrawn, softened
from circuitdsl.editing.logits import MEASURES

Floats = NDArray[np.float64]

EDITED = "edited"
MOST_MOVED = 5
"""Classes that are named in each direction."""


@dataclass(frozen=True)
class Change:
    """How far a measure moved, and the paired bootstrap interval over images."""

    value: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class Variant:
    """One edited network's results.

    Attributes:
        name: `edited`, `mean`, or `random N`.
        means: Each measure.
        changes: Each measure's difference from the intact network.
    """

    name: str
    means: Mapping[str, float]
    changes: Mapping[str, Change]

    def record(self) -> dict[str, Any]:
        """The variant as JSON has it."""
        changes = {
            name: {"value": change.value, "ci": list(change.ci)}
            for name, change in self.changes.items()
        }
        return {"name": self.name, **self.means, "change": changes}


@dataclass(frozen=True)
class Moved:
    """A class whose mean probability moved by `change`."""

    name: str
    change: float


@dataclass(frozen=True)
class Flip:
    """An image that is now classified otherwise."""

    image: str
    right: str
    before: str
    after: str


@dataclass(frozen=True)
class Effect:
    """What an edit does.

    Attributes:
        n: Images.
        intact: Each measure of the intact network.
        edited: The edited one.
        controls: The controls.
        moved: The classes that moved most, up and down.
        flipped: The predictions that changed.
        notices: What came of steps without effect.
    """

    n: int
    intact: Mapping[str, float]
    edited: Variant
    controls: tuple[Variant, ...]
    moved: tuple[Moved, ...]
    flipped: tuple[Flip, ...]
    notices: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The effect as JSON has it."""
        return {
            "n": self.n,
            "intact": dict(self.intact),
            "edited": self.edited.record(),
            "controls": [control.record() for control in self.controls],
            "moved": [{"class": moved.name, "change": moved.change} for moved in self.moved],
            "flipped": [vars(flip) for flip in self.flipped],
            "notices": list(self.notices),
        }


def effect(
    edited: EditedNetwork,
    batches: Iterable[Labelled],
    class_names: Sequence[str],
    *,
    means: Mapping[str, Floats] | None = None,
    draws: int = 3,
    seed: int = 0,
    progress: Callable[[int], None] = lambda seen: None,
) -> Effect:
    """Measure what an edit does.

    Args:
        edited: The edited network.
        batches: Labelled images.
        class_names: A name for each output.
        means: The mean of each channel of the edited convolutions over some images
            (`edit.controls.channel_means`); without them there is no control by mean ablation, nor
            by random units where the edit ablates to means.
        draws: How often random units are drawn.
        seed: Of the draws and the bootstrap.
        progress: Told how many images have been seen.

    Raises:
        InputError: there are no images.
    """
    edits = {EDITED: edited, **_controls(edited, means, draws, seed)}
    found, names = outcomes(edited.network, edits, _remembering(batches, right := []), progress)
    weights = resampled(len(names), seed)
    intact = found[INTACT]
    variants = [_variant(name, found[name], intact, weights) for name in edits]
    return Effect(
        n=len(names),
        intact=intact.means,
        edited=variants[0],
        controls=tuple(variants[1:]),
        moved=_moved(found[EDITED].probability - intact.probability, class_names),
        flipped=_flips(names, np.concatenate(right), intact, found[EDITED], class_names),
        notices=said(edited),
    )


def said(edited: EditedNetwork) -> tuple[str, ...]:
    """What came of steps without an effect, for people to read."""
    return tuple(f"step {notice.step + 1}: {notice.message}" for notice in edited.notices)


def _controls(
    edited: EditedNetwork, means: Mapping[str, Floats] | None, draws: int, seed: int
) -> dict[str, EditedNetwork]:
    found: dict[str, EditedNetwork] = {}
    gentle = None if means is None else softened(edited.steps, means)
    if gentle is not None:
        found["mean"] = edit(edited.network, gentle)
    to_means = any(getattr(step, "to", None) is not None for step in edited.steps)
    if not edited.edited_layers or (to_means and means is None):
        return found
    for draw in range(draws):
        steps = redrawn(edited.steps, means or {}, seed + draw)
        if steps is not None:
            found[f"random {draw + 1}"] = edit(edited.network, steps)
    return found


def _remembering(batches: Iterable[Labelled], right: list[NDArray[np.int32]]) -> Iterable[Labelled]:
    for batch in batches:
        right.append(batch.right)
        yield batch


def _variant(name: str, found: Outcomes, intact: Outcomes, weights: Floats) -> Variant:
    changes: dict[str, Change] = {}
    for measure in MEASURES:
        away = found.per_image[measure] - intact.per_image[measure]
        changes[measure] = Change(float(away.mean()), interval(weights @ away / len(away)))
    return Variant(name, found.means, changes)


def _moved(change: Floats, class_names: Sequence[str]) -> tuple[Moved, ...]:
    order: list[int] = np.argsort(change).tolist()
    chosen = [*order[::-1][:MOST_MOVED], *order[:MOST_MOVED][::-1]]
    return tuple(
        Moved(class_names[index], float(change[index]))
        for index in dict.fromkeys(chosen)
        if change[index] != 0
    )


def _flips(
    names: Sequence[str],
    right: NDArray[np.int32],
    intact: Outcomes,
    edited: Outcomes,
    class_names: Sequence[str],
) -> tuple[Flip, ...]:
    changed: list[int] = np.flatnonzero(intact.predicted != edited.predicted).tolist()
    return tuple(
        Flip(
            names[index],
            class_names[int(right[index])],
            class_names[int(intact.predicted[index])],
            class_names[int(edited.predicted[index])],
        )
        for index in changed
    )
