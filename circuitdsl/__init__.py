"""Write a vision network's circuits as text, compile them to JAX, compare with real neurons.

The public names, each loaded when it is first used: importing the package loads no numerical
library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuitdsl.builder import Builder
    from circuitdsl.checking.load import load, loads
    from circuitdsl.editing.alone import load_cleanroom
    from circuitdsl.ir.backbones import Preprocessing
    from circuitdsl.ir.circuit import Circuit
    from circuitdsl.ir.writing.text import to_source
    from circuitdsl.lowering.weights import lower
    from circuitdsl.measure.calibration import calibrate
    from circuitdsl.models.network import Network
    from circuitdsl.models.registry import load_network
    from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
    from circuitdsl.reporting.drawn.drawing import draw
    from circuitdsl.reporting.facts import explain
    from circuitdsl.reporting.pages.microscope import microscope
    from circuitdsl.reporting.pages.report import report
    from circuitdsl.run.circuits import check, format, inside
    from circuitdsl.run.comparing.cleanroom import cleanroom
    from circuitdsl.run.comparing.coverage import coverage
    from circuitdsl.run.comparing.effects import effect
    from circuitdsl.run.comparing.matching import match
    from circuitdsl.run.comparing.scores import score
    from circuitdsl.run.comparing.studies import recovery
    from circuitdsl.run.directions import direction
    from circuitdsl.run.fitting import fit
    from circuitdsl.run.fitting_all import fit_all
    from circuitdsl.run.images import check_images
    from circuitdsl.run.networks import accuracy, adapt, find
    from circuitdsl.run.saving import save
    from circuitdsl.run.scripts import edit
    from circuitdsl.run.seeing.examples import examples
    from circuitdsl.run.seeing.grids import grid
    from circuitdsl.run.seeing.joint import joint
    from circuitdsl.run.seeing.layer_atlas import activation_atlas
    from circuitdsl.run.seeing.looking import look
    from circuitdsl.run.seeing.use import use
    from circuitdsl.run.seeing.visualization import visualize
    from circuitdsl.run.seeing.weights import weights
    from circuitdsl.run.sweeps import sweep
    from circuitdsl.run.verifying import verify
    from circuitdsl.text.diagnostics import DiagnosticError, InputError

__version__ = "0.1.0"

__all__ = [
    "Builder",
    "Circuit",
    "DiagnosticError",
    "HandwrittenNetwork",
    "InputError",
    "Network",
    "Preprocessing",
    "accuracy",
    "activation_atlas",
    "adapt",
    "build",
    "calibrate",
    "check",
    "check_images",
    "cleanroom",
    "coverage",
    "direction",
    "draw",
    "edit",
    "effect",
    "examples",
    "explain",
    "find",
    "fit",
    "fit_all",
    "format",
    "grid",
    "inside",
    "joint",
    "load",
    "load_cleanroom",
    "load_network",
    "loads",
    "look",
    "lower",
    "match",
    "microscope",
    "recovery",
    "report",
    "save",
    "score",
    "sweep",
    "to_source",
    "use",
    "verify",
    "visualize",
    "weights",
]

_HOME = {
    "Builder": "builder",
    "Circuit": "ir.circuit",
    "DiagnosticError": "text.diagnostics",
    "HandwrittenNetwork": "models.written.handwritten",
    "InputError": "text.diagnostics",
    "Network": "models.network",
    "Preprocessing": "ir.backbones",
    "accuracy": "run.networks",
    "activation_atlas": "run.seeing.layer_atlas",
    "adapt": "run.networks",
    "build": "models.written.handwritten",
    "calibrate": "measure.calibration",
    "check": "run.circuits",
    "check_images": "run.images",
    "cleanroom": "run.comparing.cleanroom",
    "coverage": "run.comparing.coverage",
    "direction": "run.directions",
    "draw": "reporting.drawn.drawing",
    "edit": "run.scripts",
    "effect": "run.comparing.effects",
    "explain": "reporting.facts",
    "examples": "run.seeing.examples",
    "find": "run.networks",
    "fit": "run.fitting",
    "fit_all": "run.fitting_all",
    "format": "run.circuits",
    "grid": "run.seeing.grids",
    "inside": "run.circuits",
    "joint": "run.seeing.joint",
    "load": "checking.load",
    "load_ipython_extension": "notebook",  # for `%load_ext circuitdsl`
    "load_cleanroom": "editing.alone",
    "load_network": "models.registry",
    "loads": "checking.load",
    "look": "run.seeing.looking",
    "lower": "lowering.weights",
    "match": "run.comparing.matching",
    "microscope": "reporting.pages.microscope",
    "recovery": "run.comparing.studies",
    "report": "reporting.pages.report",
    "save": "run.saving",
    "score": "run.comparing.scores",
    "sweep": "run.sweeps",
    "to_source": "ir.writing.text",
    "verify": "run.verifying",
    "use": "run.seeing.use",
    "visualize": "run.seeing.visualization",
    "weights": "run.seeing.weights",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, and nothing else that the package happens to have loaded."""
    return sorted([*__all__, "__version__"])
