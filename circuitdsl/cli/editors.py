"""The command lsp: the language server for editors."""

from __future__ import annotations

from importlib.util import find_spec

from circuitdsl.text.diagnostics import InputError


def lsp() -> None:
    """Run the language server for editors, on standard input and output."""
    if find_spec("pygls") is None:
        raise InputError(
            "the language server needs pygls, which is not installed",
            help='install it with `pip install "circuitdsl[lsp]"`',
        )
    from circuitdsl.lsp.server import serve

    serve()
