"""Where the grammar and the shipped circuits are.

A checkout keeps them at its top level and a wheel inside the package. The checkout's copy is read
first, so that an editable install never reads a stale one.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    return (_PACKAGE.parent if _in_checkout() else _PACKAGE / "shipped") / name


def _in_checkout() -> bool:
    """Whether what lies beside the package is ours: beside an installed one lies anybody's."""
    project = _PACKAGE.parent / "pyproject.toml"
    try:
        return '\nname = "circuitdsl"\n' in project.read_text(encoding="utf-8")
    except OSError:
        return False


def grammar_file() -> Path:
    """The grammar of the language, `circ.lark`."""
    return _folder("grammars") / "circ.lark"


def circuits_folder() -> Path:
    """The folder of shipped circuits; its `std/` is the standard library."""
    return _folder("circuits_src")
