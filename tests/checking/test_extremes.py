"""Names, numbers, chains and paths at the ends of their ranges: messages, never a crash."""

from __future__ import annotations

import time
from itertools import permutations
from pathlib import Path

import pytest

from circuitdsl.checking import check_path, check_source
from circuitdsl.text.source import Source

HEAD = "circ 1\nbackbone V = inceptionv1()\n"


def codes(text: str) -> set[str]:
    return {found.code for found in check_source(Source("a.circ", text)).errors}


DECLARATIONS = {
    "dial": "dial w : real = 1",
    "let": "let w = 1",
    "fn": "fn w() = 1",
    "circuit": "circuit w { family f at V.conv2d0 }",
}


@pytest.mark.parametrize(("first", "second"), [*permutations(DECLARATIONS, 2)])
def test_names_of_different_kinds_are_declared_twice(first: str, second: str) -> None:
    text = f"{HEAD}{DECLARATIONS[first]}\n{DECLARATIONS[second]}\nlet v = 1\n"
    assert "E203" in codes(text)


@pytest.mark.parametrize(
    "shape",
    [
        "blob(sigma=0px)",
        "half(0px)",
        "bar(0px, 0px)",
        "ring(0px, width=0px)",
        "arc(0px, span=0px, width=0px)",
        "gabor(0px, length=0px, width=0px)",
    ],
)
def test_kernels_of_no_width_under_identify(shape: str) -> None:
    text = (
        f"{HEAD}from std.shapes import arc, bar, blob, gabor, half, ring\n"
        "family w [h: hue(6)] at V.conv2d0 { identify = turn(h=180deg) }\n"
        f"connect V.input -> w {{ place = {shape}  colour = hue(0deg) }}\n"
    )
    assert codes(text) & {"E304", "E406"}


def test_identify_of_many_members_takes_no_time_in_their_square() -> None:
    lines = [
        f"family f{n} [h: hue(4096)] at V.conv2d0 {{ identify = turn(h=180deg) }}\n"
        for n in range(10)
    ]
    began = time.process_time()
    check_source(Source("a.circ", HEAD + "".join(lines)))
    assert time.process_time() - began < 10  # it was a minute


def test_a_scale_beyond_all_numbers() -> None:
    assert codes(f"{HEAD}family k [r: scale(1000, ratio=2.1)] at V.conv2d0\n") == {"E304"}


@pytest.mark.parametrize("unit", ["1e309", "1.5", "-1e309"])
def test_units_that_are_no_whole_numbers(unit: str) -> None:
    assert codes(f"{HEAD}family w at V.mixed4b {{ units = [{unit}] }}\n") == {"E302"}


def test_a_thousand_edits_in_a_chain(tmp_path: Path) -> None:
    edits = [f"edit e{n} on e{n - 1} {{ ablate 3b:{n % 480} to zero }}\n" for n in range(1, 1000)]
    path = tmp_path / "chain.circ"
    path.write_text(
        'circ 1\nbackbone V = inceptionv1(weights="default")\n'
        "edit e0 on V { ablate 3b:0 to zero }\n" + "".join(edits),
        encoding="utf-8",
    )
    script = check_path(path).script
    assert script is not None
    assert len(script.steps("e999")) == 1000


def test_imports_that_no_file_can_have(tmp_path: Path) -> None:
    (tmp_path / "loop.circ").symlink_to("loop.circ")
    (tmp_path / "there.circ").symlink_to("back.circ")
    (tmp_path / "back.circ").symlink_to("there.circ")
    path = tmp_path / "a.circ"
    for name in ("loop.circ", "there.circ", "loop.circ/b.circ", "a" * 300, "b/" * 3000):
        path.write_text(f'circ 1\nimport "{name}" as other\n', encoding="utf-8")
        assert {found.code for found in check_path(path).errors} == {"E209"}
