"""The families of early vision: every file is sound, and what it claims holds.

Dictionaries have more members than a layer of the backbone has channels, which is no fault of a
circuit that runs alone (E504).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from circuitdsl.checking import check_path
from circuitdsl.compare.expect import expectations_met

FOLDER = ROOT / "circuits_src" / "early_vision"
FAMILIES = sorted(path for path in FOLDER.glob("*.circ") if path.name != "stimuli.circ")


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_families_are_sound_and_do_what_they_claim(path: Path) -> None:
    result = check_path(path)
    assert [d.message for d in result.diagnostics if d.code not in ("E503", "E504")] == []
    circuit = result.circuit
    assert circuit is not None
    assert circuit.doc
    outcomes = expectations_met(circuit)
    assert outcomes
    assert [each.diagnostic.message for each in outcomes if not each.holds] == []
