"""Files that set the dials of others, and the dials that uses of motifs have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from circuitdsl.checking import CheckResult, check_path, load, loads
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.writing.settings import import_path, settings_source
from circuitdsl.ir.writing.text import to_source
from circuitdsl.lowering.dials import free_dials, with_settings
from circuitdsl.lowering.provenance import origins
from circuitdsl.lowering.weights import lower
from circuitdsl.syntax.format import format_source
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source

EDGES = """circ 1 "Edges."
from std.motifs   import copy
from std.profiles import bump
from std.shapes   import bar, gabor
backbone V = inceptionv1()
dial wave : length = 6px in [3px, 20px] free
dial wide : length = 2px
motif row(reach: length in [2px, 20px] free, share: real = 1 in [0, 3], width: length = wide) {
  place   = bar(reach, width=width)
  tune.th = bump(60deg)
  norm    = mass(share)
}
stimulus lines = lines()
family gabors [th: orient(8)] at V.conv2d0
family copied [th: orient(8)] at V.conv2d1
family edges  [th: orient(8)] at V.conv2d2 { expect spread(lines) <= 1 }
connect V.input -> gabors { colour = luma  place = gabor(wave, length=2px, width=2px)  dc = 0 }
connect gabors -> copied = copy()
connect copied -> edges as rows = row(6px)
fit dials { dials = [wave, rows.reach]  steps = 3 }
"""
SET = 'circ 1 "Edges, set."\nimport "edges.circ" with { wave = 7px  rows.reach = 7.5px }\n'


def checked(folder: Path, text: str, **others: str) -> CheckResult:
    for name, written in {"edges": EDGES, "set": SET, "main": text, **others}.items():
        (folder / f"{name}.circ").write_text(written, encoding="utf-8")
    return check_path(folder / "main.circ")


def sound(result: CheckResult) -> Circuit:
    assert [d.message for d in result.errors] == []
    assert result.circuit is not None
    return result.circuit


def test_a_file_of_settings_is_the_circuit_with_its_dials_set(tmp_path: Path) -> None:
    result = checked(tmp_path, SET)
    circuit, written = sound(result), loads(EDGES)
    expected = with_settings(written, {"wave": 7.0, "rows.reach": 7.5})
    assert to_source(circuit) == to_source(expected).replace('"Edges."', '"Edges, set."')
    assert circuit.doc == "Edges, set."
    assert circuit.by_name["edges"].expectations == written.by_name["edges"].expectations
    assert [block.dials for block in result.fits] == [("wave", "rows.reach")]


def test_settings_change_weights_as_settings_given_to_lower_do(tmp_path: Path) -> None:
    weights = lower(sound(checked(tmp_path, SET)))()
    expected = lower(loads(EDGES))({"wave": 7.0, "rows.reach": 7.5})
    for name, array in expected.items():
        np.testing.assert_array_equal(weights[name], array)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('circ 1\nimport "set.circ" with { wave = 9px }', {"wave": 9.0, "rows.reach": 7.5}),
        (
            'circ 1\nimport "set.circ" as hand with { rows.share = 2 }\n'
            "backbone V = inceptionv1()\nfrom std.motifs import copy\n"
            "family more [th: orient(8)] at V.mixed3a_1x1\n"
            "connect hand.edges -> more = copy()",
            {"hand.wave": 7.0, "hand.rows.reach": 7.5, "hand.rows.share": 2.0},
        ),
        (
            'circ 1\nimport "parts.circ" with { part.rows.reach = 5px  part.wide = 3px }',
            {"part.rows.reach": 5.0, "part.wide": 3.0},
        ),
    ],
)
def test_settings_reach_what_stands_in_a_file(
    tmp_path: Path, text: str, values: dict[str, float]
) -> None:
    parts = """circ 1
