"""`match` on a small network: what it finds, prints and refuses."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.reporting.printed.matches import COLUMNS
from circuitdsl.run.comparing.matching import searched_layers
from circuitdsl.text.diagnostics import InputError

CIRCUIT = """circ 1
from std.shapes import blob, gabor
backbone V = tiny(input=64px)
family edges [th: orient(8), ph: phase(4)] at V.conv2d0
family spots [h: hue(6)] at V.conv2d0
connect V.input -> edges {
  colour = luma
  place = gabor(8px, length=2px, width=2px)
  dc = 0
}
connect V.input -> spots { colour = hue(0deg)  place = blob(sigma=2px) }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A circuit, and 14 pictures of coloured discs and lines."""
    folder = tmp_path_factory.mktemp("match")
    (folder / "early.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(folder / "scenes", 14)
    return folder


@pytest.fixture(scope="module")
def matches(folder: Path):
    (result,) = circuitdsl.match(
        [folder / "early.circ"], ["tiny"], folder / "scenes", layers=["conv2d0", "conv2d1"], units=3
    )
    return result


def test_edges_of_a_trained_network_are_found(matches) -> None:
    rows = [row for row in matches.rows if (row.family, row.layer) == ("edges", "conv2d0")]
    assert len(rows) == 3
    best = rows[0].figure
    assert best.r > 0.6
    assert best.r_ci[0] < best.r < best.r_ci[1]
    assert best.r > best.energy and best.r > best.random and best.r > best.wrong_pairs
    assert abs(best.wrong_pairs) < 0.2
    assert [row.figure.r for row in rows] == sorted((row.figure.r for row in rows), reverse=True)


def test_half_of_the_images_chooses_and_the_other_half_measures(matches) -> None:
    assert (matches.images, matches.chosen_on) == (7, 7)


def test_the_command_writes_every_row(folder: Path, tmp_path: Path) -> None:
    command = ["match", str(folder / "early.circ"), "-m", "tiny", "--family", "spots"]
    command += ["--images", str(folder / "scenes"), "-l", "conv2d0", "--units", "2", "--draws", "1"]
    command += ["-o", str(tmp_path / "rows.csv"), "--json", str(tmp_path / "rows.json")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "conv2d0:" in done.stdout and "spots[" in done.stdout
    record = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert record["images"] == 7
    assert record["weights"] == {"tiny": circuitdsl.load_network("tiny").digest}
    assert record["weights"]["tiny"][:12] in done.stdout
    assert {purpose: len(names) for purpose, names in record["photographs"].items()} == {
        "chosen_on": 7,
        "measured_on": 7,
    }
    assert not set.intersection(*map(set, record["photographs"].values()))
    assert len(record["rows"]) == 2
    row = record["rows"][0]
    assert set(row["controls"]) == {"energy", "random", "wrong_pairs"}
    assert (row["family"], row["model"], row["layer"]) == ("spots", "tiny", "conv2d0")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert tuple(table[0]) == COLUMNS
    assert float(table[1][6]) == pytest.approx(row["r"], abs=1e-6)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"families": ["edge"]}, "no circuit has a family `edge`"),
        ({"layers": ["conv2d9"]}, "tiny has no layer `conv2d9`"),
        ({"layers": ["softmax2"]}, "tiny has no layer `softmax2`"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, chosen, message: str) -> None:
    with pytest.raises(InputError, match=message):
        circuitdsl.match([folder / "early.circ"], ["tiny"], folder / "scenes", **chosen)


def test_a_circuit_of_another_networks_units_is_refused_alone_and_left_out_beside_others(
    folder: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given.circ"
    given.write_text(
        """circ 1
from std.shapes import blob
backbone V = tiny(input=64px)
family theirs [u: cases(2)] at V.conv2d0 { units = [0, 1]  network = "another" }
family spot at V.conv2d1
connect theirs -> spot { over = u  place = blob(sigma=4px) }
""",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="`theirs` is conv2d0:0, conv2d0:1 of another; this is"):
        circuitdsl.match([given], ["tiny"], folder / "scenes")
    (result,) = circuitdsl.match(
        [given, folder / "early.circ"], ["tiny"], folder / "scenes", layers=["conv2d0"], draws=0
    )
    assert result.left_out == ("given",) and {row.circuit for row in result.rows} == {"early"}


def test_without_random_circuits_nothing_stands_for_them(folder: Path, tmp_path: Path) -> None:
    command = ["match", str(folder / "early.circ"), "-m", "tiny", "--family", "spots"]
    command += ["--images", str(folder / "scenes"), "-l", "conv2d0", "--units", "1"]
    command += [
        "--draws",
        "0",
        "--json",
        str(tmp_path / "rows.json"),
        "-o",
        str(tmp_path / "r.csv"),
    ]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert re.search(r"conv2d0:\d+ .* -  +-?0\.", done.stdout)
    (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
    assert row["controls"]["random"] is None
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["random"] == "" and float(line["r"]) > 0


def test_blocks_and_convolutions_outside_them_are_looked_at() -> None:
    network = circuitdsl.load_network("tiny")
    names = ("conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b")
    assert searched_layers(network.backbone) == names


def test_directions_say_what_they_add_on_the_other_half(folder: Path) -> None:
    (result,) = circuitdsl.match(
        [folder / "early.circ"],
        ["tiny"],
        folder / "scenes",
        families=["edges"],
        layers=["conv2d0"],
        draws=0,
        directions=True,
    )
    first, *others = result.rows
    assert first.along is not None and all(row.along is not None for row in others)
    assert len(first.along.terms) == 12
    assert sum(weight**2 for _, weight in first.along.terms) == pytest.approx(1)
    assert first.along.adds == pytest.approx(first.along.r - first.figure.r)
    network = circuitdsl.load_network("tiny")
    weights = dict(first.along.terms)
    bent = circuitdsl.direction(network, "bent", "conv2d0", weights)
    (again,) = circuitdsl.match(
        [folder / "early.circ"],
        [bent],
        folder / "scenes",
        families=["edges"],
        layers=["bent"],
        draws=0,
    )
    assert again.rows[0].figure.r == pytest.approx(first.along.r, abs=1e-3)


def test_families_that_name_stimuli_are_asked_about_them(folder: Path, tmp_path: Path) -> None:
    text = f"""{CIRCUIT}
stimulus lines = lines(th=every(45deg), contrast=[-1, 1], stroke=3px, size=32px)
family across [th: orient(4)] at V.conv2d0 {{ expect spread(lines) >= 0 }}
connect V.input -> across {{ place = gabor(8px, length=3px, width=2px)  dc = 0 }}
"""
    (folder / "across.circ").write_text(text, encoding="utf-8")
    command = ["match", str(folder / "across.circ"), "-m", "tiny", "--images"]
    command += [str(folder / "scenes"), "-l", "conv2d0", "--draws", "0", "--stimuli"]
    done = CliRunner().invoke(app, [*command, "--json", str(tmp_path / "rows.json")])
    assert done.exit_code == 0, done.output
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
    assert all("stimuli" not in row for row in rows if row["family"] != "across")
    own = [row["stimuli"] for row in rows if row["family"] == "across"]
    assert len(own) == 4
    for found in own:
        assert (found["images"], found["sets"]) == (8, ["lines"])
        assert found["r_ci"][0] <= found["r"] <= found["r_ci"][1]
