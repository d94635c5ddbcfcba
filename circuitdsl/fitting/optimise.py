"""Fitting free dials by gradient: an `Objective` -> the best dials that were seen.

In: an objective, how many steps. Out: `Fit`. Adam with a cosine schedule moves the dials on the
whole line (`lower.dials`), so none leaves its range. Every step sees some photographs and some
figures, drawn from the seed and the step's number alone. Every now and then the objective is judged
on photographs and figures that are held back from the steps, always the same ones, and the best
dials so far at which the circuit keeps its claims are kept. A checkpoint holds everything, so a run
that was cut off goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
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

from circuitdsl.fitting.calibration import Reference
from circuitdsl.fitting.claims import Claims, Standing
from circuitdsl.fitting.objective import Objective, Shown
from circuitdsl.ir.writing.text import to_source
from circuitdsl.lowering.dials import bounded, free_dials, unbounded
from circuitdsl.measure.tunings.figure_sets import FigureSet
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.files import atomic_path
from circuitdsl.text.locks import held

Z = dict[str, Array]
Values = dict[str, float]

HELD_BACK, MOST_HELD_BACK = 5, 64
"""Of so many photographs to fit on, one is held back to judge by; no more than so many in all."""

_DEARER = 4
"""A circle of the trained family's tuning costs some so many published ones."""


@dataclass(frozen=True)
class Schedule:
    """How a fit proceeds.

    Attributes:
        steps: How many, in all.
        rate: Of Adam, at the start; it falls to 0 along a cosine.
        photographs: Shown at each step.
        figures: Published ones shown at each step; of those of the tuning, a quarter as many.
        every: Judge, choose images to calibrate on, and save after so many steps.
        seed: Of what is shown when.
    """

    steps: int = 200
    rate: float = 0.05
    photographs: int = 8
    figures: int = 128
    every: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Fit:
    """What a fit came to.

    Attributes:
        dials: The best settings seen, in the dials' own units.
        objective: Theirs, on what is held back to judge by.
        start: The objective of the defaults.
        measures: Each measure that the objective is made of, for the defaults and for the best.
        steps: How many were done.
        finished: Whether that is all of them.
    """

    dials: dict[str, float]
    objective: float
    start: float
    measures: dict[str, tuple[float, float]]
    steps: int
    finished: bool


@dataclass
class _State:
    z: Z
    moments: Any
    step: int
    best: Z
    best_values: Values
    start_values: Values


def fit_dials(
    objective: Objective,
    schedule: Schedule,
    checkpoint: Path | None = None,
    progress: Callable[[str], None] = lambda stage: None,
    claims: Claims | None = None,
) -> Fit:
    """Move the free dials of a circuit to where an objective is larger.

    An interrupt (Ctrl-C) ends the fit with the best so far.

    Args:
        objective: What to maximise.
        schedule: How.
        checkpoint: A file to save to, and to go on from where it exists; one fit at a time.
        progress: Told of every step.
        claims: What the circuit claims, and shall still claim when it is fitted.

    Raises:
        InputError: the circuit has no free dial, or the checkpoint is of another run, or in use.
        DiagnosticError: the circuit cannot be calibrated as it is.
    """
    with nullcontext() if checkpoint is None else held(checkpoint):
        return _fitted(objective, schedule, checkpoint, progress, claims)


def _fitted(
    objective: Objective,
    schedule: Schedule,
    checkpoint: Path | None,
    progress: Callable[[str], None],
    claims: Claims | None,
) -> Fit:
    """See `fit_dials`."""
    if not free_dials(objective.circuit):
        raise InputError(
            "the circuit has no dial to fit", help="mark some with `free`: `dial x = ... free`"
        )
    optimiser = optax.adam(optax.cosine_decay_schedule(schedule.rate, max(schedule.steps, 1)))
    z = unbounded(objective.circuit)
    state = _State(z, optimiser.init(z), 0, z, {}, {})
    label = _label(objective, schedule, claims)
    if checkpoint is not None and checkpoint.exists():
        state = _load(checkpoint, state, label)
        progress(f"going on from step {state.step} of {checkpoint}")
    running = _Running(objective, schedule, optimiser, claims)
    try:
        running.run(state, checkpoint, label, progress)
    except KeyboardInterrupt:
        progress("interrupted: keeping the best so far")
        if checkpoint is not None:
            _save(checkpoint, state, label)
    settings = bounded(objective.circuit, state.best)
    return Fit(
        dials={name: float(value) for name, value in settings.items()},
        objective=objective.mean(state.best_values),
        start=objective.mean(state.start_values),
        measures={
            name: (value, state.best_values[name]) for name, value in state.start_values.items()
        },
        steps=state.step,
        finished=state.step >= schedule.steps,
    )


