"""Do a circuit's families do what their `expect` lines claim?

In: a circuit, or a network of it. Out: an `Outcome` for each line. Stimulus sets are shown around
the neuron in the middle; its responses are measured.

`response` is the mean over members of the largest response among the images that count, `spread`
the range of these over members, relative to their mean. `preferred_error` is the largest angle
between a member's own and the one that it prefers, `fwhm` the mean width of the tuning curves at
half of their height, `echo` the largest response around the opposite angle, relative to the peak.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.angles import difference_deg
from circuitdsl.ir.circuit import Circuit, Family, Stimulus
from circuitdsl.ir.expect import ClaimTerm, Expectation, Measure, MeasureUnit
from circuitdsl.ir.spelling import expectation
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.responses import answers
from circuitdsl.measure.tuning import Tuning, curve_tuning
from circuitdsl.models.handwritten import HandwrittenNetwork, build
from circuitdsl.stimuli.render import centre_of, rows
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError
from circuitdsl.text.layout import flat

Floats = NDArray[np.float64]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        family: Whose it is.
        expectation: The line.
        left: Value of its left side, plain or in degrees.
        right: Value of its right side.
    """

    family: str
    expectation: Expectation
    left: float
    right: float

    @property
    def holds(self) -> bool:
        """Whether the claim is true; a measure without a value makes it false."""
        return bool(_COMPARE[self.expectation.comparison](self.left, self.right))

    @property
    def diagnostic(self) -> Diagnostic:
        """E901, which says what was measured."""
        unit, claim = self.expectation.unit, self.expectation
        sides = [_shown(value, unit) for value in (self.left, self.right)]
        return Diagnostic(
            "E901",
            f"`{self.family}` does not do what it should: {sides[0]} {claim.comparison} {sides[1]} "
            "does not hold",
            claim.span,
            label=_label(claim, sides),
            note="a measure without a value comes from members that do not respond"
            if np.isnan(self.left) or np.isnan(self.right)
            else "",
        )


def expectations_met(
    circuit: Circuit | HandwrittenNetwork, wanted: Iterable[Expectation] | None = None
) -> tuple[Outcome, ...]:
    """Measure what the families of a circuit claim.

    Args:
        circuit: A circuit, calibrated first if it asks for it, or a network that is measured as it
            is.
        wanted: Some of its expectations; by default all.

    Raises:
        DiagnosticError: a family cannot be calibrated (E602), or reads units of a trained network
            and is shown drawn images (E902).
    """
    source = circuit.circuit if isinstance(circuit, HandwrittenNetwork) else circuit
    chosen = None if wanted is None else tuple(wanted)
    claims = [
        (family, claim)
        for family in source.families
        for claim in family.expectations
        if chosen is None or any(claim is one for one in chosen)
    ]
    if not claims:
        return ()
    if isinstance(circuit, Circuit):
        _answerable(circuit, claims)
    network = calibrate(build(circuit)) if isinstance(circuit, Circuit) else circuit
    shown: dict[tuple[str, str], Floats] = {}

    def value(family: Family, terms: tuple[ClaimTerm, ...]) -> float:
        return sum(
            term.weight
            * (1.0 if term.measure is None else _measured(network, family, term.measure, shown))
            for term in terms
        )

    return tuple(
        Outcome(family.name, claim, value(family, claim.left), value(family, claim.right))
        for family, claim in claims
    )


def _answerable(circuit: Circuit, claims: list[tuple[Family, Expectation]]) -> None:
    """Refuse to show drawn images to units of a trained network that is not there."""
    sets = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    found: list[Diagnostic] = []
    for family, claim in claims:
        read = [each for each in circuit.needs(family.name) if circuit.by_name[each].units]
        for term in (*claim.left, *claim.right):
            measure = term.measure
            if not read or measure is None or sets[measure.stimulus].generator == ACTIVITY:
                continue
            message = (
                f"`{family.name}` reads units of a trained network, to which nobody shows "
                f"`{measure.stimulus}`"
            )
            help_ = "Say how these units respond: `stimulus NAME = activity() { ... }`."
            found.append(Diagnostic("E902", message, measure.span, help=help_))
    if found:
        raise DiagnosticError(found)


def describe_outcomes(outcomes: Iterable[Outcome]) -> str:
    """The expectations with what was measured, as plain text, a line each."""
    lines: list[str] = []
    for each in outcomes:
        claim = each.expectation
        sides = [_shown(value, claim.unit) for value in (each.left, each.right)]
        text = " ".join(claim.span.text.split()) or f"expect {flat(expectation(claim))}"
        holds = "holds" if each.holds else "FAILS"
        lines.append(f"{holds}  {each.family}: {text}  ({sides[0]} {claim.comparison} {sides[1]})")
    return "\n".join(lines) + "\n"


