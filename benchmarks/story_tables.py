"""The tables of the four stories, as docs/stories.md has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def tables(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """All tables of some figures (`stories.py`), as Markdown."""
    heads, car = figures["heads"], figures["car"]
    return (
        _table(
            (
                "looks left",
                "looks right",
                "mirror partner",
                "itself",
                "weights mirrored",
                "as they are",
                "opposed pairs",
                "same side",
                "other side",
                "prefers its side",
            ),
            [_pair(row) for row in heads["pairs"]],
        ),
        _table(
            ("either side", "reads left", "reads right", "its own partner"),
            [
                (f"mixed4b:{row['unit']}", *_numbers(row, "left", "right", "own_r"))
                for row in heads["either"]
            ],
        ),
        _table(
            ("head with neck", "reads heads of either side", "neck", "above", "below"),
            [
                (
                    f"mixed4c:{row['unit']}",
                    f"{row['heads']:.2f}",
                    f"mixed4b:{row['neck']}",
                    *_numbers(row, "neck_above", "neck_below"),
                )
                for row in heads["necks"]
            ],
        ),
        _table(
            (
                "one pathway taken out",
                "dogs that look its way",
                "that look the other way",
                "difference",
            ),
            [
                (
                    title,
                    *(
                        _with_interval(heads["removed"], f"{name}_{way}")
                        for way in ("own", "other", "difference")
                    ),
                )
                for title, name in (
                    ("response of the heads of either side", "either"),
                    ("cross-entropy", "cross_entropy"),
                )
            ],
        ),
        _table(
            ("car", "figure"),
            [
                (
                    f"`mixed4c:{car['unit']}`: response to {car['cars']} cars",
                    _with_interval(car, "up", ".0f"),
                ),
                (
                    "the share of it that cars upside down keep",
                    _with_interval(car, "kept_upside_down"),
                ),
                (
                    "the same of other photographs",
                    _with_interval(car, "others_kept_upside_down"),
                ),
                (
                    "r of the hand-written car with the unit",
                    _with_interval(car["by_hand"], "r"),
                ),
                (
                    "the same with panes below and wheels above",
                    _with_interval(car["by_hand"], "upset_r"),
                ),
            ],
        ),
        _table(
            ("part", "unit", "weight above", "below"),
            [
                (name, f"mixed4b:{row['unit']}", *_numbers(row, "above", "below"))
                for name, rows in car["parts"].items()
                for row in rows
            ],
        ),
        _table(("superposition", "figure"), _superposition(figures["superposition"])),
        _table(
            ("unit", "first kind", "second kind", "response to each", "halfway"),
            [
                (
                    f"{row['layer']}:{row['unit']}",
                    ", ".join(row["first_of"][:5]),
                    ", ".join(row["second_of"][:5]),
                    f"{row['first']:.1f}, {row['second']:.1f}",
                    f"{row['halfway']:.1f}",
                )
                for row in figures["polysemantic"]["units"]
            ],
        ),
    )


def _pair(row: Mapping[str, Any]) -> tuple[str, ...]:
    rivals = row["rivals"]
    return (
        f"{row['layer']}:{row['left']}",
        f"{row['layer']}:{row['right']}",
        *_numbers(row, "partner_r", "own_r", "weights_mirrored", "weights_straight"),
        f"{rivals['opposed']} of {rivals['pairs']}",
        *_numbers(rivals, "same_side", "other_side"),
        _with_interval(row, "prefers"),
    )


def _superposition(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            "units of mixed4d that dogs excite; those of them that the car excites",
            f"{row['dog_units']} of {row['units']}; {row['excited_dog_units']}",
        ),
        ("their share of the car's excitation", f"{row['share_of_excitation']:.2f}"),
        (
            f"r of the best of them, `mixed4d:{row['best_single']}`, with the car",
            _with_interval(row, "single_r"),
        ),
        ("r of the best direction of all of them", _with_interval(row, "direction_r")),
        ("the same, fitted to shuffled photographs", _with_interval(row, "shuffled_r")),
    ]


def _numbers(row: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(f"{row[name]:.2f}" for name in names)


def _with_interval(row: Mapping[str, Any], name: str, style: str = ".2f") -> str:
    low, high = row[f"{name}_ci"]
    return f"{row[name]:{style}} ({low:{style}} to {high:{style}})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, *rows]
    texts = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join((texts[0], "|---" * len(head) + "|", *texts[1:]))