from std.motifs import copy
backbone V = inceptionv1()
import "edges.circ" as all
from std.shapes import gabor
circuit whole() {
  dial wide : length = 2px
  family gabors [th: orient(8)] at V.conv2d0
  family copied [th: orient(8)] at V.conv2d1
  family edges  [th: orient(8)] at V.conv2d2
  connect V.input -> gabors { place = gabor(6px, length=wide, width=2px)  dc = 0 }
  connect gabors -> copied = copy()
  connect copied -> edges as rows = all.row(6px)
}
let part = whole()
"""
    circuit = sound(checked(tmp_path, text, parts=parts))
    assert {name: circuit.defaults[name] for name in values} == values
    assert loads(to_source(circuit)) == circuit


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ("wav = 7px", "E201", "no dial `wav`; did you mean `wave`?"),
        ("rows.radius = 7px", "E201", "no dial `rows.radius`"),
        ("rows.width = 7px", "E201", "no dial `rows.width`"),
        ("wave = 7deg", "E302", "`wave` must be a length"),
        ("wave = 70px", "E304", "`wave` must be in [3px, 20px]; it is 70px"),
        ("rows.share = 4", "E304", "`rows.share` must be in [0, 3]; it is 4"),
        ("wave = 7px  wave = 8px", "E208", "`wave` is given twice"),
        ("expect 1 < 2", "E804", "settings claim nothing"),
    ],
)
def test_faults_are_reported_where_the_setting_stands(
    tmp_path: Path, settings: str, code: str, message: str
) -> None:
    (fault,) = checked(tmp_path, f'circ 1\nimport "edges.circ" with {{ {settings} }}').errors
    assert (fault.code, fault.span.source.path) == (code, tmp_path / "main.circ")
    assert message in fault.message


def test_a_file_of_settings_declares_nothing(tmp_path: Path) -> None:
    (fault,) = checked(tmp_path, SET + "let x = 1").errors
    assert (fault.code, fault.span.text) == ("E214", "let x = 1")


def test_errors_of_the_circuit_are_errors_of_its_settings(tmp_path: Path) -> None:
    faults = checked(tmp_path, SET, edges=EDGES.replace("bump(60deg)", "bmp(60deg)")).errors
    assert [fault.span.source.path for fault in faults] == [tmp_path / "edges.circ"]


def test_settings_may_not_go_in_a_circle(tmp_path: Path) -> None:
    text = 'circ 1\nimport "main.circ" with { wave = 3px }'
    assert [fault.code for fault in checked(tmp_path, text).errors] == ["E205"]


def test_provenance_names_the_line_that_sets_a_dial(tmp_path: Path) -> None:
    found = origins(sound(checked(tmp_path, SET)), "rows")
    assert [(o.role, o.span.text) for o in found if o.role in ("dial", "setting")] == [
        ("dial", "dial wide : length = 2px"),
        ("dial", "6px"),
        ("setting", "rows.reach = 7.5px"),
        ("dial", "share: real = 1 in [0, 3]"),
    ]


# ---- dials of uses


def test_a_formal_with_a_range_is_a_dial_of_each_use() -> None:
    text = EDGES.replace(
        "as rows = row(6px)",
        "as rows = row(6px)\nconnect copied -> edges as far = row(8px, share=2) { gain = -1 }",
    )
    circuit = loads(text)
    assert [(d.name, d.default) for d in circuit.dials[2:]] == [
        ("rows.reach", 6.0),
        ("rows.share", 1.0),
        ("far.reach", 8.0),
        ("far.share", 2.0),
    ]
    assert list(free_dials(circuit)) == ["wave", "rows.reach", "far.reach"]
    assert loads(to_source(circuit)) == circuit
    first, second = lower(circuit)(), lower(circuit)({"far.reach": 12.0})
    np.testing.assert_array_equal(first["rows"], second["rows"])
    assert not np.array_equal(first["far"], second["far"])


def test_an_expression_of_dials_and_a_use_without_a_name_make_no_dial() -> None:
    shared = loads(EDGES.replace("row(6px)", "row(wave)").replace(", rows.reach", ""))
    assert [d.name for d in shared.dials] == ["wave", "wide", "rows.share"]
    unnamed = loads(EDGES.replace(" as rows", "").replace(", rows.reach", ""))
    assert [d.name for d in unnamed.dials] == ["wave", "wide"]
    for circuit in (shared, unnamed):
        assert loads(to_source(circuit)) == circuit


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("row(6px)", "row(60px)", "`rows.reach` must be in [2px, 20px]; it is 60px"),
        ("in [2px, 20px]", "in [20px, 2px]", "the range [20px, 2px] of `reach` is empty"),
        (" in [2px, 20px]", "", "`reach` is free, but has no range"),
        ("1 in [0, 3]", "4 in [0, 3]", "the default of `share` must be in [0, 3]"),
        (
            "dial wide",
            "dial rows.reach : length = 1px\ndial wide",
            "`rows.reach` is declared twice",
        ),
    ],
)
def test_faults_of_ranges(tmp_path: Path, old: str, new: str, message: str) -> None:
    found = checked(tmp_path, EDGES.replace(old, new)).errors
    assert any(message in fault.message for fault in found)


# ---- in Python


def test_with_settings() -> None:
    circuit = loads(EDGES)
    assert with_settings(circuit, {"wave": 7}).defaults == {**circuit.defaults, "wave": 7.0}
    with pytest.raises(InputError, match="no dial `wav`"):
        with_settings(circuit, {"wav": 7})
    with pytest.raises(InputError, match="outside its range"):
        with_settings(circuit, {"wave": 70})


def test_a_written_file_of_settings_is_canonical_and_reads_back(tmp_path: Path) -> None:
    checked(tmp_path, "circ 1")
    fitted = with_settings(load(tmp_path / "edges.circ"), {"wave": 7.123456, "rows.reach": 7.5})
    output = tmp_path / "fitted.circ"
    text = settings_source(import_path(tmp_path / "edges.circ", output), "Set.", fitted.dials)
    output.write_text(text, encoding="utf-8")
    assert format_source(Source("fitted.circ", text)) == text
    assert load(output).defaults == {**fitted.defaults, "wave": 7.123}


def test_settings_are_written_where_they_can_import_the_circuit(tmp_path: Path) -> None:
    circuit = tmp_path / "circuits" / "edges.circ"
    assert import_path(circuit, tmp_path / "fitted.circ") == "circuits/edges.circ"
    assert import_path(circuit, tmp_path / "circuits" / "sub" / "fitted.circ") == "edges.circ"
    with pytest.raises(InputError, match="would import itself"):
        import_path(circuit, circuit)
    with pytest.raises(InputError, match="cannot import"):
        import_path(circuit, tmp_path / "else" / "where" / "fitted.circ")
