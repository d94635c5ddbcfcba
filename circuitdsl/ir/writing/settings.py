"""Settings files: a circuit's file and other values of its dials -> a file that sets them.

In: where both files are, and the dials as they are to stand. Out: canonical text,
`import "curves.circ" with { bow = 21.14px ... }`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from circuitdsl.ir.expressions import Dial
from circuitdsl.ir.writing.spelling import number
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.layout import INDENT, assignments, quoted

_DIGITS = 4
"""Significant digits of a setting: more would claim what no fit knows."""


def rounded(value: float) -> float:
    """A setting as a settings file has it."""
    return float(f"{value:.{_DIGITS}g}")


def import_path(circuit: Path, output: Path) -> str:
    """How a file at `output` imports the circuit: from its own folder, or from the one above.

    Raises:
        InputError: the circuit is in neither, or the two files are the same.
    """
    file, folder = circuit.resolve(), output.resolve().parent
    if file == output.resolve():
        raise InputError(
            f"{output} would import itself", help=f"write the settings of {circuit} elsewhere"
        )
    for base in (folder, folder.parent):
        if file.is_relative_to(base):
            return file.relative_to(base).as_posix()
    raise InputError(
        f"a file in {output.parent} cannot import {circuit}",
        why="files are imported from the folder of the importing one, and from the one above",
        help=f"write it to {circuit.with_name(output.name)}",
    )


def settings_source(path: str, doc: str, dials: Iterable[Dial]) -> str:
    """The text of a file that is another file's circuit with its dials set.

    Args:
        path: How the file imports the circuit.
        doc: What the header says.
        dials: Each at the default that it is set to; rounded to four digits.
    """
    values = [(dial.name, number(rounded(dial.default), dial.unit)) for dial in dials]
    lines = [f"circ 1 {quoted(doc)}", "", f"import {quoted(path)} with {{"]
    return "\n".join([*lines, *assignments(values, INDENT), "}"]) + "\n"
