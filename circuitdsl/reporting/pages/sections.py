"""The seven arguments as sections: for each family, what was measured or what is lacking.

In: `Evidence`. Out: `Section`s of blocks, hand-written beside original.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

from circuitdsl.compare.families import FamilyComparison, MemberScore
from circuitdsl.compare.recovery import Recovery
from circuitdsl.compare.score import Comparison, UnitScore
from circuitdsl.measure.tunings.along_axes import AxisTuning
from circuitdsl.reporting.drawn.pixels import photograph
from circuitdsl.reporting.pages.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Grid,
    Heading,
    Note,
    Shot,
    Shots,
    Tuned,
    Tunings,
    figure,
    interval,
    number,
    trace,
)
from circuitdsl.reporting.pages.exemplars import example_blocks
from circuitdsl.reporting.pages.heats import grid_blocks
from circuitdsl.reporting.pages.paired import paired
from circuitdsl.reporting.pages.readers import use_blocks
from circuitdsl.reporting.pages.turned import joint_blocks
from circuitdsl.reporting.pages.weighed import readers, reads
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.pages.evidence import Argued, Evidence
from circuitdsl.run.seeing.visualization import Pictures
from circuitdsl.visualizing.features.pictures import Picture

FULL_TURN_DEG = 360.0


@dataclass(frozen=True)
class Section:
    """One argument.

    Attributes:
        id: Its place in the page.
        title: Its heading.
        asks: The question that it answers.
        blocks: What it shows.
    """

    id: str
    title: str
    asks: str
    blocks: tuple[Block, ...]


def sections(shown: Evidence) -> tuple[Section, ...]:
    """The arguments in their order, but for the kernels, which the page shows by family."""
    return tuple(
        Section(place, title, asks, tuple(_of_all(shown, blocks)))
        for place, title, asks, blocks in _ARGUMENTS
    )


def _of_all(shown: Evidence, blocks: Callable[[Argued], Sequence[Block]]) -> list[Block]:
    made: list[Block] = []
    for argued in shown.families:
        made += [Heading(argued.family, argued.family), *blocks(argued)]
    return made


def verdict_of(argued: Argued) -> str:
    """How well a family agrees with units of the network, in one line."""
    found = argued.comparison
    if isinstance(found, Lacking):
        return f"{argued.family}: not held against a trained network. {found.why}"
    r = interval(found.mean["natural_r"], *found.natural_r_ci)
    return (
        f"{argued.family}: natural r {r} with {len(found.units)} units of {found.layer} of "
        f"{found.model}, over {found.images} images"
    )


# ---- 1. pictures


def pictures(argued: Argued) -> list[Block]:
    """Pictures that excite members, and pictures that excite units."""
    return [
        *_pictures(f"Hand-written: {argued.family}", argued.pictures),
        *_pictures("Original units", argued.original_pictures),
    ]


def _pictures(title: str, made: Pictures | Lacking) -> list[Block]:
    if isinstance(made, Lacking):
        return [Note(f"{title}: no pictures. {made.why}")]
    how = f"{made.how.steps} steps, seed {made.how.seed}, {made.side} px"
    return [shots_of(f"{title} ({how})", made)]


def shots_of(title: str, made: Pictures, some: Sequence[Picture] | None = None) -> Shots:
    """Pictures, and below each what it is worth.

    Args:
        title: What they are.
        made: How they were made.
        some: Those that are shown; by default all.
    """
    shots: list[Shot] = []
    for picture in made.pictures if some is None else some:
        worth = [f"excites it by {figure(picture.activations[0])}"]
        if picture.over_photograph is not None:
            worth.append(f"{picture.over_photograph:.1f} times the strongest photograph")
        if picture.again_activation is not None:
            worth.append(f"a second seed {figure(picture.again_activation)}")
        told = f"Picture that excites {picture.name}"
        caption = "; ".join(worth)
        shots.append(Shot(photograph(picture.images[0]), told, picture.name, caption))
    return Shots(title, tuple(shots))


# ---- 3. synthetic stimuli


def synthetic(argued: Argued) -> list[Block]:
    """Members and units on the stimuli that the family names."""
    found = argued.comparison
    if isinstance(found, Lacking):
        return [Note(f"Beside no trained unit. {found.why}")]
    plots = tunings_of(found) or [
        Note("No setting of the family's stimuli follows one of its axes.")
    ]
    return [*plots, *grid_blocks(argued.grids)]


def tunings_of(found: Comparison | FamilyComparison) -> list[Block]:
    """Plots of the pairs of a comparison, along each axis."""
    if isinstance(found, Comparison):
        return [_of_angles(found)]
    return [
        Tunings(
            f"Along {found.axes[place].axis}, each over its maximum",
            tuple(
                _tuned(unit, unit.hand_axes[place], unit.original_axes[place])
                for unit in found.units
            ),
        )
        for place in range(len(found.axes))
    ]


def _of_angles(found: Comparison) -> Tunings:
    angles = found.grid.angles_deg

    def plot(unit: UnitScore) -> Tuned:
        hand, original = unit.hand_tuning, unit.original_tuning
        traces = (
            trace("original", angles, original.curve, FULL_TURN_DEG),
            trace("hand", angles, hand.curve, FULL_TURN_DEG),
        )
        caption = (
            f"prefers {number(hand.preferred_deg, 0)}/{number(original.preferred_deg, 0)} deg, "
            f"width {number(hand.fwhm_deg, 0)}/{number(original.fwhm_deg, 0)}, "
            f"echo {number(hand.echo)}/{number(original.echo)}"
        )
        return Tuned(unit.hand, unit.original, True, ("0", "90"), traces, caption)

    return Tunings("By angle, each over its maximum", tuple(map(plot, found.units)))


def _tuned(unit: MemberScore, hand: AxisTuning, original: AxisTuning) -> Tuned:
    period = hand.period_deg
    traces = (
        trace("original", original.values, original.curve, period),
        trace("hand", hand.values, hand.curve, period),
    )
    digits, what = (0, "deg") if period else (1, "octaves")
    ends = (
        ("0", f"{period / 4:g}") if period else (f"{hand.values[0]:.3g}", f"{hand.values[-1]:.3g}")
    )
    caption = (
        f"prefers {number(hand.preferred, digits)}/{number(original.preferred, digits)} {what}, "
        f"width {number(hand.width, digits)}/{number(original.width, digits)}, "
        f"rival {number(hand.rival)}/{number(original.rival)}"
    )
    return Tuned(unit.hand, unit.original, bool(period), ends, traces, caption)


# ---- 2. photographs


def photographs(argued: Argued) -> list[Block]:
    """How members and units agree on photographs, and the photographs that each answers."""
    return [
        *_agreement_of(argued),
        *example_blocks("Hand-written", argued.examples),
        *example_blocks("Original", argued.original_examples),
    ]


def _agreement_of(argued: Argued) -> list[Block]:
    """How well members and units agree, position by position, beside the controls."""
    found = argued.comparison
    if isinstance(found, Lacking):
        return [Note(f"Beside no trained unit. {found.why}")]
    by_agreement = isinstance(found, FamilyComparison)
    controls = ("partial", "energy alone", "permuted kernels", "other images")
    rows = tuple(
        (
            Cell(unit.hand, unit.hand),
            Cell(unit.original, unit.original),
            *(Cell(text) for text in _agreement(unit)),
        )
        for unit in found.units
    )
    chosen = (
        f"units chosen on {found.chosen_on} other images"
        if isinstance(found, FamilyComparison)
        else "units found by their tuning alone"
    )
    caption = (
        f"Correlation over all positions of {found.images} images from {found.images_from}, with a "
        f"95 % interval over images; {chosen}."
    )
    headings = ("member", "unit", "natural r", *(controls if by_agreement else ()), "on stimuli")
    return [Grid(caption, headings, rows)]


def _agreement(unit: UnitScore | MemberScore) -> list[str]:
    if isinstance(unit, UnitScore):
        return [interval(unit.natural_r, *unit.natural_r_ci), number(unit.tuning_r)]
    own = unit.figure
    controls = (own.partial_r, own.energy, own.random, own.wrong_pairs)
    return [interval(own.r, *own.r_ci), *map(number, controls), number(unit.tuning_r)]


# ---- 5. implementation


def wired(argued: Argued) -> list[Block]:
    """What the units read; the members' kernels stand by family."""
    shown = argued.weights
    note = Note(f"The kernels into {argued.family}, and all before them, follow by family.")
    if isinstance(shown, Lacking):
        return [Note(f"No weights of trained units. {shown.why}"), note]
    return [
        *paired(argued.family, argued.wiring),
        *(reads(unit) for unit in shown.units),
        note,
    ]


