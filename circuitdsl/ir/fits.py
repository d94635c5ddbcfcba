"""The representation of a `fit` block: which dials are fitted, to what, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from circuitdsl.text.source import NOWHERE, Span

Terms = tuple[tuple[str, float], ...]
"""A weighted sum of measures (`ir.tables.measures`): each once, with a weight above 0."""

NATURAL: Terms = (("natural", 1.0),)


def terms_text(terms: Terms) -> str:
    """The sum as a `fit` block has it: `natural + 2*grid`."""
    return " + ".join(name if weight == 1 else f"{weight:g}*{name}" for name, weight in terms)


@dataclass(frozen=True)
class FitBlock:
    """A `fit` block; what it leaves open is None.

    Attributes:
        name: Its name.
        dials: The dials that are fitted; None for all free ones.
        maximise: The weighted sum of measures.
        steps: How many.
        rate: The step size at the start.
        batch: Photographs a step.
        figures: Figures a step.
        seed: Of what each step is shown.
        units: With how many trained units.
    """

    name: str
    dials: tuple[str, ...] | None = None
    maximise: Terms | None = None
    steps: int | None = None
    rate: float | None = None
    batch: int | None = None
    figures: int | None = None
    seed: int | None = None
    units: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)
