"""Coverage as a table for the terminal.

In: `Coverage`. Out: a rich table, a row for each layer.
"""

from __future__ import annotations

from rich.table import Table

from circuitdsl.reporting.printed.tables import narrow
from circuitdsl.run.comparing.coverage import Coverage

FAMILIES = 4
"""Families of the terminal's table for each layer; files have all of them."""


def coverage_table(coverage: Coverage) -> Table:
    """The share of every layer that is covered, and the families that cover most of it."""
    table = narrow(
        f"units of {coverage.model} that hand-written families stand for",
        f"correlation over all positions of {coverage.images} photographs with the best of "
        f"{coverage.members} members,\nchosen on {coverage.chosen_on} others; covered: at least "
        "so much, and more than contrast energy\nand the same circuit with permuted kernels",
    )
    table.add_column("layer", no_wrap=True)
    table.add_column("units", justify="right", no_wrap=True)
    for threshold in coverage.thresholds:
        table.add_column(f"r >= {threshold:g}", justify="right", no_wrap=True)
    table.add_column("mean r", justify="right", no_wrap=True)
    table.add_column("most by", overflow="fold")
    for layer in coverage.layers:
        most = list(layer.families(coverage.thresholds[0]).items())[:FAMILIES]
        table.add_row(
            layer.layer,
            str(len(layer.rows)),
            *(f"{layer.share(threshold):.1%}" for threshold in coverage.thresholds),
            f"{layer.mean_best_r:.2f}",
            ", ".join(f"{family} {share:.0%}" for family, share in most),
        )
    return table
