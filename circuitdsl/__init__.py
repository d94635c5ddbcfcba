"""Write a vision network's circuits as text, compile them to JAX, compare with real neurons.

The public names, each loaded when it is first used: importing the package loads no numerical
library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuitdsl.builder import Builder
    from circuitdsl.checking.load import check_path, load, loads
    from circuitdsl.ir.text import to_source
    from circuitdsl.lowering.weights import lower
    from circuitdsl.measure.calibration import calibrated
    from circuitdsl.models.handwritten import HandwrittenNetwork, build
    from circuitdsl.models.network import Network
    from circuitdsl.models.registry import open_network
    from circuitdsl.run.networks import accuracy, find_curves, fit, score
    from circuitdsl.text.diagnostics import DiagnosticError, InputError

__version__ = "0.1.0"

__all__ = [
    "Builder",
    "DiagnosticError",
    "HandwrittenNetwork",
    "InputError",
    "Network",
    "accuracy",
    "build",
    "calibrated",
    "check_path",
    "find_curves",
    "fit",
    "load",
    "loads",
    "lower",
    "open_network",
    "score",
    "to_source",
]

_HOME = {
    "Builder": "builder",
    "DiagnosticError": "text.diagnostics",
    "HandwrittenNetwork": "models.handwritten",
    "InputError": "text.diagnostics",
    "Network": "models.network",
    "accuracy": "run.networks",
    "build": "models.handwritten",
    "calibrated": "measure.calibration",
    "check_path": "checking.load",
    "find_curves": "run.networks",
    "fit": "run.networks",
    "load": "checking.load",
    "loads": "checking.load",
    "lower": "lowering.weights",
    "open_network": "models.registry",
    "score": "run.networks",
    "to_source": "ir.text",
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
