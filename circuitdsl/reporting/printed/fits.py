"""Tables of grids and fits for the terminal.

In: results of the comparisons. Out: rich tables, which the command line prints.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from circuitdsl.compare.expect import Outcome
from circuitdsl.fitting.compared import Agreed
from circuitdsl.fitting.result import FittedCircuit
from circuitdsl.ir.fits import terms_text
from circuitdsl.measure.tunings.published import GridScores
from circuitdsl.reporting.printed.tables import interval, narrow
from circuitdsl.run.fitting_all import FittedFamily


def grids_table(scores: GridScores) -> Table:
    """Published neuron by published neuron, the unit that stands for it."""
    headings = [name.removesuffix("_r") for name in scores.mean]
    table = narrow(
        f"response grids against those of {scores.source}",
        "raw: correlation as they are; aligned: after turning one grid onto the other;\n"
        f"{', '.join(headings[3:])}: {scores.variants_are}",
    )
    table.add_column("neuron", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for score in scores.units:
        figures = (f"{value:.3f}" for value in score.figures.values())
        table.add_row(str(score.unit), score.match, *figures)
    table.add_section()
    table.add_row("mean", "", *(f"{value:.3f}" for value in scores.mean.values()), style="bold")
    return table


def dials_table(fitted: FittedCircuit) -> Table:
    """Where each dial was, and where it went."""
    fit = fitted.fit
    table = narrow(
        f"dials of {fitted.file} fitted to {fitted.model}",
        f"{fit.steps} steps; {terms_text(fitted.objective)}; on what was held back to judge by:\n"
        + "\n".join(
            f"{name} from {first:.3f} to {best:.3f}" for name, (first, best) in fit.measures.items()
        ),
    )
    table.add_column("dial", no_wrap=True)
    for heading in ("written", "fitted", "range"):
        table.add_column(heading, justify="right", no_wrap=True)
    for dial in fitted.dials:
        suffix = {"angle": "°", "px": " px", "tap": " tap"}.get(dial.unit, "")
        limits = "" if dial.low is None else f"{dial.low:g} to {dial.high:g}"
        new = fitted.settings[dial.name]
        table.add_row(dial.name, f"{dial.default:g}{suffix}", f"{new:g}{suffix}", limits)
    return table


def fit_table(fitted: FittedCircuit) -> Table:
    """The scores before and after."""
    table = narrow(
        f"{fitted.family} of {fitted.file} against units of {fitted.model}",
        f"natural r: mean over units, with a bootstrap 95 % interval\n{_units(fitted)}",
    )
    table.add_column("measure", no_wrap=True)
    for heading in ("written", "fitted"):
        table.add_column(heading, justify="right", no_wrap=True)
    before, after = fitted.before, fitted.after
    for name, halves in (
        ("photographs to fit on", (before.train, after.train)),
        ("other photographs", (before.test, after.test)),
    ):
        table.add_row(f"natural r, {name}", *map(_agreed, halves))
    if before.grids is not None and after.grids is not None:
        for name, value in before.grids.mean.items():
            heading = f"grids, {name.replace('_r', ' r')}"
            table.add_row(heading, f"{value:.3f}", f"{after.grids.mean[name]:.3f}")
    if before.claims:
        table.add_row("claims that hold", *(_held(scores.claims) for scores in (before, after)))
    return table


def _held(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(one.holds for one in outcomes)} of {len(outcomes)}" if outcomes else "-"


def _units(fitted: FittedCircuit) -> str:
    """How the units were found, and which they are."""
    if fitted.before.test is None or fitted.after.test is None:
        return f"units found by {fitted.found_by}; weights {fitted.weights[:12]}"
    units = [", ".join(one.test.units) for one in (fitted.before, fitted.after) if one.test]
    told = "the photographs to fit on choose units" if fitted.found_by == "agreement" else ""
    how = told or f"units found as {fitted.found_by}, by their tuning alone"
    lines = dict.fromkeys((f"written: {units[0]}", f"fitted: {units[1]}"))
    shown = units[:1] if units[0] == units[1] else [*lines]
    return "\n".join((f"{how}; weights {fitted.weights[:12]}", *shown))


def _agreed(half: Agreed | None) -> str:
    return "-" if half is None else interval(half.natural_r, *half.natural_r_ci)


def families_table(fits: Sequence[FittedFamily]) -> Table:
    """What the fit of each family came to."""
    table = narrow(
        "families fitted one after the other",
        "what was maximised, on what was held back to judge by, before and after",
    )
    table.add_column("family", no_wrap=True)
    table.add_column("dials", overflow="fold")
    table.add_column("measure", overflow="fold")
    for one in fits:
        table.add_row(
            f"{one.file}.{one.family}",
            ", ".join(f"{dial} = {value:g}" for dial, value in one.settings.items()),
            ", ".join(
                f"{name} {first:.3f} to {best:.3f}" for name, (first, best) in one.measures.items()
            ),
        )
    return table