class _Running:
    """A fit under way."""

    def __init__(
        self,
        objective: Objective,
        schedule: Schedule,
        optimiser: optax.GradientTransformation,
        claims: Claims | None,
    ) -> None:
        self.objective = objective
        self.claims = claims
        self.standing: Standing | None = None
        self.schedule = schedule
        self.optimiser = optimiser
        evidence = objective.photographs
        self.fitted, self.held = held_back(0 if evidence is None else len(evidence))
        self.figures: dict[str, FigureSet] = {}
        for name, _ in objective.terms:
            figures = objective.evidence(name)
            if figures is not None:
                self.figures[name] = figures
        self.places: dict[str, NDArray[np.int32]] = {
            name: each.fitted for name, each in self.figures.items()
        }

    def step(self, state: _State, found: Any) -> tuple[Z, Any, Values]:
        """One step of the optimiser upwards: the new dials, and the measures at the old ones."""
        z, moments = state.z, state.moments
        values, slope = self.objective.slope(z, found, self.drawn(state.step))
        # where a kernel vanishes its norm has no slope: such a step moves nothing
        down = {name: -jnp.nan_to_num(part) for name, part in slope.items()}
        if self.claims is not None and self.standing is not None:
            lacking = self.claims.slope(z, self.standing, state.step)
            down = {name: part + jnp.nan_to_num(lacking[name]) for name, part in down.items()}
        updates, moments = self.optimiser.update(down, moments, z)
        return cast("Z", optax.apply_updates(z, updates)), moments, values

    def run(
        self,
        state: _State,
        checkpoint: Path | None,
        label: str,
        progress: Callable[[str], None],
    ) -> None:
        """Do the steps that are left, changing `state`."""
        progress("judging the dials as they are")
        found = self.judged(state)
        while state.step < self.schedule.steps:
            state.z, state.moments, values = self.step(state, found)
            state.step += 1
            progress(
                f"step {state.step} of {self.schedule.steps}: {_told(values)}; held back: best "
                f"{_told(state.best_values)}, at first {_told(state.start_values)}"
            )
            if state.step % self.schedule.every == 0 or state.step == self.schedule.steps:
                found = self.judged(state)
                if checkpoint is not None:
                    _save(checkpoint, state, label)

    def judged(self, state: _State) -> dict[str, Reference]:
        """Judge the dials as they are; keep them if they are the best; what to calibrate on next.

        Dials at which nothing can be calibrated, or at which a claim is broken that has no slope,
        are given up for the best so far.
        """
        try:
            found = self.stand(state.z)
        except DiagnosticError:
            if not state.best_values:
                raise
            state.z = state.best
            return self.stand(state.z)
        if self.standing is not None and self.standing.lost and state.best_values:
            state.z = state.best
            return self.stand(state.z)
        values = self.judge(state.z, found)
        if not state.start_values:
            # the dials as written, which keep all claims
            state.start_values = state.best_values = values
            state.best = dict(state.z)
        kept = self.standing is None or self.standing.hold
        if kept and self.objective.mean(values) > self.objective.mean(state.best_values):
            state.best, state.best_values = dict(state.z), values
        return found

    def stand(self, z: Z) -> dict[str, Reference]:
        """What to calibrate on at `z`; how the claims stand there is kept.

        Raises:
            DiagnosticError: a family cannot be calibrated there.
        """
        found = self.objective.references(z)
        self.standing = None if self.claims is None else self.claims.standing(z)
        return found

    def judge(self, z: Z, found: Mapping[str, Reference]) -> Values:
        """Each measure on what is held back.

        Those on photographs are means over parts, each as large as a step's, as the steps have it.
        """
        values: Values = {}
        if self.figures:
            places: dict[str, NDArray[np.int32]] = {
                name: each.judged for name, each in self.figures.items()
            }
            values |= self.objective.judged(z, found, Shown(figures=places))
        if len(self.held):
            size = min(self.schedule.photographs, len(self.held))
            starts = [min(at, len(self.held) - size) for at in range(0, len(self.held), size)]
            parts = [
                self.objective.judged(z, found, self.photographs(self.held[at : at + size]))
                for at in starts
            ]
            values |= {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
        return {name: values[name] for name, _ in self.objective.terms}

    def drawn(self, step: int) -> Shown:
        """What a step shows: photographs, places among the figures."""
        rng = np.random.default_rng([self.schedule.seed, step])
        shown = Shown()
        if len(self.fitted):
            size = min(self.schedule.photographs, len(self.fitted))
            shown = self.photographs(rng.choice(self.fitted, size, replace=False))
        figures: dict[str, NDArray[np.int32]] = {}
        for name, places in self.places.items():
            count = self.schedule.figures // (_DEARER if name == "tuning" else 1)
            figures[name] = rng.choice(places, min(max(count, 1), len(places)), replace=False)
        return replace(shown, figures=figures)

    def photographs(self, chosen: NDArray[np.int64]) -> Shown:
        """Some photographs, and what is known of them."""
        evidence = self.objective.photographs
        if evidence is None:
            return Shown()
        some = evidence.some(chosen)
        return Shown(some.images, some.targets, some.layer_values, some.log_p, some.removed)


def held_back(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of photographs to fit on, and of those to judge by; the same for every fit.

    A single photograph is both.
    """
    order = np.random.default_rng(0).permutation(count)
    held = min(MOST_HELD_BACK, -(-count // HELD_BACK))
    fitted = order if count == 1 else order[held:]
    return np.sort(fitted), np.sort(order[:held])


def _told(values: Values) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def _label(objective: Objective, schedule: Schedule, claims: Claims | None) -> str:
    """What a checkpoint must agree in with the run that goes on from it."""
    dials = {
        name: [dial.default, dial.low, dial.high]
        for name, dial in free_dials(objective.circuit).items()
    }
    evidence = objective.photographs
    units = [objective.compared, objective.best, objective.preferred_deg, objective.members]
    kept = 0 if claims is None else len(claims.expectations)
    shown = [0 if evidence is None else len(evidence), *units, kept]
    seen = b"" if evidence is None else np.ascontiguousarray(evidence.images).tobytes()
    said = to_source(objective.circuit).encode()
    digests = [hashlib.sha256(part).hexdigest() for part in (said, seen)]
    return json.dumps([dials, shown, objective.terms, schedule.__dict__, digests], sort_keys=True)


def _save(path: Path, state: _State, label: str) -> None:
    leaves = jax.tree.leaves((state.z, state.moments, state.best))
    tensors = {f"leaf{at:04d}": jnp.asarray(leaf) for at, leaf in enumerate(leaves)}
    values = {"step": state.step, "best": state.best_values, "start": state.start_values}
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
