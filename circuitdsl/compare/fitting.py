"""Fitting free dials by gradient: an `Objective` -> the best dials that were seen.

In: an objective, how many steps. Out: `Fit`. Adam with a cosine schedule moves the dials on the
whole line (`lower.dials`), so none leaves its range. Every step sees some photographs and some
circles, drawn from the seed and the step's number alone; every now and then the objective is judged
on all photographs of the training split, and the best dials so far are kept. A checkpoint holds
everything, so a run that was cut off goes on as if it had not been.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.flax import save_file

from circuitdsl.compare.objectives import Objective
from circuitdsl.diagnostics import DiagnosticError, InputError
from circuitdsl.files import atomic_path
from circuitdsl.lower.dials import bounded, free_dials, unbounded
from circuitdsl.stimuli.steering import Reference

Z = dict[str, Array]


@dataclass(frozen=True)
class Schedule:
    """How a fit proceeds.

    Attributes:
        steps: How many, in all.
        rate: Of Adam, at the start; it falls to 0 along a cosine.
        photographs: Shown at each step.
        circles: Shown at each step.
        every: Judge, choose images to calibrate on, and save after so many steps.
        seed: Of what is shown when.
    """

    steps: int = 200
    rate: float = 0.05
    photographs: int = 8
    circles: int = 128
    every: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Fit:
    """What a fit came to.

    Attributes:
        dials: The best settings seen, in the dials' own units.
        objective: Theirs, on the training split.
        start: The objective of the defaults.
        steps: How many were done.
        finished: Whether that is all of them.
    """

    dials: dict[str, float]
    objective: float
    start: float
    steps: int
    finished: bool


@dataclass
class _State:
    z: Z
    moments: Any
    step: int
    best: Z
    best_value: float
    start_value: float


def fit_dials(
    objective: Objective,
    schedule: Schedule,
    checkpoint: Path | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Fit:
    """Move the free dials of a circuit to where an objective is larger.

    An interrupt (Ctrl-C) ends the fit with the best so far.

    Args:
        objective: What to maximise.
        schedule: How.
        checkpoint: A file to save to, and to go on from where it exists.
        progress: Told of every step.

    Raises:
        InputError: the circuit has no free dial, or the checkpoint is of another run.
        DiagnosticError: the circuit cannot be calibrated as it is.
    """
    if not free_dials(objective.circuit):
        raise InputError(
            "the circuit has no dial to fit", help="mark some with `free`: `param x = ... free`"
        )
    optimiser = optax.adam(optax.cosine_decay_schedule(schedule.rate, max(schedule.steps, 1)))
    z = unbounded(objective.circuit)
    state = _State(z, optimiser.init(z), 0, z, -np.inf, -np.inf)
    label = _label(objective, schedule)
    if checkpoint is not None and checkpoint.exists():
        state = _load(checkpoint, state, label)
        progress(f"going on from step {state.step} of {checkpoint}")
    running = _Running(objective, schedule, optimiser)
    try:
        running.run(state, checkpoint, label, progress)
    except KeyboardInterrupt:
        progress("interrupted: keeping the best so far")
        if checkpoint is not None:
            _save(checkpoint, state, label)
    settings = bounded(objective.circuit, state.best)
    return Fit(
        dials={name: float(value) for name, value in settings.items()},
        objective=state.best_value,
        start=state.start_value,
        steps=state.step,
        finished=state.step >= schedule.steps,
    )


class _Running:
    """A fit under way."""

    def __init__(
        self, objective: Objective, schedule: Schedule, optimiser: optax.GradientTransformation
    ) -> None:
        self.objective = objective
        self.schedule = schedule
        self.optimiser = optimiser
        self.circles = objective.judged_circles()

    def step(self, z: Z, moments: Any, found: Any, *shown: Any) -> tuple[Z, Any, Array]:
        """One step of the optimiser upwards: the new dials, and the objective at the old ones."""
        value, slope = self.objective.compiled_slope(z, found, *shown)
        # where a kernel vanishes its norm has no slope: such a step moves nothing
        down = {name: -jnp.nan_to_num(part) for name, part in slope.items()}
        updates, moments = self.optimiser.update(down, moments, z)
        return cast("Z", optax.apply_updates(z, updates)), moments, value

    def run(
        self,
        state: _State,
        checkpoint: Path | None,
        label: str,
        progress: Callable[[str], None],
    ) -> None:
        """Do the steps that are left, changing `state`."""
        found = self.judged(state)
        while state.step < self.schedule.steps:
            images, targets, circles = self.drawn(state.step)
            state.z, state.moments, value = self.step(
                state.z, state.moments, found, images, targets, circles
            )
            state.step += 1
            progress(
                f"step {state.step} of {self.schedule.steps}: {float(value):.3f} on these, "
                f"best {state.best_value:.3f} on all (at first {state.start_value:.3f})"
            )
            if state.step % self.schedule.every == 0 or state.step == self.schedule.steps:
                found = self.judged(state)
                if checkpoint is not None:
                    _save(checkpoint, state, label)

    def judged(self, state: _State) -> dict[str, Reference]:
        """Judge the dials as they are; keep them if they are the best; what to calibrate on next.

        Dials at which nothing can be calibrated are given up for the best so far.
        """
        try:
            found = self.objective.references(state.z)
        except DiagnosticError:
            if not np.isfinite(state.best_value):
                raise
            state.z = state.best
            return self.objective.references(state.z)
        value = self.judge(state.z, found)
        if not np.isfinite(state.start_value):
            state.start_value = value
        if value > state.best_value:
            state.best, state.best_value = dict(state.z), value
        return found

    def judge(self, z: Z, found: Mapping[str, Reference]) -> float:
        """The objective on the whole training split.

        The correlation on photographs is the mean over parts of the split, each as large as a
        step's, so that nothing else is compiled.
        """
        evidence = self.objective.photographs
        if evidence is None:
            return float(self.objective.compiled(z, found, None, None, self.circles))
        size = min(self.schedule.photographs, len(evidence.images))
        starts = range(0, len(evidence.images) - size + 1, size)
        values = [
            float(
                self.objective.compiled(
                    z,
                    found,
                    evidence.images[start : start + size],
                    evidence.targets[start : start + size],
                    self.circles,
                )
            )
            for start in starts
        ]
        return float(np.mean(values))

    def drawn(
        self, step: int
    ) -> tuple[NDArray[np.uint8] | None, NDArray[np.float32] | None, NDArray[np.int32] | None]:
        """What a step shows: photographs, their targets, places in the grids."""
        rng = np.random.default_rng([self.schedule.seed, step])
        evidence, published = self.objective.photographs, self.objective.published
        images = targets = circles = None
        if evidence is not None:
            size = min(self.schedule.photographs, len(evidence.images))
            chosen = rng.choice(len(evidence.images), size, replace=False)
            images, targets = evidence.images[chosen], evidence.targets[chosen]
        if published is not None:
            places = published.outline[0].size
            circles = rng.choice(places, self.schedule.circles, replace=False).astype(np.int32)
        return images, targets, circles


def _label(objective: Objective, schedule: Schedule) -> str:
    """What a checkpoint must agree in with the run that goes on from it."""
    dials = {
        name: [param.default, param.low, param.high]
        for name, param in free_dials(objective.circuit).items()
    }
    evidence = objective.photographs
    kinds = [0 if evidence is None else len(evidence.images), objective.published is not None]
    return json.dumps([dials, kinds, objective.share, schedule.__dict__], sort_keys=True)


def _save(path: Path, state: _State, label: str) -> None:
    leaves = jax.tree.leaves((state.z, state.moments, state.best))
    tensors = {f"leaf{at:04d}": jnp.asarray(leaf) for at, leaf in enumerate(leaves)}
    values = {"step": state.step, "best": state.best_value, "start": state.start_value}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, {"run": label, "values": json.dumps(values)})


def _load(path: Path, like: _State, label: str) -> _State:
    """A state as it was saved.

    Raises:
        InputError: the file is no checkpoint, or one of another run.
    """
    try:
        with safe_open(path, framework="flax") as file:
            metadata = file.metadata() or {}
            leaves = [file.get_tensor(name) for name in sorted(file.keys())]
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is no checkpoint of a fit", why=str(error)) from error
    if metadata.get("run") != label:
        raise InputError(
            f"{path} is a checkpoint of another fit",
            why="the dials, the evidence or the schedule differ",
            help="delete it to start afresh, or name another file",
        )
    values = json.loads(metadata["values"])
    shape = jax.tree.structure((like.z, like.moments, like.best))
    z, moments, best = jax.tree.unflatten(shape, leaves)
    return _State(z, moments, values["step"], best, values["best"], values["start"])
