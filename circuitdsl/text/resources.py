"""Where the grammar and the shipped circuits are.

A checkout keeps them at its top level and a wheel inside the package. The checkout's copy is read
first, so that an editable install never reads a stale one.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    checkout = _PACKAGE.parent / name
    return checkout if checkout.is_dir() else _PACKAGE / "shipped" / name


def grammar_file() -> Path:
    """The grammar of the language, `circ.lark`."""
    return _folder("grammars") / "circ.lark"


def circuits_folder() -> Path:
    """The folder of shipped circuits; its `std/` is the standard library."""
    return _folder("circuits_src")