# ---- 6. use


def used(argued: Argued) -> list[Block]:
    """What reads the units by their weights, and what they are for on photographs."""
    shown = argued.weights
    if isinstance(shown, Lacking):
        return [Note(f"No trained units that others could read. {shown.why}")]
    return [*use_blocks(argued.uses, shown), *(readers(unit) for unit in shown.units)]


# ---- 7. in place

_CALLED = {
    "cross_entropy": "cross-entropy",
    "kl": "divergence from the intact network",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
}


def in_place(argued: Argued) -> list[Block]:
    """How much of the units' work the members do."""
    found = argued.recovery
    if isinstance(found, Lacking):
        return [Note(f"{argued.family} was not put in their place. {found.why}")]
    rows = tuple(
        (
            Cell(f"{_CALLED.get(share.measure, share.measure)}, against {share.against}"),
            Cell(interval(share.value, *share.ci)),
            Cell(number(share.shuffled)),
            Cell(number(share.random)),
        )
        for share in found.shares
    )
    caption = (
        f"The share of the loss by removal that {argued.family} recovers in the place of "
        f"{', '.join(found.units)}: {found.n} images, "
        f"gains matched on {found.calibrated_on} others."
    )
    headings = ("measure", "recovered", "members shuffled", "random kernels")
    return [_recovered(found), Grid(caption, headings, rows)]


def _recovered(found: Recovery) -> Bars:
    bars = tuple(
        Bar(_CALLED.get(one.measure, one.measure), max(0.0, min(one.value, 1.0)), number(one.value))
        for one in found.shares
        if one.against == "zero" and not isnan(one.value)
    )
    return Bars("Recovered, against removal to zero", bars)


_ARGUMENTS: tuple[tuple[str, str, str, Callable[[Argued], Sequence[Block]]], ...] = (
    ("feature-visualisation", "1. Feature visualisation", "What excites it most?", pictures),
    (
        "dataset-examples",
        "2. Dataset examples",
        "Do both answer the same photographs?",
        photographs,
    ),
    ("synthetic-stimuli", "3. Synthetic stimuli", "Are both tuned alike?", synthetic),
    (
        "joint-tuning",
        "4. Joint tuning",
        "Does a turned photograph excite the relative that is turned so?",
        lambda argued: joint_blocks(argued.joint),
    ),
    ("implementation", "5. Implementation", "What are both wired to?", wired),
    ("use", "6. Use", "What reads the units?", used),
    ("in-place", "7. In place", "Do the members do the units' work?", in_place),
)
