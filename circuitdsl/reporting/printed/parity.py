"""Parity of networks, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from circuitdsl.reporting.printed.tables import narrow
from circuitdsl.run.verifying import Parity


def parity_tables(parity: Parity) -> Iterator[Table]:
    """The layers against their reference, and the preprocessings that were tried."""
    if parity.layers:
        table = narrow(
            f"{parity.model} against a reference", "share: of the layer's largest value there"
        )
        table.add_column("layer", no_wrap=True)
        table.add_column("largest difference", justify="right")
        table.add_column("share", justify="right")
        for row in parity.layers:
            table.add_row(row.layer, f"{row.largest:.3g}", f"{row.share:.1e}")
        yield table
    if parity.trials:
        table = narrow(
            f"{parity.model} on {parity.images} photographs, prepared in several ways",
            "the network's own is marked *",
        )
        table.add_column("images", no_wrap=True)
        for heading in ("top-1", "top-5", "cross-entropy"):
            table.add_column(heading, justify="right")
        for row in parity.trials:
            table.add_row(
                f"{row.name} *" if row.own else row.name,
                f"{row.top1:.1%}",
                f"{row.top5:.1%}",
                f"{row.cross_entropy:.3f}",
                style="bold" if row.own else None,
            )
        yield table
