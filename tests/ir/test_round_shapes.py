"""Which shapes look the same from every direction."""

from __future__ import annotations

import pytest

from circuitdsl.checking.load import loads
from circuitdsl.ir.expressions import DialValue, Number
from circuitdsl.ir.tables.shapes import SHAPES

NOTHING = Number(0.0, "tap")
SOMETHING = Number(0.5, "px")


@pytest.mark.parametrize(
    ("name", "at", "round_"),
    [
        ("dot", None, True),
        ("blob", None, True),
        ("blob", (NOTHING, Number(0.0, "px")), True),
        ("blob", (NOTHING, SOMETHING), False),
        ("blob", (NOTHING, DialValue("shift", "px")), False),
        ("bar", (NOTHING, NOTHING), False),
    ],
)
def test_a_place_of_nothing_is_the_origin_in_any_unit(name, at, round_) -> None:
    assert SHAPES[name].is_round({} if at is None else {"at": at}) is round_


def test_a_round_shape_is_not_turned() -> None:
    circuit = loads(
        "circ 1\nfrom std.shapes import blob, rotated\nbackbone V = inceptionv1()\n"
        "family spot at V.conv2d0\nconnect V.input -> spot {\n"
        "  place = rotated(blob(at=(0tap, 0tap), sigma=0.3tap), 90deg)\n}\n"
    )
    place = circuit.connections[0].wiring.place
    assert place is not None
    assert place.terms[0].shape.turn == Number(0.0, "angle")
