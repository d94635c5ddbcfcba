"""Pages of the site that are made from the program itself: words, measures, commands, Python.

In: the package. Out: Markdown in `reference/`. The site is built from them; they are not kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import MEASURES
from circuitdsl.reporting.library_page import library_table
from circuitdsl.syntax import words

_TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Declarations", words.DECLARATIONS),
    ("Other words", words.OTHERS),
    ("Units", words.UNITS),
    ("Types", words.TYPES),
    ("Kinds of axes", words.AXES),
    ("Frames of profiles", words.FRAMES),
    ("Norms", words.NORMS),
    ("Colours", words.COLOURS),
    ("Steps of edits", words.VERBS),
    ("Words inside of steps", words.CLAUSES),
)
_PLACES = {
    "family": "`expect` of families",
    "edit": "`expect` of edits",
    "sides": "scores of two sides",
    "recovery": "scores of recovery",
    "outputs": "outputs on labelled photographs",
    "fit": "`maximise`",
}


def write_pages(docs: Path) -> None:
    """Write the generated pages."""
    folder = docs / "reference"
    folder.mkdir(exist_ok=True)
    pages = {
        "words": _words(),
        "library": _library(),
        "measures": _measures(),
        "commands": _commands(),
        "python": _python(),
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def table(heading: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [heading, ("---",) * len(heading), *rows]
    cells = (
        " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) for line in lines
    )
    return "\n".join(f"| {line} |" for line in cells) + "\n"


def _meanings(meanings: Mapping[str, str]) -> str:
    return table(("word", "what it means"), ((f"`{w}`", m) for w, m in meanings.items()))


def _words() -> str:
    parts = [
        "# Words\n\nEvery word of the language. What they mean together is on the page "
        "[the language](../language.md).\n"
    ]
    parts += [f"## {title}\n\n{_meanings(meanings)}" for title, meanings in _TABLES]
    for block, attributes in words.ATTRIBUTES.items():
        parts.append(f"## Attributes of `{block}`\n\n{_meanings(attributes)}")
    for name, settings in GENERATORS.items():
        rows = {setting: kind.doc for setting, kind in settings.items()}
        parts.append(f"## Settings of the stimulus `{name}`\n\n{_meanings(rows)}")
    return "\n".join(parts)


def _library() -> str:
    parts = ["# The standard library\n"]
    for title, name in (
        ("Shapes", "std.shapes"),
        ("Profiles", "std.profiles"),
        ("Motifs", "std.motifs"),
    ):
        parts.append(f"## {title}\n\n`from {name} import ...`\n\n{library_table(name)}")
    return "\n".join(parts)


def _measures() -> str:
    rows = (
        (
            f"`{row.name}`",
            row.doc,
            "degrees" if row.unit == "angle" else "a plain number",
            ", ".join(_PLACES[place] for place in row.places),
        )
        for row in MEASURES
    )
    return "# Measures\n\n" + table(("measure", "what it is", "unit", "where"), rows)


def _commands() -> str:
    group: Any = typer.main.get_command(app)
    parts = ["# Commands\n"]
    for name, command in _leaves(group, "circuitdsl"):
        parts.append(f"## `{name}`\n\n{inspect.cleandoc(command.help or '')}\n")
        parts.append(table(("argument or option", "what it is"), _parameters(command)))
    return "\n".join(parts)


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for word, part in inner.items():
        yield from _leaves(part, f"{name} {word}")


def _parameters(command: Any) -> Iterator[tuple[str, ...]]:
    for parameter in command.params:
        shown = ", ".join(f"`{option}`" for option in parameter.opts)
        if parameter.param_type_name == "argument":
            shown = f"`{parameter.metavar or parameter.name}`"
        yield shown, getattr(parameter, "help", None) or ""


def _python() -> str:
    parts = [
        "# Python\n\nThe public names of `circuitdsl`. [Circuits from Python](../python.md) shows "
        "how they go together.\n"
    ]
    for name in circuitdsl.__all__:
        value = getattr(circuitdsl, name)
        try:
            signature = str(inspect.signature(value))
        except (TypeError, ValueError):
            signature = ""
        doc = inspect.getdoc(value) or ""
        parts.append(f"## `{name}`\n\n```python\n{name}{signature}\n```\n\n```text\n{doc}\n```\n")
    return "\n".join(parts)
