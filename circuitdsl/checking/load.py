"""Circuits, scripts and fits of files and texts, for programs and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circuitdsl.checking.circuit import examine
from circuitdsl.checking.circuits.unused import unused_names
from circuitdsl.checking.names.imports import FileLoader, Loader
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.edits.script import Script
from circuitdsl.ir.fits import FitBlock
from circuitdsl.syntax.nodes import CircuitFile
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError, suggestion
from circuitdsl.text.source import Source


@dataclass(frozen=True)
class CheckResult:
    """The result of checking a file.

    Attributes:
        circuit: The circuit; None if there are errors, or if the file declares no families (then
            it is one for others to import).
        diagnostics: Errors and warnings, in order of appearance.
        script: The file's edits and scores; None if there are errors, or if it has none.
        fits: The file's `fit` blocks.
    """

    circuit: Circuit | None
    diagnostics: tuple[Diagnostic, ...]
    script: Script | None = None
    fits: tuple[FitBlock, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors alone."""
        return tuple(d for d in self.diagnostics if d.severity == "error")


def check_source(source: Source, loader: Loader | None = None) -> CheckResult:
    """Parse and check a text."""
    return check_tree(*parse(source), loader)


def check_tree(
    file: CircuitFile, faults: Sequence[Diagnostic], loader: Loader | None = None
) -> CheckResult:
    """Check a tree.

    Args:
        file: What could be read of a text.
        faults: What could not.
        loader: Finds imported files; by default on the disk.
    """
    parts = examine(file, loader)
    findings = [*faults, *parts.diagnostics]
    if all(finding.severity == "warning" for finding in findings):
        findings += unused_names(file)
    diagnostics = tuple(sorted(findings, key=lambda d: _order(d, file.source)))
    if faults:
        return CheckResult(None, diagnostics)
    return CheckResult(parts.circuit, diagnostics, parts.script, parts.fits)


def _order(diagnostic: Diagnostic, source: Source) -> tuple[bool, str, int]:
    span = diagnostic.span
    return span.source is not source, span.source.name, span.start


def check_path(path: str | Path) -> CheckResult:
    """Parse and check a file.

    Raises:
        InputError: it can't be read, or is no UTF-8 text.
    """
    return check_source(read_source(path))


def load(path: str | Path) -> Circuit:
    """The circuit of a file.

    Raises:
        DiagnosticError: the file has errors.
        InputError: it can't be read, is no UTF-8 text, or declares no families.
    """
    return circuit_of(check_path(path), str(path))


def load_script(path: str | Path) -> Script:
    """The edits and scores of a file.

    Raises:
        DiagnosticError: the file has errors.
        InputError: it can't be read, is no UTF-8 text, or has neither edits nor scores.
    """
    return script_of(check_path(path), str(path))


def script_of(result: CheckResult, name: str) -> Script:
    """The edits and scores of a checked file.

    Raises:
        DiagnosticError: the file has errors.
        InputError: it has neither edits nor scores.
    """
    if result.errors:
        raise DiagnosticError(result.diagnostics)
    if result.script is None:
        raise InputError(
            f"{name} edits nothing: it has no `edit` block and no `score` block.",
            help="Write `edit NAME on V { ablate V.mixed3b[379] to zero }`.",
        )
    return result.script


def fit_of(result: CheckResult, path: str | Path, name: str | None = None) -> FitBlock:
    """A `fit` block of a checked file; an empty block if the file has none.

    Args:
        result: The file's check.
        path: The file.
        name: The block's name; needed where there are several.

    Raises:
        DiagnosticError: the file has errors.
        InputError: there is no such block, or several and none is named.
    """
    if result.errors:
        raise DiagnosticError(result.diagnostics)
    blocks = {fit.name: fit for fit in result.fits}
    if name is None and len(blocks) > 1:
        raise InputError(
            f"{path} has {len(blocks)} `fit` blocks: {', '.join(blocks)}",
            help="pick one: --fit NAME",
        )
    if name is None:
        return next(iter(blocks.values()), FitBlock("fit"))
    if name not in blocks:
        names = ", ".join(blocks) or "none"
        hint = suggestion(name, blocks) or f"its `fit` blocks: {names}"
        raise InputError(f"{path} has no `fit {name}`", help=hint)
    return blocks[name]


def loads(text: str, name: str = "<text>", loader: Loader | None = None) -> Circuit:
    """The circuit of a text.

    Args:
        text: A whole circuit file.
        name: What messages call it.
        loader: Finds the files that it imports; without one, it can import none.

    Raises:
        DiagnosticError: the text has errors.
        InputError: it declares no families.
    """
    return circuit_of(check_source(Source(name, text), loader or FileLoader()), name)


def circuit_of(result: CheckResult, name: str) -> Circuit:
    """The circuit of a checked file.

    Raises:
        DiagnosticError: the file has errors.
        InputError: it declares no families.
    """
    if result.errors:
        raise DiagnosticError(result.diagnostics)
    if result.circuit is None and result.script is not None:
        raise InputError(
            f"{name} is a script of {_blocks(result.script)}: there is no circuit in it.",
            help=f"Run it by {_commands(result.script, name)}.",
        )
    if result.circuit is None:
        raise InputError(
            f"{name} declares no families: there is no circuit in it.",
            help='Other files use its declarations: `import "FILE" as NAME`.',
        )
    return result.circuit


def _blocks(script: Script) -> str:
    kinds = {"edits": script.edits, "scores": script.scores}
    return " and ".join(kind for kind, blocks in kinds.items() if blocks)


def _commands(script: Script, name: str) -> str:
    """The commands that run a script, ready to be typed."""
    edits = (f"effect {name} --images DIR", f"edit {name} -o WEIGHTS.safetensors")
    commands = (*(edits if script.edits else ()), *((f"score {name}",) if script.scores else ()))
    return " or ".join(f"`circuitdsl {command}`" for command in commands)
