"""Do a circuit's families do what their `expect` lines claim?

In: a circuit, or a network of it. Out: an `Outcome` for each line. What a measure is worth is
worked out in `measure.tunings.of_families`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.expect import Expect, Judgement, Measured
from circuitdsl.ir.stimuli import ACTIVITY, Stimulus
from circuitdsl.ir.writing.spelling import broken, expectation, figure_of, sides, spelled
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.responses import where_shown
from circuitdsl.measure.tunings.of_families import (
    OF_FAMILIES,
    OF_MEMBERS,
    Answered,
    responses_together,
)
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.models.written.merged import without_copies
from circuitdsl.stimuli.render import count
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError
from circuitdsl.text.layout import flat

Floats = NDArray[np.float64]
Claim = tuple[Family, Expect]


@dataclass(frozen=True)
class Extremes:
    """The members that a measure is least and greatest of.

    Attributes:
        measured: The measure.
        least: A member's name and its figure.
        greatest: Likewise.
    """

    measured: Measured
    least: tuple[str, float]
    greatest: tuple[str, float]

    @property
    def line(self) -> str:
        """Both members, as plain text."""
        ends = (self.least, self.greatest)
        least, greatest = (figure_of(self.measured, value) for _, value in ends)
        measure = flat(spelled(self.measured))
        if least == greatest:
            return f"{measure} is {least} in every member"
        return f"{measure} ranges from {least} in `{ends[0][0]}` to {greatest} in `{ends[1][0]}`"


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        of: The family or the score whose it is.
        judgement: What was measured.
        extremes: Of each measure of a family with several members, if the claim is false.
    """

    of: str
    judgement: Judgement
    extremes: tuple[Extremes, ...] = ()

    @property
    def expectation(self) -> Expect:
        """The line."""
        return self.judgement.expect

    @property
    def holds(self) -> bool:
        """Whether the claim is true."""
        return self.judgement.holds

    @property
    def diagnostic(self) -> Diagnostic:
        """E901, which says what was measured."""
        valued = not np.isnan([self.judgement.left, self.judgement.right]).any()
        return Diagnostic(
            "E901",
            f"`{self.of}`: {broken(self.judgement)}",
            self.expectation.span,
            note="; ".join(extremes.line for extremes in self.extremes)
            if valued
            else "no claim holds of what has no value, such as 0/0 or the tuning "
            "of members that do not respond",
        )

    @property
    def line(self) -> str:
        """The expectation with what was measured, as plain text."""
        verdict = "holds" if self.holds else "FAILS"
        claim = f"expect {flat(expectation(self.expectation))}"
        return f"{verdict}  {self.of}: {claim}  ({self.measured})"

    @property
    def measured(self) -> str:
        """What was measured, on both sides of the comparison."""
        left, right = sides(self.judgement)
        return f"{left} {self.expectation.comparison} {right}"


def expectations_met(
    circuit: Circuit | HandwrittenNetwork,
    wanted: Iterable[Expect] | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Outcome, ...]:
    """Measure what the families of a circuit claim.

    Args:
        circuit: A circuit, calibrated first if it asks for it, or a network that is measured as it
            is.
        wanted: Some of its expectations; by default all.
        progress: Told which stimulus set is shown, and how much of it has been.

    Raises:
        DiagnosticError: a family cannot be calibrated (E602), or reads units of a trained network
            and is shown drawn images (E902).
    """
    source = circuit.circuit if isinstance(circuit, HandwrittenNetwork) else circuit
    claims = claims_of(source, wanted)
    if not claims:
        return ()
    if isinstance(circuit, Circuit):
        _answerable(circuit, claims)
    network = calibrate(build(circuit)) if isinstance(circuit, Circuit) else circuit
    answers = Answers(without_copies(network), claims, progress)
    return tuple(answers.outcome(family, expect) for family, expect in claims)


def claims_of(circuit: Circuit, wanted: Iterable[Expect] | None = None) -> list[Claim]:
    """The expectations of a circuit, or some of them, each with its family."""
    chosen = None if wanted is None else tuple(wanted)
    return [
        (family, expect)
        for family in circuit.families
        for expect in family.expectations
        if chosen is None or any(expect is one for one in chosen)
    ]


