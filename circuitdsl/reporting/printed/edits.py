"""Tables of what edits do.

In: results of sweeps, effects and recoveries. Out: rich tables, which the command line prints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from rich.table import Table as Printed

from circuitdsl.compare.effect import Change, Effect, Variant
from circuitdsl.compare.identity import Identity
from circuitdsl.compare.recovery import Recovery
from circuitdsl.compare.sides import LEFT, RIGHT, SideScore
from circuitdsl.editing.sweep import Table
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.reporting.printed.tables import interval, narrow
from circuitdsl.run.sweeps import Approximation

MOST_ROWS = 20
"""Rows of a sweep that are printed; all of them are in its file."""

_HEADINGS = {"top1": "top-1", "top5": "top-5", "cross_entropy": "loss", "kl": "KL"}


def sweep_table(swept: Table) -> Printed:
    """The ablations that raise the loss most."""
    change = swept.change("cross_entropy")
    order = np.argsort(-change, kind="stable")[:MOST_ROWS].tolist()
    printed = narrow(
        f"{len(change)} ablations, those that raise the loss most",
        f"means over {swept.images} images; loss: cross-entropy in nats; KL: to the intact network",
    )
    printed.add_column("ablated")
    for heading in ("top-1", "top-5", "loss", "change", "KL"):
        printed.add_column(heading, justify="right", no_wrap=True)
    for row in [0, *(index + 1 for index in order)]:
        means = dict(zip(OUTPUTS, swept.means[row].tolist(), strict=True))
        moved = "" if row == 0 else f"{change[row - 1]:+.4f}"
        printed.add_row(
            swept.names[row],
            f"{means['top1']:.1%}",
            f"{means['top5']:.1%}",
            f"{means['cross_entropy']:.4f}",
            moved,
            f"{means['kl']:.4f}",
        )
    return printed


def approximation_table(found: Approximation) -> Printed:
    """The units whose ablation should raise the loss most, to first order."""
    order = np.argsort(-found.changes, kind="stable")[:MOST_ROWS].tolist()
    printed = narrow(
        f"{len(found.names)} units by first-order attribution",
        f"over {found.images} images; rank correlation with the exact ablation of "
        f"{found.sample} of them: {found.spearman:.3f}",
    )
    printed.add_column("unit")
    printed.add_column("change of loss", justify="right", no_wrap=True)
    for index in order:
        printed.add_row(found.names[index], f"{found.changes[index]:+.4f}")
    return printed


def effect_table(found: Effect, name: str) -> Printed:
    """An edit beside its controls: each measure, and its change with a paired interval."""
    printed = narrow(
        f"{name} on {found.n} images",
        "changes are from the intact network, with paired bootstrap 95 % intervals\n"
        "loss: cross-entropy in nats; KL: to the intact network" + _identity(found.identity),
    )
    _effect_columns(printed)
    printed.add_row("intact", *_measures(found.intact), "", "0.000")
    for variant in (found.edited, *found.controls):
        printed.add_row(*_variant(variant))
    return printed


def effects_table(effects: Mapping[str, Effect], file: str) -> Printed:
    """The edits of a file, each over its controls."""
    first = next(iter(effects.values()))
    printed = narrow(
        f"edits of {file} on {first.model}, {first.n} images",
        "changes are from the intact network, with paired bootstrap 95 % intervals\n"
        "loss: cross-entropy in nats; KL: to the intact network",
    )
    _effect_columns(printed)
    intact: Mapping[str, float] = {}
    for name, effect in effects.items():
        if dict(effect.intact) != intact:  # an edit may set photographs aside that others show
            intact = dict(effect.intact)
            printed.add_row("intact", *_measures(intact), "", "0.000")
        _, *measured = _variant(effect.edited)
        printed.add_row(name, *measured)
        for control in effect.controls:
            of_control, *measured = _variant(control)
            printed.add_row(f"  {of_control}", *measured)
    return printed


def _effect_columns(printed: Printed) -> None:
    printed.add_column("network", no_wrap=True)
    for heading in ("top-1", "top-5", "loss", "change of loss", "KL"):
        printed.add_column(heading, justify="right", no_wrap=True)


def changes_table(found: Effect) -> Printed:
    """What the edit changes, measure by measure, with paired intervals."""
    printed = narrow("what the edit changes", "with paired bootstrap 95 % intervals over images")
    for heading in ("measure", "intact", "edited", "change"):
        printed.add_column(
            heading, justify="left" if heading == "measure" else "right", no_wrap=True
        )
    for measure in OUTPUTS:
        change = found.edited.changes[measure]
        low, high = change.ci
        printed.add_row(
            _HEADINGS[measure],
            f"{found.intact[measure]:.3f}",
            f"{found.edited.means[measure]:.3f}",
            f"{change.value:+.3f} ({low:+.3f}..{high:+.3f})",
        )
    return printed


def moved_table(found: Effect) -> Printed:
    """The classes whose mean probability moved most, and how many predictions flipped."""
    flips, wrong, right = found.flips
    printed = narrow(
        "classes that moved most",
        f"{flips} of {found.n} predictions flipped: {wrong} no longer right, {right} now right",
    )
    printed.add_column("class")
    printed.add_column("change of mean probability", justify="right", no_wrap=True)
    for moved in found.moved:
        printed.add_row(moved.name, f"{moved.change:+.5f}")
    return printed


def tuning_table(found: Sequence[SideScore]) -> Printed:
    """Comparisons of responses to figures at all angles."""
    lines = dict.fromkeys(line for each in found for line in each.identity.lines)
    caption = "\n".join(("echo: the mean over units; r: the mean over pairs", *lines))
    printed = narrow("responses to figures at all angles", caption)
    for heading in ("score", "units", "echo of left", "echo of right", "r"):
        printed.add_column(heading, justify="left" if heading == "score" else "right", no_wrap=True)
    for each in found:
        measured = each.measured
        printed.add_row(
            each.name,
            " : ".join(str(len(each.units(side))) for side in (LEFT, RIGHT) if each.units(side)),
            f"{measured['echo(left)']:.1%}",
            f"{measured['echo(right)']:.1%}" if "echo(right)" in measured else "",
            f"{measured['correlation']:.2f}" if "correlation" in measured else "",
        )
    return printed


def recovery_table(found: Recovery) -> Printed:
    """Each measure against each removal, and the controls beside it."""
    printed = narrow(
        f"recovery on {found.n} images, {len(found.units)} units",
        "(spliced - removed) / (intact - removed), with a paired bootstrap 95 % interval\n"
        "shuffled: the same hand-written members dealt anew among the units, where they\n"
        "have several; random: members with random kernels of the same norm;\n"
        f"gains and means are from {found.calibrated_on} other images" + _identity(found.identity),
    )
    printed.add_column("measure", no_wrap=True)
    printed.add_column("against", no_wrap=True)
    for heading in ("intact", "removed", "spliced", "recovered", "shuffled", "random"):
        printed.add_column(heading, justify="right", no_wrap=True)
    for share in found.shares:
        numbers = (
            found.means[name][share.measure] for name in ("intact", share.against, "spliced")
        )
        printed.add_row(
            _HEADINGS[share.measure],
            share.against,
            *(f"{number:.3f}" for number in numbers),
            interval(share.value, *share.ci),
            _share(share.shuffled),
            _share(share.random),
        )
    return printed


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _identity(identity: Identity | None) -> str:
    """The network and the units that were found, as lines of a caption."""
    return "" if identity is None else "".join(f"\n{line}" for line in identity.lines)


def _variant(variant: Variant) -> tuple[str, ...]:
    change: Change = variant.changes["cross_entropy"]
    low, high = change.ci
    moved = f"{change.value:+.3f} ({low:+.3f}..{high:+.3f})"
    return (variant.name, *_measures(variant.means), moved, f"{variant.means['kl']:.3f}")


def _measures(means: Mapping[str, float]) -> tuple[str, str, str]:
    return (
        f"{means['top1']:.1%}",
        f"{means['top5']:.1%}",
        f"{means['cross_entropy']:.3f}",
    )