def _measured(
    network: HandwrittenNetwork,
    family: Family,
    measure: Measure,
    shown: dict[tuple[str, str], Floats],
) -> float:
    stimulus = next(s for s in network.circuit.stimuli if s.name == measure.stimulus)
    key = (family.name, stimulus.name)
    if key not in shown:
        shown[key] = _responses(network, family, stimulus)
    table = rows(stimulus)
    if measure.name in ("response", "spread"):
        peaks = _peaks(shown[key], table, family, stimulus, dict(measure.settings))
        if measure.name == "response":
            return float(peaks.mean())
        return float(np.ptp(peaks) / peaks.mean()) if peaks.mean() > 0 else float("nan")
    kept = _chosen(table, {k: v for k, v in measure.settings if k != "th"})
    period = _period(family, stimulus)
    tunings = _tunings(shown[key][kept], table["th"][kept], period)
    if measure.name == "preferred_error":
        return max(map(abs, _errors(family, tunings, period)))
    if measure.name == "fwhm":
        return float(np.mean([each.fwhm_deg for each in tunings])) * period / 360.0
    return max(each.echo for each in tunings)


def _responses(network: HandwrittenNetwork, family: Family, stimulus: Stimulus) -> Floats:
    """The central neurons' responses to every image, `[images, members]`."""
    at = centre_of(stimulus, network.backbone, family.layer).index
    found = [maps[:, at, at] for maps in answers(network, family, stimulus)]
    return np.concatenate(found).astype(np.float64)


def _chosen(table: dict[str, NDArray[np.float32]], settings: dict[str, float]) -> NDArray[np.bool_]:
    """Which images have these settings."""
    count = len(next(iter(table.values())))
    kept = np.ones(count, np.bool_)
    for name, value in settings.items():
        kept &= np.isclose(table[name], value, rtol=1e-5, atol=1e-5)
    return kept


def _peaks(
    responses: Floats,
    table: dict[str, NDArray[np.float32]],
    family: Family,
    stimulus: Stimulus,
    settings: dict[str, float],
) -> Floats:
    """The largest response of each member among the images that count for it, `[members]`."""
    angles = _member_angles(family)
    turn = settings.pop("th", None) if angles is not None else None
    kept = _chosen(table, settings)
    if turn is None or angles is None:
        return responses[kept].max(axis=0)
    period = _period(family, stimulus)
    peaks: list[float] = []
    for member, own in enumerate(angles):
        away = np.abs((table["th"] - own - turn + period / 2) % period - period / 2)
        near = kept & (away <= away[kept].min() + 1e-3)
        peaks.append(float(responses[near, member].max()))
    return np.array(peaks)


def _member_angles(family: Family) -> list[float] | None:
    axis = family.rotation
    if axis is None:
        return None
    at = family.axes.index(axis)
    return [axis.angles_deg[member[at]] for member in family.members]


def _period(family: Family, stimulus: Stimulus) -> float:
    orient = family.rotation is not None and family.rotation.kind == "orient"
    return 180.0 if orient or stimulus.generator == "lines" else 360.0


def _tunings(responses: Floats, angles: NDArray[np.float32], period: float) -> list[Tuning]:
    """The tuning of each member over one period, stretched to a full circle."""
    turned = np.round(angles.astype(np.float64) % period, 6)
    steps = np.unique(turned)
    curves = np.stack([responses[turned == step].mean(axis=0) for step in steps])
    stretched = [float(step) * 360.0 / period for step in steps]
    return [curve_tuning(curves[:, member], stretched) for member in range(curves.shape[1])]


def _errors(family: Family, tunings: list[Tuning], period: float) -> list[float]:
    angles = _member_angles(family) or []
    return [
        difference_deg(each.preferred_deg * period / 360.0, own, period)
        for each, own in zip(tunings, angles, strict=True)
    ]


def _shown(value: float, unit: MeasureUnit) -> str:
    return f"{value:.3g}{'deg' if unit == 'angle' else ''}"


def _label(claim: Expectation, sides: list[str]) -> str:
    named = [
        f"{name} is {shown}"
        for name, terms, shown in (
            ("the left side", claim.left, sides[0]),
            ("the right side", claim.right, sides[1]),
        )
        if any(term.measure is not None for term in terms)
    ]
    return ", ".join(named)
