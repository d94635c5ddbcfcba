"""From tree to IR: names, units, shapes, geometry and symmetry, every error of a file gathered."""

from circuitdsl.check.circuit import check
from circuitdsl.check.imports import FileLoader, Loader
from circuitdsl.check.load import CheckResult, check_path, check_source, load, loads

__all__ = [
    "CheckResult",
    "FileLoader",
    "Loader",
    "check",
    "check_path",
    "check_source",
    "load",
    "loads",
]
