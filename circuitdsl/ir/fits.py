"""The representation of a `fit` block: which dials are fitted, to what, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from circuitdsl.source import NOWHERE, Span

Objective = Literal["natural", "grid", "both"]


@dataclass(frozen=True)
class FitBlock:
    """A `fit` block; what it leaves open is None.

    Attributes:
        name: Its name.
        over: The dials that are fitted; None for all free ones.
        maximise: Agreement on photographs, on published grids, or on both.
        share: Of the photographs in the sum of both.
        steps: How many.
        rate: The step size at the start.
        batch: Photographs a step.
        seed: Of what each step is shown.
        units: With how many trained units.
    """

    name: str
    over: tuple[str, ...] | None = None
    maximise: Objective | None = None
    share: float | None = None
    steps: int | None = None
    rate: float | None = None
    batch: int | None = None
    seed: int | None = None
    units: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)
