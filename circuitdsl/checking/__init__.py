"""From tree to IR: names, units, shapes, geometry and symmetry, every error of a file gathered."""

from circuitdsl.checking.circuit import check
from circuitdsl.checking.load import CheckResult, check_path, check_source, load, loads
from circuitdsl.checking.names.imports import FileLoader, Loader

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
