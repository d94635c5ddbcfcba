"""Tables of matches, for the terminal and for spreadsheets.

In: `Matches` of one network. Out: a rich table of the best layers of each family; CSV of all rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import groupby

from rich.table import Table

from circuitdsl.compare.identity import SHORT
from circuitdsl.compare.match import Match
from circuitdsl.reporting.printed.tables import narrow
from circuitdsl.run.comparing.matching import Matches

LAYERS = 3
"""Layers of the terminal's table for each family; files have all of them."""

COLUMNS = (
    *("circuit", "family", "model", "layer", "unit", "member"),
    *("r", "r_low", "r_high", "partial_r", "partial_low", "partial_high"),
    *("energy", "random", "wrong_pairs", "direction_r", "direction"),
    *("stimuli_r", "stimuli_low", "stimuli_high"),
)


def matches_table(matches: Matches) -> Table:
    """The best unit of the best layers of every family."""
    table = narrow(
        f"units of {matches.model} that respond as hand-written members do",
        f"r over all positions of {matches.images} photographs, with a bootstrap 95 % interval; "
        f"{matches.chosen_on} others chose units and members.\n"
        "partial: contrast energy taken out of both; energy: contrast alone; random: the\n"
        "circuit with permuted kernels; wrong: the member's responses to other photographs\n"
        f"weights {matches.weights[:SHORT]}",
    )
    table.add_column("member", overflow="fold")
    table.add_column("unit", no_wrap=True)
    for heading in ("r", "95 %", "partial", "energy", "random", "wrong"):
        table.add_column(heading, justify="right", no_wrap=True)
    along = any(row.along is not None for row in matches.rows)
    if along:
        table.add_column("direction adds", justify="right")
    own = any(row.stimuli is not None for row in matches.rows)
    if own:
        table.add_column("own stimuli", justify="right")
    for _, rows in groupby(matches.rows, key=lambda row: (row.circuit, row.family)):
        for row in _best_of_layers(list(rows)):
            figure = row.figure
            low, high = figure.r_ci
            controls = (figure.partial_r, figure.energy, figure.random, figure.wrong_pairs)
            cells = [f"{value:.2f}" for value in controls]
            if not matches.draws:
                cells[2] = "-"
            table.add_row(
                row.member,
                f"{row.layer}:{row.unit}",
                f"{figure.r:.2f}",
                f"{low:.2f}..{high:.2f}",
                *cells,
                *([] if not along else ["" if row.along is None else f"{row.along.adds:+.2f}"]),
                *([] if not own else [_own(row)]),
            )
        table.add_section()
    return table


def _best_of_layers(rows: Sequence[Match]) -> list[Match]:
    """The unit that was chosen first in each of a family's layers, from the best layer on."""
    firsts = [next(of_layer) for _, of_layer in groupby(rows, key=lambda row: row.layer)]
    return sorted(firsts, key=lambda row: -row.figure.r)[:LAYERS]


def matches_csv(results: Sequence[Matches]) -> str:
    """Every row of every network as comma-separated values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for matches in results:
        for row in matches.rows:
            figure = row.figure
            numbers = (
                figure.r,
                *figure.r_ci,
                figure.partial_r,
                *figure.partial_r_ci,
                figure.energy,
                figure.random if matches.draws else None,
                figure.wrong_pairs,
            )
            writer.writerow(
                [
                    row.circuit,
                    row.family,
                    matches.model,
                    row.layer,
                    row.unit,
                    row.member,
                    *("" if number is None else f"{number:.6f}" for number in numbers),
                    "" if row.along is None else f"{row.along.r:.6f}",
                    "" if row.along is None else _sum(row.along.terms),
                    *_on_stimuli(row),
                ]
            )
    return text.getvalue()


def _own(row: Match) -> str:
    """Agreement on the family's own stimuli, with its interval, for the table."""
    shown = row.stimuli
    if shown is None:
        return ""
    return f"{shown.r:.2f} {shown.r_ci[0]:.2f}..{shown.r_ci[1]:.2f}"


def _on_stimuli(row: Match) -> tuple[str, str, str]:
    """Agreement on the family's own stimuli and the ends of its interval, as text."""
    shown = row.stimuli
    if shown is None:
        return "", "", ""
    return f"{shown.r:.6f}", f"{shown.r_ci[0]:.6f}", f"{shown.r_ci[1]:.6f}"


def _sum(terms: Sequence[tuple[int, float]]) -> str:
    """A direction as the language writes it: `0.7*12 - 0.3*55`."""
    first, *others = terms
    signed = (f" {'-' if weight < 0 else '+'} {abs(weight):.4f}*{unit}" for unit, weight in others)
    return f"{first[1]:.4f}*{first[0]}" + "".join(signed)
