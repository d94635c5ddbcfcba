"""What a cleanroom network recovers, as a table for the terminal.

In: `CleanroomResult`. Out: a rich table: each layer alone, the first layers together, controls.
"""

from __future__ import annotations

from rich.table import Table

from circuitdsl.compare.cleanroom import Part
from circuitdsl.reporting.printed.tables import narrow
from circuitdsl.run.comparing.cleanroom import CleanroomResult

CONTROLS = {
    "permuted": "members dealt out anew",
    "shuffled": "other members of the families",
    "random": "permuted kernels",
}
"""What each control is called."""


def cleanroom_table(result: CleanroomResult) -> Table:
    """The share of the cross-entropy that hand-written units recover."""
    figures = result.cleanroom
    table = narrow(
        f"{result.model} with hand-written units in the places of its covered ones",
        "the share of the cross-entropy lost by removing those units, to zero or to their means,\n"
        f"that their members recover, on {figures.images} photographs, with a bootstrap 95 % "
        f"interval;\nmembers (r >= {result.threshold:g}), gains and offsets are of "
        f"{result.calibrated_on} others",
    )
    table.add_column("replaced", overflow="fold")
    table.add_column("units", justify="right", no_wrap=True)
    for heading in ("to zero", "95 %", "to mean", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    _add(table, {part.name: part for part in figures.layers})
    _add(table, {f"all through {part.name}": part for part in figures.first[1:]})
    _add(table, {"all, the rest removed too": figures.alone})
    _add(table, {f"control: {CONTROLS[name]}": part for name, part in figures.controls.items()})
    return table


def _add(table: Table, parts: dict[str, Part]) -> None:
    for name, part in parts.items():
        cells: list[str] = []
        for against in ("zero", "mean"):
            share = part.share(against)
            cells += [f"{share.value:.3f}", f"{share.ci[0]:.2f}..{share.ci[1]:.2f}"]
        table.add_row(name, f"{part.replaced} of {part.units}", *cells)
    table.add_section()
