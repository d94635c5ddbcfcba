"""Notebooks: the magic, and dials whose kernels and tuning follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from circuitdsl.checking import loads
from circuitdsl.models.written.handwritten import build
from circuitdsl.notebook import Answers, Kernels, dials, load_ipython_extension

CELL = """circ 1 "Edges of one orientation."
from std.shapes import gabor
backbone V = tiny()
stimulus bars = lines(th=every(15deg))
dial wavelength : length = 6px in [4px, 10px] free
family edges [th: orient(4)] at V.conv2d0
connect V.input -> edges { place = gabor(wavelength, length=2.6px, width=1.6px)  norm = l2 }
"""


class Shell:
    """What the extension uses of IPython."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[str, Any] = {}

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        self.magics[name] = function


def test_a_cell_is_a_circuit() -> None:
    pytest.importorskip("IPython")
    shell = Shell()
    load_ipython_extension(shell)
    circuit = shell.magics["circ"]("edges", CELL)
    assert shell.user_ns["edges"] is circuit == loads(CELL)


def test_a_cell_with_errors_leaves_no_circuit_and_stops(capsys: pytest.CaptureFixture[str]) -> None:
    usage_error = pytest.importorskip("IPython.core.error").UsageError
    shell = Shell()
    load_ipython_extension(shell)
    shell.magics["circ"]("edges", CELL)
    with pytest.raises(usage_error, match="`edges` is no circuit"):
        shell.magics["circ"]("edges", CELL.replace("orient", "orint"))
    assert "did you mean `orient`?" in capsys.readouterr().err
    assert "edges" not in shell.user_ns
    with pytest.raises(usage_error, match="%%circ NAME"):
        shell.magics["circ"]("", CELL)


def test_the_package_is_an_extension() -> None:
    import circuitdsl

    assert circuitdsl.load_ipython_extension is load_ipython_extension
    assert "load_ipython_extension" not in dir(circuitdsl)


def test_kernels_follow_dials() -> None:
    turned = Kernels(loads(CELL))
    (row,) = turned.rows()
    assert (row["name"], row["low"], row["high"], row["unit"]) == ("wavelength", 4.0, 10.0, "px")
    (before,), (after,) = (turned.pictures(turned.arrays(s)) for s in ({}, {"wavelength": 9.0}))
    assert before["name"] == "input->edges"
    assert before["address"] != after["address"]
    assert turned.pictures(turned.arrays({"wavelength": 6.0})) == [before]


def test_a_tuning_follows_dials_as_the_network_answers() -> None:
    circuit = loads(CELL)
    turned, answers = Kernels(circuit), Answers.of(circuit)
    assert answers is not None
    assert answers.stimulus.name == "bars"
    assert len(answers.images) == 12
    before, after = (answers.figure(turned.arrays(s)) for s in ({}, {"wavelength": 9.0}))
    assert before.count("<polyline") == 4
    assert before != after
    network = build(circuit, {"wavelength": 9.0})
    maps = np.asarray(network.activations(answers.images, ["edges"])["edges"])
    peak = maps[:, answers.index, answers.index].max()
    assert f"the rim is {peak:.3g}" in after
    unseen = loads(CELL.replace("stimulus bars = lines(th=every(15deg))\n", ""))
    assert Answers.of(unseen) is None


def test_the_widget_has_a_slider_for_each_dial() -> None:
    pytest.importorskip("anywidget")
    widget = dials(loads(CELL))
    pictures, tuning = widget.pictures, widget.tuning
    widget.settings = {"wavelength": 9.0}
    assert widget.pictures != pictures
    assert widget.tuning != tuning


def test_without_anywidget_there_is_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("circuitdsl.notebook.find_spec", lambda name: None)
    circuit = loads(CELL)
    assert dials(circuit) is circuit