class Answers:
    """The responses to the sets of claims; each is shown once to all that look at one point."""

    def __init__(
        self,
        network: HandwrittenNetwork,
        claims: Sequence[Claim],
        progress: Callable[[str], None],
    ) -> None:
        self.network = network
        self.progress = progress
        self.sets = {stimulus.name: stimulus for stimulus in network.circuit.stimuli}
        self.families = {family.name: family for family, _ in claims}
        self.shown = {
            (family.name, measured.of) for family, expect in claims for measured in expect.measures
        }
        self.responses: dict[tuple[str, str], Floats] = {}

    def outcome(self, family: Family, expect: Expect) -> Outcome:
        """What became of a claim."""
        judgement = expect.judge(
            lambda measured: OF_FAMILIES[measured.name](self.counted(family, measured))
        )
        if judgement.holds or len(family.members) == 1:
            return Outcome(family.name, judgement)
        extremes: list[Extremes] = []
        for measured in expect.measures:
            figures = OF_MEMBERS[measured.name](self.counted(family, measured))
            if not np.isnan(figures).any():
                least, greatest = (
                    (family.member_name(int(member)), float(figures[member]))
                    for member in (figures.argmin(), figures.argmax())
                )
                extremes.append(Extremes(measured, least, greatest))
        return Outcome(family.name, judgement, tuple(extremes))

    def of(self, family: Family, measured: Measured) -> Floats:
        """The responses of a family to the set of a measure, `[images, members]`.

        Raises:
            DiagnosticError: photographs of the set cannot be shown (E902).
        """
        key, stimulus = (family.name, measured.of), self.sets[measured.of]
        if key not in self.responses:
            canvas = where_shown(self.network, family, stimulus).canvas
            alike = [
                one
                for one in self.families.values()
                if where_shown(self.network, one, stimulus).canvas == canvas
            ]
            together = [one for one in alike if (one.name, stimulus.name) in self.shown]
            names = [one.name for one in alike]
            try:
                responses = responses_together(
                    self.network, together, stimulus, names, self._told(stimulus)
                )
            except InputError as error:
                if stimulus.folder is None:
                    raise
                message = f"`{stimulus.name}` cannot be shown: {error.message}"
                fault = Diagnostic("E902", message, measured.span, note=error.why, help=error.help)
                raise DiagnosticError([fault]) from error
            self.responses |= {(name, stimulus.name): of for name, of in responses.items()}
        return self.responses[key]

    def _told(self, stimulus: Stimulus) -> Callable[[int], None]:
        total = count(stimulus)
        return lambda shown: self.progress(f"`{stimulus.name}`: {shown:,} of {total:,} images")

    def counted(self, family: Family, measured: Measured) -> Answered:
        """A family's responses to the set of a measure, and which images count for it."""
        stimulus = self.sets[measured.of]
        return Answered(family, stimulus, self.of(family, measured), dict(measured.settings))


def _answerable(circuit: Circuit, claims: Sequence[Claim]) -> None:
    """Refuse to show drawn images to units of a trained network that is not there."""
    sets = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    faults: list[Diagnostic] = []
    for family, expect in claims:
        if not circuit.reads_units(family.name):
            continue
        for measured in expect.measures:
            if sets[measured.of].generator == ACTIVITY:
                continue
            message = (
                f"`{family.name}` reads units of a trained network, to which nobody shows "
                f"`{measured.of}`"
            )
            help_ = "Say how these units respond: `stimulus NAME = activity() { ... }`."
            faults.append(Diagnostic("E902", message, measured.span, help=help_))
    if faults:
        raise DiagnosticError(faults)


def describe_outcomes(outcomes: Iterable[Outcome]) -> str:
    """The expectations with what was measured, a line each, and how many of them hold."""
    everything = tuple(outcomes)
    held = sum(outcome.holds for outcome in everything)
    lines = [outcome.line for outcome in everything]
    return "\n".join([*lines, f"{held} of {len(lines)} expectations hold"])
