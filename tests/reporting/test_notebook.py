"""What notebooks show, and that a `repr` is a screen."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import ROOT
from crosses import CIRCUIT

import circuitdsl
from circuitdsl.editing.apply import edit
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.verbs import Ablate
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.run.comparing.matching import searched_in
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.showing import Shown

SCREEN = 24 * 100
"""Characters of a terminal of 24 lines."""


SHOWS = "_repr_mimebundle_"
"""The method by which notebooks ask what to show."""


@pytest.fixture(scope="module")
def circuit() -> circuitdsl.Circuit:
    return circuitdsl.loads(CIRCUIT)


@pytest.fixture(scope="module")
def tiny() -> circuitdsl.Network:
    return circuitdsl.load_network("tiny")


def shown(value: Shown) -> dict[str, str]:
    bundle = getattr(value, SHOWS)()
    frame = bundle["text/html"]
    assert frame.count("<iframe") == 1 and 'sandbox="allow-scripts"' in frame
    page = unescape(frame.partition("srcdoc='")[2].partition("' title=")[0])
    assert "default-src 'none'" in page and page.count("<script>") == 1
    assert len(bundle["text/plain"]) <= SCREEN
    return bundle | {"page": page}


def test_a_circuit_its_network_its_parts(circuit: circuitdsl.Circuit) -> None:
    for value in (circuit, circuitdsl.build(circuit)):
        bundle = shown(value)
        ElementTree.fromstring(bundle["image/svg+xml"])
        assert 'id="connection-1"' in bundle["page"] and "names no synthetic" not in bundle["page"]
    assert 'data-unit="crosses[th=45deg]"' in shown(circuit.families[1])["page"]
    assert "place   = dot()" in shown(circuit.connections[1])["page"]
    assert set(getattr(circuit, SHOWS)(include={"text/plain"})) == {"text/plain"}
    assert "image/svg+xml" not in getattr(circuit, SHOWS)(exclude={"image/svg+xml"})


def test_networks_and_edits(tiny: circuitdsl.Network) -> None:
    assert "conv2d1" in shown(tiny)["page"]
    edited = edit(tiny, [Ablate(select(tiny.backbone, ["conv2d1:3", "conv2d1:5"]))])
    bundle = shown(edited)
    assert "conv2d1:3, conv2d1:5" in bundle["page"] and "ablate conv2d1:3" in bundle["text/plain"]


def test_a_family_that_was_found(tiny: circuitdsl.Network) -> None:
    found = find_family(tiny, "conv2d1")
    page = shown(found)["page"]
    assert f'data-unit="conv2d1:{found.units[0].unit}"' in page


@pytest.mark.parametrize("name", ["curves", "circles", "car"])
def test_a_repr_is_a_screen(name: str) -> None:
    circuit = circuitdsl.load(ROOT / "circuits_src" / f"{name}.circ")
    for value in (circuit, *circuit.families, *circuit.connections):
        assert len(repr(value)) <= SCREEN


def test_the_repr_of_what_edits_are_made_of(tiny: circuitdsl.Network) -> None:
    units = select(tiny.backbone, ["conv2d1", "conv2d2:3"])
    edited = edit(tiny, [Ablate(units)])
    values = (
        units,
        edges(select(tiny.backbone, "conv2d2"), select(tiny.backbone, "mixed3a")),
        Ablate(units),
        edited,
    )
    for value in (*values, tiny.backbone):
        assert len(repr(value)) <= SCREEN, type(value)
    assert repr(units).startswith("<25 units of tiny: conv2d1:0, ")


def test_what_the_package_gives_prints_a_screen(
    circuit: circuitdsl.Circuit, tiny: circuitdsl.Network, tmp_path: Path
) -> None:
    path = tmp_path / "crosses.circ"
    path.write_text(CIRCUIT, encoding="utf-8")
    edited = edit(tiny, [Ablate(select(tiny.backbone, ["conv2d1", "conv2d2:3"]))])
    with pytest.raises(circuitdsl.DiagnosticError) as refused:
        circuitdsl.loads("circ 1\nlet a = b\n")
    values = (
        *(
            circuit,
            circuitdsl.build(circuit),
            circuitdsl.inside(circuit),
            circuitdsl.lower(circuit),
        ),
        *(tiny, edited, edited.plan, tiny.backbone.preprocessing, circuitdsl.Builder("Edges.")),
        *(circuitdsl.lower(circuit), circuitdsl.check(path)),
        *(refused.value, InputError("no such file", help="name one")),
    )
    shown = set(map(type, values))
    classes = (getattr(circuitdsl, name) for name in dir(circuitdsl))
    assert shown >= {one for one in classes if isinstance(one, type)}
    for value in values:
        lines = repr(value).splitlines()
        assert sum(-(-len(line) // 100) for line in lines) <= 24, type(value)
        assert " object at 0x" not in repr(value), type(value)


def test_a_text_is_no_list_of_layers(circuit: circuitdsl.Circuit, tiny: circuitdsl.Network) -> None:
    images = np.zeros((1, 32, 32, 3), np.float32)
    with pytest.raises(InputError, match="layers are a list of names; `conv2d0, conv2d1`"):
        tiny.activations(images, "conv2d0, conv2d1")
    with pytest.raises(InputError, match="families are a list of names") as refused:
        circuitdsl.build(circuit).activations(images, "edges")
    assert refused.value.help == "write ['edges']"
    with pytest.raises(InputError, match="layers are a list of names"):
        searched_in(tiny.backbone, "conv2d1")


def test_a_notebook_of_fourteen_cells_stays_small(
    circuit: circuitdsl.Circuit, tiny: circuitdsl.Network
) -> None:
    curves = circuitdsl.load(ROOT / "circuits_src" / "curves.circ")
    units = select(tiny.backbone, "conv2d1:3")
    edited = edit(tiny, [Ablate(units)])
    cells = (
        *(circuit, circuitdsl.build(circuit), *circuit.families, *circuit.connections),
        *(tiny, find_family(tiny, "conv2d1"), units, Ablate(units), edited),
        *(edges(units, select(tiny.backbone, "conv2d2")), tiny.backbone, curves),
    )
    assert len(cells) == 14
    sizes = [
        len(json.dumps(getattr(value, SHOWS)() if isinstance(value, Shown) else repr(value)))
        for value in cells
    ]
    assert sum(sizes) < 300_000, sizes


def test_the_repr_of_networks(circuit: circuitdsl.Circuit, tiny: circuitdsl.Network) -> None:
    assert repr(tiny) == "<network tiny: tiny, 27 layers, 60,384 parameters>"
    assert repr(circuitdsl.build(circuit)).startswith("<network of <circuit 'Edges, and where")


def test_treescope_shows_circuits(circuit: circuitdsl.Circuit) -> None:
    treescope = pytest.importorskip("treescope", reason="comes with Flax")
    assert "crosses" in treescope.render_to_text(circuit)
