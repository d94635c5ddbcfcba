"""`score` of families that are no curves: in their own terms, in any network, never silently."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_scenes import write_scenes
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.score import Comparison
from circuitdsl.reporting.drawn.figures import draw_tuning
from circuitdsl.reporting.printed.families import agreement_table
from circuitdsl.reporting.printed.tables import score_table
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.resources import circuits_folder

CIRCUIT = """circ 1
from std.shapes import blob, gabor
backbone V = tiny(input=64px)
stimulus lines = lines(th=every(15deg))
stimulus spots = spots(radius=6px, hue=every(60deg))
stimulus bends = arcs(radius=20px)
family edges [th: orient(8), ph: phase(angles=[0deg, 180deg])] at V.conv2d0 {
  expect response(lines) > 2*response(spots)
}
family bars [th: orient(8)] at V.conv2d0
family tints [h: hue(6)] at V.conv2d0 { expect response(spots) > 0 }
family dots at V.conv2d0
family corners [th: rot(8)] at V.conv2d0 { expect response(lines) > response(bends) }
family bows [th: rot(8)] at V.conv2d0 { expect response(bends) > response(lines) }
connect V.input -> edges { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
connect V.input -> bars { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
connect V.input -> corners { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
connect V.input -> bows { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
connect V.input -> tints { colour = hue(0deg)  place = blob(sigma=2px) }
connect V.input -> dots { colour = luma  place = blob(sigma=2px) }
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A circuit, and pictures of coloured discs and lines."""
    folder = tmp_path_factory.mktemp("families")
    (folder / "early.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(folder / "scenes", 8)
    return folder / "early.circ"


def scored(file: Path, **more) -> FamilyComparison:
    result = circuitdsl.score(file, "tiny", images=file.parent / "scenes", **more)
    assert isinstance(result, FamilyComparison)
    return result


def test_edges_are_scored_in_their_own_terms(file) -> None:
    result = scored(file, family="edges", units=5)
    assert (result.layer, result.images, result.chosen_on) == ("conv2d0", 4, 4)
    assert result.sets == ("lines", "spots")
    assert len({unit.original for unit in result.units}) == len(result.units) == 5
    assert result.mean["natural_r"] > max(result.mean["random"], result.mean["wrong_pairs"])
    low, high = result.natural_r_ci
    assert low < result.mean["natural_r"] < high
    (best, *_) = sorted(result.units, key=lambda unit: -unit.figure.r)
    (hand,), (original,) = best.hand_axes, best.original_axes
    assert (hand.axis, hand.period_deg) == ("th", 180)
    assert hand.error(original) < 20
    assert [name for name, *_ in best.rivals] == ["spots"]


def test_each_half_of_the_photographs_has_its_own_names(file) -> None:
    record = scored(file, family="dots").record()
    chosen, measured = (set(record["photographs"][name]) for name in ("chosen_on", "measured_on"))
    assert len(chosen) == len(measured) == 4
    assert not chosen & measured
    assert len(record["weights"]) == 64
    assert record["units_chosen_by"] == "agreement"


def test_a_family_of_one_member_has_several_units(file) -> None:
    result = scored(file, family="dots")
    assert {unit.hand for unit in result.units} == {"dots"}
    assert len(result.units) == 4
    assert result.axes == () == result.sets


def test_hues_are_tuned_along_hues(file) -> None:
    result = scored(file, family="tints", units=2)
    assert [(axis.axis, axis.kind) for axis in result.axes] == [("h", "hue")]


def test_only_what_names_arcs_first_is_held_against_curve_detectors(file) -> None:
    images = file.parent / "scenes"
    corners = circuitdsl.score(file, "tiny", images=images, family="corners", units=2)
    bows = circuitdsl.score(file, "tiny", images=images, family="bows", units=2)
    assert isinstance(corners, FamilyComparison)
    assert isinstance(bows, Comparison)
    forced = circuitdsl.score(file, "tiny", images=images, family="corners", find="curves", units=2)
    assert isinstance(forced, Comparison)
    assert (bows.of_kind, forced.of_kind) == (True, False)
    assert "these units are no family of its kind" in str(score_table(forced).title)
    lines = circuitdsl.score(file, "tiny", images=images, family="bars", find="lines", units=2)
    assert isinstance(lines, Comparison)
    assert max(unit.preferred_error_deg for unit in lines.units) <= 90
    assert "by their tuning to bars alone" in str(score_table(lines).title)
    draw_tuning(lines, file.parent / "lines.png")
    other = circuitdsl.score(file, "tiny", images=images, family="bows", find="agreement", units=2)
    assert isinstance(other, FamilyComparison)
    lost = replace(other, natural_r_ci=(other.mean["random"] - 0.01, 1.0))
    assert "no family of its kind: a control agrees" in str(agreement_table(lost).title)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"find": "curve"}, "did you mean `curves`"),
        ({"family": "edges", "members": "placed"}, "--members has no meaning here"),
        ({"family": "edges", "layers": ["conv2d9"]}, "no layer `conv2d9`"),
        ({"family": "edges", "limit": 1}, "1 images cannot be split"),
        ({"family": "bows", "layers": ["conv2d0"]}, "--layer has no meaning here"),
        ({"family": "edges", "find": "curves"}, "cannot be scored as a family of curves"),
        ({"family": "bows", "find": "lines"}, "cannot be scored as a family of lines"),
        ({"family": "bars", "find": "lines", "grid": "a.npz"}, "grids of lines were published"),
    ],
)
def test_what_does_not_fit_is_one_message(file, more, message) -> None:
    with pytest.raises(InputError) as caught:
        scored(file, **more)
    assert message in f"{caught.value} {caught.value.help}"


def test_the_command_says_how_units_were_chosen(file, tmp_path) -> None:
    command = ["score", str(file), "--model", "tiny", "--images", str(file.parent / "scenes")]
    command += ["--family", "edges", "--units", "2", "--json", str(tmp_path / "e.json")]
    done = CliRunner().invoke(app, [*command, "--figure", str(tmp_path / "e.png")])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "against conv2d0 of tiny: units found by agreement on 4 images" in said
    assert (tmp_path / "e.png").stat().st_size > 1000
    record = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert len(record["units"]) == 2


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "family", "expected"),
    [
        ("high_low", "hilo", ("mixed3a", ("th",))),
        ("colour_contrast", "contrast", ("conv2d1", ("th", "h"))),
        ("colour_centre", "centre", ("conv2d2", ("h",))),
        ("black_white", "bw", ("conv2d2", ())),
        ("boundary", "boundary", ("mixed3b", ("th",))),
        ("lines", "line", ("conv2d2", ("th",))),
        ("dog_union", "seen.snout", ("mixed3a", ())),
        ("dog_union", "seen.any", ("mixed4a", ())),
    ],
)
def test_shipped_families_against_inceptionv1_caffe2(
    name, family, expected, caffe2_weights, photographs
) -> None:
    result = circuitdsl.score(
        circuits_folder() / f"{name}.circ",
        "inceptionv1-caffe2",
        weights=caffe2_weights,
        images=photographs,
        limit=8,
        family=family,
        units=4,
    )
    assert isinstance(result, FamilyComparison)
    assert (result.layer, tuple(axis.axis for axis in result.axes)) == expected
    assert (result.images, result.chosen_on) == (4, 4)
    assert 1 <= len(result.units) <= 4
    if family in ("hilo", "contrast", "centre"):
        assert result.mean["natural_r"] > result.mean["wrong_pairs"] + 0.1
