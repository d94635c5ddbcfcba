"""Rewrite goldens and generated tables and pages: `python tests/regold.py`, then read the diff."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "text"))

from conftest import ROOT
from corpus import GOLDEN
from test_diagnostics import golden_text

from circuitdsl.checking import check_source
from circuitdsl.highlighting.grammars import FILES
from circuitdsl.ir.writing.text import dump_ir, to_source
from circuitdsl.reporting.diagnostics_page import diagnostics_page
from circuitdsl.reporting.library_page import with_library_tables
from circuitdsl.syntax.format import dump_tree
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import CODES


def rewrite() -> None:
    """Write every golden file."""
    for code in CODES:
        (GOLDEN / f"{code}.txt").write_text(golden_text(code), encoding="utf-8")
    example = GOLDEN / "curves_example.circ"
    tree, _ = parse(read_source(example, example.name))
    circuit = check_source(read_source(example, example.name)).circuit
    if circuit is None:
        raise SystemExit("the example has errors")
    for stage, text in (
        ("tree", dump_tree(tree)),
        ("ir", dump_ir(circuit)),
        ("printed", to_source(circuit)),
    ):
        (GOLDEN / f"curves_example.{stage}.txt").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "diagnostics.md").write_text(diagnostics_page(), encoding="utf-8")
    language = ROOT / "docs" / "language.md"
    text = with_library_tables(language.read_text(encoding="utf-8"))
    language.write_text(text, encoding="utf-8")
    for name, made in FILES.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
