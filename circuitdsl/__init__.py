"""Write a vision network's circuits as text, compile them to JAX, compare with real neurons.

The public names, each loaded when it is first used: importing the package loads no numerical
library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuitdsl.builder import Builder
    from circuitdsl.check.load import check_path, load, loads
    from circuitdsl.compare.by_name import accuracy, find_curves, fit, score
    from circuitdsl.diagnostics import DiagnosticError, InputError
    from circuitdsl.ir.text import to_source
    from circuitdsl.lower.weights import lowering
    from circuitdsl.models.handwritten import HandwrittenNetwork, build
    from circuitdsl.models.network import Network
    from circuitdsl.models.registry import open_network
    from circuitdsl.stimuli.calibration import calibrated

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
    "lowering",
    "open_network",
    "score",
    "to_source",
]

_HOME = {
    "Builder": "builder",
    "DiagnosticError": "diagnostics",
    "HandwrittenNetwork": "models.handwritten",
    "InputError": "diagnostics",
    "Network": "models.network",
    "accuracy": "compare.by_name",
    "build": "models.handwritten",
    "calibrated": "stimuli.calibration",
    "check_path": "check.load",
    "find_curves": "compare.by_name",
    "fit": "compare.by_name",
    "load": "check.load",
    "loads": "check.load",
    "lowering": "lower.weights",
    "open_network": "models.registry",
    "score": "compare.by_name",
    "to_source": "ir.text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
