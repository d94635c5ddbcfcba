"""What an edit does to a network.

In: an edited network and labelled images. Out: `Effect`: accuracy, cross-entropy and divergence
before and after, with paired bootstrap intervals over images; the classes that moved most; the
predictions that flipped; and beside it the controls: the same steps on random units of the same
convolutions, ablation to the mean where the edit ablates to zero, and, where it splices, the same
members dealt anew among the units, and members with random kernels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.identity import Identity
from circuitdsl.compare.outputs import (
    INTACT,
    Outcomes,
    outcomes,
)
from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.controls import redrawn, softened, taken_whole
from circuitdsl.editing.verbs import Patch, Splice
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.agreeing.bootstrap import interval, resampled
from circuitdsl.measure.passes import Pass, State, remade
from circuitdsl.text.showing import Shown

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
        name: `edited`, `mean`, `random N`, or what a control of its own is called.
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
class Effect(Shown):
    """What an edit does.

    Attributes:
        n: Images.
        intact: Each measure of the intact network.
        edited: The edited one.
        controls: The controls.
        moved: The classes that moved most, up and down.
        flipped: The first predictions that changed.
        flips: How many changed, how many of them are no longer right, and how many now are.
        notices: What came of steps without effect.
        skipped: Files that are no images, and why.
        model: The name of the network that was edited, or "".
        edit: The edit's name, or "".
        identity: Which network, units and photographs it is of.
    """

    n: int
    intact: Mapping[str, float]
    edited: Variant
    controls: tuple[Variant, ...]
    moved: tuple[Moved, ...]
    flipped: tuple[Flip, ...]
    flips: tuple[int, int, int]
    notices: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    model: str = ""
    edit: str = ""
    identity: Identity | None = None

    def record(self) -> dict[str, Any]:
        """The effect as JSON has it."""
        found: dict[str, Any] = {} if self.identity is None else self.identity.record()
        return found | {
            "model": self.model,
            "edit": self.edit,
            "n": self.n,
            "intact": dict(self.intact),
            "edited": self.edited.record(),
            "controls": [control.record() for control in self.controls],
            "moved": [{"class": moved.name, "change": moved.change} for moved in self.moved],
            "flipped": [vars(flip) for flip in self.flipped],
            "flips": list(self.flips),
            "notices": list(self.notices),
            "skipped": dict(self.skipped),
        }


@remade
def effect(
    edited: EditedNetwork,
    outputs: Mapping[str, int],
    class_names: Sequence[str],
    *,
    means: Mapping[str, Floats] | None = None,
    beside: Mapping[str, EditedNetwork] | None = None,
    draws: int = 3,
    seed: int = 0,
) -> Pass[Effect]:
    """Measure what an edit does.

    Args:
        edited: The edited network.
        outputs: The output of each class of images (`measure.classes.outputs_of`).
        class_names: A name for each output.
        means: The mean of each channel of the edited convolutions over some images
            (`editing.baselines.channel_means`); without them there is no control by mean ablation,
            nor by random units where the edit ablates to means.
        beside: More controls by name, such as the same splice with shuffled members.
        draws: How often random units are drawn.
        seed: The seed of the draws and the bootstrap.
    """
    edits = {EDITED: edited, **(beside or {}), **_controls(edited, means, draws, seed)}
    measured = outcomes(edited.network, edits, outputs)

    def finish(state: State) -> Effect:
        result = measured.finish(state)
        weights = resampled(len(result.count), seed)
        variants = [_variant(name, result, weights) for name in edits]
        change = result.probability[1] - result.probability[0]
        return Effect(
            n=result.images,
            intact=result.means(INTACT),
            edited=variants[0],
            controls=tuple(variants[1:]),
            moved=_moved(change, class_names),
            flipped=tuple(
                Flip(flip.image, *(class_names[n] for n in (flip.right, flip.before, flip.after)))
                for flip in result.flips
            ),
            flips=result.flipped,
            notices=(*said(edited), *_undrawn(edited, draws)),
            model=edited.name,
            edit=edited.edit,
        )

    return Pass(measured.init, measured.step, measured.merge, finish, measured.needs)


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


def _undrawn(edited: EditedNetwork, draws: int) -> tuple[str, ...]:
    """Why there is no control of random units, where the edit leaves none to draw."""
    whole = taken_whole(edited.steps)
    if not draws or not whole or any(isinstance(step, Patch | Splice) for step in edited.steps):
        return ()
    return (f"no random units beside it: it takes every unit of {', '.join(whole)}",)


def _variant(name: str, result: Outcomes, weights: Floats) -> Variant:
    before, after, drawn = result.of(INTACT), result.of(name), weights @ result.count
    changes: dict[str, Change] = {}
    for measure in OUTPUTS:
        away = after[measure] - before[measure]
        value = float(away.sum() / result.count.sum())
        changes[measure] = Change(value, interval(weights @ away / drawn))
    return Variant(name, result.means(name), changes)


def _moved(change: Floats, class_names: Sequence[str]) -> tuple[Moved, ...]:
    order: list[int] = np.argsort(change).tolist()
    chosen = [*order[::-1][:MOST_MOVED], *order[:MOST_MOVED][::-1]]
    return tuple(
        Moved(class_names[index], float(change[index]))
        for index in dict.fromkeys(chosen)
        if change[index] != 0
    )
