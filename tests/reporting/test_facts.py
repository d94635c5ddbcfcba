"""What `explain FILE` says was inferred."""

from __future__ import annotations

from builders import (
    DOT,
    EQUAL,
    arc,
    blob,
    connect,
    extended,
    family,
    orient,
    oriented,
    place,
    px,
    real,
    rot,
    tap,
    tune,
)

from circuitdsl.checking import loads
from circuitdsl.ir.circuit import Circuit, Normalisation
from circuitdsl.reporting.facts import describe_circuit, receptive_field


def program() -> Circuit:
    return extended(
        oriented(),
        family("line", "conv2d2", orient(4)),
        family("copy", "mixed3a_1x1", orient(4)),
        family("bent", "mixed3a_3x3", rot(4)),
        family("curve", "mixed3b_5x5", rot(4)),
        connect("complex", "line", place(blob(tap(0.7))), tune("th", EQUAL)),
        connect("line", "copy", DOT, tune("th", EQUAL)),
        connect("line", "bent", place(arc(px(20), px(14), tap(0.5))), tune("th", EQUAL)),
        connect("copy", "curve", place(blob(tap(0.8))), tune("th", EQUAL)),
        doc="Lines and curves.",
    )


def fields(circuit: Circuit) -> dict[str, int]:
    return {one.name: receptive_field(circuit, one) for one in circuit.families}


def test_receptive_fields_are_those_of_the_ways_taken() -> None:
    """The table of the language's page; a curve over 1x1 copies sees 59 pixels, not 75."""
    circuit = program()
    assert fields(circuit) == {
        "gabors": 7, "complex": 11, "line": 19, "copy": 27, "bent": 43, "curve": 59,
    }  # fmt: skip
    bends = connect("bent", "curve", place(blob(tap(0.8))), tune("th", EQUAL))
    both = extended((circuit.families, circuit.connections), bends)
    assert fields(both)["curve"] == 75


def test_normalising_widens_fields_once() -> None:
    families, connections = oriented()
    twice = tuple(Normalisation(n, 5, real(1), ("gabors",)) for n in ("gabors",))
    wide = extended((families, connections), normalisations=twice)
    assert fields(wide) == {"gabors": 15, "complex": 19}


def test_everything_inferred_is_printed() -> None:
    text = describe_circuit(program())
    assert text == describe_circuit(program())
    squeezed = " ".join(text.split())
    for line in (
        "Lines and curves.",
        "curve mixed3b_5x5 4 (th: rot 4) 8px 7px 59px 28x28",
        "gabors->complex gabors complex 8 -> 4 over ph 1x1 of 4px maxpool0",
        "copy mixed3a:0..3 mixed3b_5x5_bottleneck:0..3 32",
    ):
        assert line in squeezed
    assert "exact" in text
    assert "which `normalisation=lrn` would do alone" in text


def test_given_units_have_no_place() -> None:
    text = """circ 1
from std.shapes import blob
backbone V = inceptionv1()
family window at V.mixed4b { units = [237] }
family car    at V.mixed4c_5x5
connect window -> car { place = blob(sigma=1tap) }
"""
    printed = describe_circuit(loads(text))
    assert "window are units of a trained network" in printed
    assert "a circuit without a name" in printed
