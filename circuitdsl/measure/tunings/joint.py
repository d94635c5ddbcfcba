"""Joint tuning: what excites a unit, turned; how it and its relatives answer at every turn.

In: places in photographs that excite units, an axis of a group. Out: the responses of all units to
every place, turned counter-clockwise, mirrored, scaled or changed in hue about the unit's receptive
field (Cammarata et al. 2020, "Curve Detectors", turned dataset examples so). What is turned by the
difference of two preferred angles excites the other unit most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.members.angles import difference_deg
from circuitdsl.measure.examples import Example
from circuitdsl.measure.tunings.tuning import tuning_along
from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.batches import filled
from circuitdsl.stimuli.centre import central, fitting_side

Floats = NDArray[np.float64]
Axis = Literal["rot", "hue", "scale", "flip"]

_BATCH = 64
_GREY = 127.5


@dataclass(frozen=True, eq=False)
class JointTuning:
    """Responses to turned examples.

    Attributes:
        axis: What was done to them: `rot` and `hue` in degrees, `scale` as a factor, `flip` 0 or 1.
        values: How much of it.
        owners: The units whose examples they are.
        names: The units that answered.
        responses: `[owner, example, value, unit]`; NaN where an owner has fewer examples.
    """

    axis: Axis
    values: tuple[float, ...]
    owners: tuple[str, ...]
    names: tuple[str, ...]
    responses: Floats

    @property
    def curves(self) -> Floats:
        """The mean over each owner's examples, `[owner, value, unit]`."""
        return np.nanmean(self.responses, axis=1)

    @property
    def aligned(self) -> Floats:
        """The mean over owners of what an owner, and the best other unit, answer to its examples.

        Each curve is divided by the largest value of its own; units that answer the example as it
        is count as aligned with it.

        Returns:
            `[2, value]`: owners, and units that are not among the owners; NaN without such.
        """
        curves = self.curves / np.maximum(np.nanmax(self.curves, axis=1, keepdims=True), 1e-12)
        own = [curves[at, :, self.names.index(name)] for at, name in enumerate(self.owners)]
        strangers = [at for at, name in enumerate(self.names) if name not in self.owners]
        raw = self.curves
        others = [
            curves[at, :, max(strangers, key=lambda one, at=at: float(raw[at, 0, one]))]
            for at in range(len(self.owners))
            if strangers
        ]
        nothing = np.full(len(self.values), np.nan)
        return np.stack([np.mean(own, axis=0), np.mean(others, axis=0) if others else nothing])

    def shifts_deg(self, period_deg: float = 360.0) -> Floats:
        """The turn at which each unit answers an owner's examples most, `[owner, unit]`.

        NaN for units that never answer.

        Raises:
            ValueError: the axis is not one of angles.
        """
        if self.axis not in ("rot", "hue"):
            raise ValueError(f"{self.axis} is no axis of angles")
        speed = 360.0 / period_deg
        angles = [value * speed for value in self.values if value < period_deg]
        curves = self.curves[:, : len(angles)]
        return np.array(
            [
                [tuning_along(curve, angles).preferred_deg / speed for curve in owner.T]
                for owner in curves
            ]
        )

    def errors_deg(
        self, owner_deg: Sequence[float], unit_deg: Sequence[float], period_deg: float = 360.0
    ) -> Floats:
        """How far turns are from the differences of preferred angles, `[owner, unit]`.

        Args:
            owner_deg: The angle that each owner prefers, by other means.
            unit_deg: That of each unit.
            period_deg: After which units answer alike.
        """
        shifts = self.shifts_deg(period_deg)
        return np.array(
            [
                [
                    abs(difference_deg(shifts[at, to], own - first, period_deg))
                    for to, own in enumerate(unit_deg)
                ]
                for at, first in enumerate(owner_deg)
            ]
        )

    def record(self) -> dict[str, Any]:
        """The curves as JSON has them."""
        return {
            "axis": self.axis,
            "values": list(self.values),
            "units": list(self.names),
            "owners": {
                owner: curves.T.tolist()
                for owner, curves in zip(self.owners, self.curves, strict=True)
            },
        }


@dataclass(frozen=True, eq=False)
class Owner:
    """A unit, and places that excite it.

    Attributes:
        name: The unit.
        examples: The places.
    """

    name: str
    examples: tuple[Example, ...]


