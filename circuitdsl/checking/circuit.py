"""Tree to IR: CircuitFile -> Circuit and diagnostics.

All errors of a file are reported, each once; nothing is said of what depends on a faulty
declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from circuitdsl.checking.circuits.assembly import circuit_of
from circuitdsl.checking.circuits.declarations import build, check_imports
from circuitdsl.checking.circuits.lints import unused_dials
from circuitdsl.checking.circuits.misplaced import unmeasured
from circuitdsl.checking.edits.fits import fits
from circuitdsl.checking.edits.script import script
from circuitdsl.checking.families.backbones import backbone
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.names.imports import FileLoader, Loader, open_module
from circuitdsl.checking.scope import Module, Setting
from circuitdsl.checking.stimuli.activity import reaches
from circuitdsl.ir.circuit import (
    Circuit,
)
from circuitdsl.ir.edits.script import Script
from circuitdsl.ir.fits import FitBlock
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Diagnostic


def check(
    file: nodes.CircuitFile, loader: Loader | None = None
) -> tuple[Circuit | None, list[Diagnostic]]:
    """Check a circuit file.

    Args:
        file: Its tree.
        loader: Finds imported files; by default on the disk, beside the file.

    Returns:
        The circuit, or None if there are errors or the file declares no families, and all
        diagnostics in order of appearance.
    """
    parts = examine(file, loader)
    return parts.circuit, parts.diagnostics


@dataclass(frozen=True)
class Checked:
    """The parts of a file, and its diagnostics.

    Attributes:
        circuit: None if there are errors or the file declares no families.
        script: Its edits and scores; None if there are errors or it has none.
        diagnostics: In order of appearance.
        fits: Its fits.
    """

    circuit: Circuit | None
    script: Script | None
    diagnostics: list[Diagnostic]
    fits: tuple[FitBlock, ...] = ()


def examine(
    file: nodes.CircuitFile,
    loader: Loader | None = None,
    settings: Mapping[str, Setting] | None = None,
) -> Checked:
    """Check a file, for its circuit and for its edits and scores.

    Args:
        file: Its tree.
        loader: Finds imported files; by default on the disk, beside the file.
        settings: What its dials are set to by a file that imports it.
    """
    if file.header is None:
        return Checked(None, None, [])
    loader = loader or FileLoader()
    findings = Findings()
    analysis = open_module(file, loader, findings, settings)
    analysis.answers.circuits = _Circuits(loader)
    built = build(analysis)
    check_imports(analysis)
    use = backbone(analysis)
    edits = script(analysis, use)
    circuit = None
    families = any(part.families for part in built.everything)
    if not findings.failed and use is not None and families:
        circuit = circuit_of(analysis, built, use)
        unused_dials(circuit, analysis)
        reaches(circuit, analysis)
        unmeasured(file, circuit, analysis)
    fitted = fits(analysis, circuit)
    if findings.failed:
        circuit = None
    diagnostics = sorted(
        findings.diagnostics,
        key=lambda d: (d.span.source is not file.source, d.span.source.name, d.span.start),
    )
    return Checked(circuit, None if findings.failed else edits, diagnostics, fitted)


class _Circuits:
    """The circuits of imported files, under their own names; each is checked once."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.known: dict[int, Circuit | None] = {}

    def __call__(self, module: Module) -> Circuit | None:
        """The circuit of a file; None if it has faults, which are reported elsewhere."""
        key = id(module)
        if key not in self.known:
            self.known[key] = examine(module.file, self.loader, module.settings).circuit
        return self.known[key]
