"""Verbs on circuit files alone: check, format, inside.

In: files, texts, circuits. Out: findings, texts, circuits. What a plain check does without is
imported where it is needed, so that the check stays quick.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from circuitdsl.checking.load import CheckResult, check_path
from circuitdsl.ir.circuit import Circuit
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError
from circuitdsl.text.source import Source

if TYPE_CHECKING:
    from circuitdsl.compare.expect import Outcome
    from circuitdsl.measure.equivariance import Residual


@dataclass(frozen=True)
class CheckReport(CheckResult):
    """The result of a check, with the measurements that were asked for.

    Attributes:
        residuals: How equivariant each connection's kernel is; None if not asked for.
        outcomes: What was measured for each `expect` line; None if not asked for.
    """

    residuals: tuple[Residual, ...] | None = None
    outcomes: tuple[Outcome, ...] | None = None


def check(
    path: Path | str,
    *,
    equivariance: bool = False,
    expect: bool = False,
    inside: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> CheckReport:
    """Check a circuit file: every error and warning of it.

    Args:
        path: The file.
        equivariance: Measure how equivariant the kernels are, too (L402).
        expect: Measure what the `expect` lines of families claim, too (E901).
        inside: Check that the circuit fits inside a blank network of its backbone, too.
        progress: Told what is being measured.

    Raises:
        InputError: the file can't be read, or is no UTF-8 text.
    """
    with _uncollected():
        result = check_path(path)
    circuit, findings = result.circuit, list(result.diagnostics)
    measured: tuple[Residual, ...] | None = None
    outcomes: tuple[Outcome, ...] | None = None
    if circuit is not None and inside:
        from circuitdsl.models.written.inside import findings_inside

        findings = findings_inside(circuit, findings)
    if circuit is not None and equivariance:
        from circuitdsl.measure.equivariance import lints, residuals

        measured = residuals(circuit)
        findings += lints(circuit, measured)
    if circuit is not None and expect and any(f.expectations for f in circuit.families):
        outcomes, broken = _outcomes(circuit, progress)
        findings += broken
    return CheckReport(circuit, tuple(findings), result.script, result.fits, measured, outcomes)


def circuit_files(
    paths: Path | str | Iterable[Path | str], *, sub_folders: bool = True
) -> tuple[Path, ...]:
    """Circuit files: those that are named, and those that lie in folders that are named.

    A file that is named twice, in whatever way, is there once.

    Args:
        paths: Files and folders.
        sub_folders: Whether the files of a folder's sub-folders belong to it.

    Raises:
        InputError: a folder holds none.
    """
    pattern = "**/*.circ" if sub_folders else "*.circ"
    files: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, Path | str) else paths):
        if not path.is_dir():
            files.append(path)
            continue
        inside_it = sorted(path.glob(pattern))
        if not inside_it:
            raise InputError(
                f"{path} holds no circuit files",
                help="their names end in .circ: name one, or the folder where they lie",
            )
        files += inside_it
    once: dict[str, Path] = {}
    for file in files:
        once.setdefault(os.path.realpath(file), file)
    return tuple(once.values())


def format(text: str, name: str = "<text>") -> str:
    """Lay out the text of a circuit file in the canonical way.

    Args:
        text: A whole circuit file.
        name: What messages call it.

    Raises:
        DiagnosticError: the text cannot be parsed.
    """
    from circuitdsl.syntax.format import format_source

    return format_source(Source(name, text))


def inside(circuit: Circuit, backbone: str | None = None) -> Circuit:
    """The circuit as it runs inside a blank network of its backbone, for `build` and `save`.

    Args:
        circuit: Any circuit.
        backbone: The backbone's name, to be refused if it is not the circuit's own.

    Raises:
        InputError: the circuit is for another backbone, or does not fit.
    """
    from circuitdsl.ir.members.packing import fitted
    from circuitdsl.models.written.inside import as_inside

    own = circuit.backbone.geometry.name
    if backbone not in (None, own):
        raise InputError(
            f"the circuit is written for {own}, not for {backbone}", help=f"use --inside {own}"
        )
    fitted(circuit)
    return as_inside(circuit)


def _outcomes(
    circuit: Circuit, progress: Callable[[str], None]
) -> tuple[tuple[Outcome, ...] | None, list[Diagnostic]]:
    """What was measured for each `expect` line, and the findings about it."""
    from circuitdsl.compare.expect import expectations_met

    try:
        outcomes = expectations_met(circuit, progress=progress)
    except DiagnosticError as error:
        return None, list(error.diagnostics)
    return outcomes, [each.diagnostic for each in outcomes if not each.holds]


@contextmanager
def _uncollected() -> Generator[None]:
    """Trees are no garbage, and looking for some takes a quarter of a long check."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