def joint_tuning(
    owners: Sequence[Owner],
    photographs: Mapping[int, NDArray[np.float32]],
    subjects: Sequence[Subject],
    change: tuple[Axis, Sequence[float]],
    progress: Callable[[int], None] = lambda done: None,
) -> JointTuning:
    """Turn examples, and show them to units.

    Args:
        owners: Units of the first subject, and their examples.
        photographs: RGB, 0..255, `[height, width, 3]`, by number, as the network saw them.
        subjects: The units that are shown them; of one layer's geometry, trained and hand-written.
        change: What is done, and how much of it.
        progress: Told how many examples are done.
    """
    axis, values = change
    first = subjects[0]
    sampling = first.backbone.sampling(first.layer)
    side = max(fitting_side(one.backbone, one.layer) for one in subjects)
    most = max(len(owner.examples) for owner in owners)
    names = tuple(name for subject in subjects for name in subject.names)
    responses = np.full((len(owners), most, len(values), len(names)), np.nan)
    done = 0
    for at, owner in enumerate(owners):
        for number, example in enumerate(owner.examples):
            place = (
                sampling.offset + sampling.stride * example.row,
                sampling.offset + sampling.stride * example.column,
            )
            photograph = jnp.asarray(photographs[example.place])
            responses[at, number] = np.concatenate(
                [_answers(subject, photograph, place, change, side) for subject in subjects],
                axis=-1,
            )
            done += 1
            progress(done)
    return JointTuning(axis, tuple(values), tuple(owner.name for owner in owners), names, responses)


def _answers(
    subject: Subject,
    photograph: Array,
    place: tuple[float, float],
    change: tuple[Axis, Sequence[float]],
    side: int,
) -> Floats:
    """The neurons in the middle, `[value, unit]`, shown one place changed."""
    centre = central(subject.backbone, subject.layer, side)
    axis, values = change
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(values), _BATCH):
        some = np.asarray(values[start : start + _BATCH], np.float32)
        whole = jnp.asarray(filled(some, _BATCH))
        column, row = centre.canvas.point
        images = changed(photograph, axis, whole, place=place, point=(row, column), side=side)
        parts.append(np.asarray(subject.neurons(images, centre.index))[: len(some)])
    return np.concatenate(parts).astype(np.float64)


def changed(
    photograph: Array,
    axis: Axis,
    values: Array,
    *,
    place: tuple[float, float],
    point: tuple[float, float],
    side: int,
) -> Array:
    """A place of a photograph, changed, each time in the same point of an image.

    Args:
        photograph: RGB, 0..255, `[height, width, 3]`; beyond its edge the outermost pixels go on.
        axis: `rot` turns counter-clockwise by degrees, `hue` turns hues about grey, `scale`
            enlarges by a factor, `flip` mirrors left and right where the value is 1.
        values: `[n]`.
        place: Row and column in the photograph.
        point: Row and column in the images.
        side: The side of the images, in pixels.

    Returns:
        RGB, 0..255, `[n, side, side, 3]`.
    """
    still = jnp.zeros_like(values)
    turn = jnp.deg2rad(values) if axis == "rot" else still
    scale = jnp.maximum(values, 1e-3) if axis == "scale" else still + 1
    mirror = 1 - 2 * values if axis == "flip" else still + 1
    images = _resampled(
        photograph, jnp.stack([turn, scale, mirror]), jnp.asarray(place), jnp.asarray(point), side
    )
    if axis != "hue":
        return images
    return _with_hue(images, jnp.deg2rad(values))


def _resampled(photograph: Array, moves: Array, place: Array, point: Array, side: int) -> Array:
    turn, scale, mirror = (move[:, None, None] for move in moves)
    at = jnp.arange(side, dtype=jnp.float32)
    right, up = (at - point[1])[None, None, :] * mirror, (point[0] - at)[None, :, None]
    x = (jnp.cos(turn) * right + jnp.sin(turn) * up) / scale
    y = (jnp.cos(turn) * up - jnp.sin(turn) * right) / scale
    places = [place[0] - y, place[1] + x]
    channels = [
        jax.scipy.ndimage.map_coordinates(photograph[..., one], places, order=1, mode="nearest")
        for one in range(3)
    ]
    return jnp.stack(channels, axis=-1)


def _with_hue(images: Array, turn: Array) -> Array:
    """Colours turned about the axis of greys by an angle, `[n]` (Rodrigues' formula)."""
    k = 3**-0.5
    centred = images - _GREY
    cos, sin = (part[:, None, None, None] for part in (jnp.cos(turn), jnp.sin(turn)))
    along = centred.sum(axis=-1, keepdims=True) * k * k
    crossed = k * (jnp.roll(centred, 1, axis=-1) - jnp.roll(centred, -1, axis=-1))
    return jnp.clip(centred * cos + crossed * sin + along * (1 - cos) + _GREY, 0, 255)
