"""Fitting dials: towards a known answer, on after an interrupt, and from the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.checking.load import load, loads
from circuitdsl.cli import app
from circuitdsl.compare.expect import expectations_met
from circuitdsl.compare.recovery import recovery, study
from circuitdsl.compare.score import scored_family
from circuitdsl.editing.select import select
from circuitdsl.fitting.calibration import steered
from circuitdsl.fitting.claims import SAFE, claims_that_hold
from circuitdsl.fitting.evidence import Rest, record
from circuitdsl.fitting.objective import Objective, Shown
from circuitdsl.fitting.optimise import Schedule, fit_dials, held_back
from circuitdsl.fitting.result import split_photographs
from circuitdsl.ir.fits import NATURAL
from circuitdsl.lowering.dials import bounded, unbounded, with_settings
from circuitdsl.measure.calibration import calibrate, solved_weights
from circuitdsl.measure.finders.curves_published import PUBLISHED
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.figure_sets import published_figures
from circuitdsl.measure.tunings.of_families import responses_to
from circuitdsl.measure.tunings.published import PublishedGrids
from circuitdsl.measure.units import handwritten, trained
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import held

EDGES = """circ 1 "Edges of a wavelength to be found."

from std.shapes import gabor

backbone V = tiny(input=32px)

dial wavelength : length = 8px in [4px, 12px] free  # too long

stimulus circles = arcs(radius=12px, th=every(45deg)) {
  size = 32px
}

stimulus noise = noise(n=4, seed=0, contrast=0.1) {
  size = 32px
}

family edges [th: rot(4)] at V.conv2d0 {
  calibrate = one(circles, peak=preferred) and zero(noise, quantile=0.9)
}

connect V.input -> edges {
  place = gabor(wavelength, length=2px, width=2px, phase=90deg)
  dc    = 0
  norm  = l2
}
"""
ANGLES = (10.0, 100.0, 200.0)
SCHEDULE = Schedule(steps=12, rate=0.2, photographs=4, every=4)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for index in range(8):
        pixels = rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((48, 40)).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def objective(photographs):
    """Units of a circuit with the dial at 5.5 px stand for trained ones."""
    circuit = loads(EDGES)
    right = loads(
        EDGES.replace("rot(4)", f"rot(angles={[f'{a:g}deg' for a in ANGLES]})".replace("'", ""))
    )
    weights = solved_weights(right, dict(build(right, {"wavelength": 5.5}).arrays))
    originals = handwritten(build(right).with_weights(weights), "edges")
    train, _ = split_photographs(photographs)
    shown = record(train, originals, 32)
    return Objective(circuit, scored_family(circuit), NATURAL, ANGLES, shown)


def test_a_dial_goes_to_where_the_units_agree(objective):
    fit = fit_dials(objective, SCHEDULE)
    assert fit.finished
    assert fit.objective > fit.start
    assert abs(fit.dials["wavelength"] - 5.5) < 1.0


def claiming(least, text=EDGES):
    """The circuit with a claim that shorter waves break."""
    claim = f"at V.conv2d0 {{\n  expect response(filled) > {least}*response(circles)"
    filled = "stimulus filled = discs(radius=12px, th=every(45deg)) {\n  size = 32px\n}\n\nfamily"
    return loads(text.replace("family", filled).replace("at V.conv2d0 {", claim))


def test_a_fit_keeps_what_the_file_claims(objective):
    circuit = claiming(14)
    claims = claims_that_hold(circuit)
    wanted = replace(objective, circuit=circuit, family=scored_family(circuit))
    free, kept = fit_dials(wanted, SCHEDULE), fit_dials(wanted, SCHEDULE, claims=claims)
    (broken,) = expectations_met(with_settings(circuit, free.dials))
    (held,) = expectations_met(with_settings(circuit, kept.dials))
    assert not broken.holds
    assert held.holds
    assert kept.start < kept.objective < free.objective
    assert claims_that_hold(claiming(30)) is None


def test_claims_are_pressed_where_they_are_not_safe():
    free = "\n".join(line for line in EDGES.splitlines() if "calibrate" not in line)
    circuit = claiming(9.5, free)
    claims, z = claims_that_hold(circuit), unbounded(circuit)
    standing = claims.standing(z)
    assert standing.hold
    assert {one.images.shape for one in standing.pressed.values()} == {(4, 32, 32, 3)}

    def lacking(by):
        settings = {name: float(value) for name, value in bounded(circuit, moved(by)).items()}
        hand = calibrate(build(with_settings(circuit, settings)))
        sets = {stimulus.name: stimulus for stimulus in circuit.stimuli}
        filled, circles = (
            responses_to(hand, scored_family(circuit), sets[name]).max(axis=0)
            for name in ("filled", "circles")
        )
        return np.maximum(SAFE - (filled - 9.5 * circles) / (filled + 9.5 * circles), 0)

    def moved(by):
        return {"wavelength": z["wavelength"] + by}

    slopes = [float(claims.slope(z, standing, step)["wavelength"]) for step in range(4)]
    assert slopes == pytest.approx((lacking(0.05) - lacking(-0.05)) / 0.1, rel=0.05, abs=1e-6)
    safe = claims_that_hold(claiming(6, free))
    assert float(safe.slope(z, safe.standing(z), 0)["wavelength"]) == 0


def test_calibration_inside_the_objective_is_that_of_the_circuit(objective):
    placed = objective.placed
    z = unbounded(placed)
    weights = dict(build(placed).arrays)
    exact = solved_weights(placed, weights)
    chosen = steered(placed, weights, objective.references(z))
    for name in ("edges.gain", "edges.bias"):
        assert float(chosen[name]) == pytest.approx(float(exact[name]), rel=1e-3)


def test_a_run_cut_off_goes_on_as_if_it_had_not_been(objective, tmp_path):
    whole = fit_dials(objective, SCHEDULE)
    checkpoint = tmp_path / "fit.safetensors"
    stops = iter(range(100))

    def stop(stage):
        if stage.startswith("step") and next(stops) == 5:
            raise KeyboardInterrupt

    first = fit_dials(objective, SCHEDULE, checkpoint, stop)
    assert not first.finished
    assert first.objective >= first.start
    second = fit_dials(objective, SCHEDULE, checkpoint)
    assert second.finished
    assert second.dials == pytest.approx(whole.dials, rel=1e-4)


def test_checkpoints_of_other_runs_are_refused(objective, tmp_path):
    checkpoint = tmp_path / "fit.safetensors"
    fit_dials(objective, Schedule(steps=1, photographs=4), checkpoint)
    with pytest.raises(InputError, match="another fit"):
        fit_dials(objective, Schedule(steps=2, photographs=4), checkpoint)
    schedule = Schedule(steps=1, photographs=4)
    other = loads(EDGES.replace("width=2px", "width=3px"))
    evidence = objective.photographs
    pixels = replace(evidence, images=evidence.images + 1)  # as many photographs, but others
    for different in (replace(objective, circuit=other), replace(objective, photographs=pixels)):
        with pytest.raises(InputError, match="another fit"):
            fit_dials(different, schedule, checkpoint)
    with held(checkpoint), pytest.raises(InputError, match="another run is working on"):
        fit_dials(objective, Schedule(steps=1, photographs=4), checkpoint)
    checkpoint.write_bytes(b"nothing")
    with pytest.raises(InputError, match="no checkpoint"):
        fit_dials(objective, Schedule(steps=1, photographs=4), checkpoint)


def test_a_circuit_without_free_dials_is_refused(objective):
    circuit = loads(EDGES.replace(" free", ""))
    still = replace(objective, circuit=circuit)
    with pytest.raises(InputError, match="no dial to fit"):
        fit_dials(still, SCHEDULE)


def test_the_halves_of_the_photographs_share_none_whatever_the_limit(photographs):
    train, test = split_photographs(photographs)
    assert len(train.paths) == len(test.paths) == 4
    assert not set(train.paths) & set(test.paths)
    fewer, others = split_photographs(photographs, 2)
    assert set(fewer.paths) < set(train.paths)
    assert set(others.paths) < set(test.paths)


def test_what_is_held_back_is_shown_by_no_step():
    for count, back in ((2, 1), (10, 2), (1000, 64)):
        fitted, judged = held_back(count)
        assert len(judged) == back
        assert sorted([*fitted, *judged]) == list(range(count))
    assert [part.tolist() for part in held_back(1)] == [[0], [0]]
    figures = published_figures(PublishedGrids("", PUBLISHED, (379, 406), np.zeros((2, 80, 720))))
    assert len(figures.judged) == 300
    assert sorted([*figures.judged, *figures.fitted]) == list(range(57600))


def test_what_a_splice_recovers_is_what_a_recovery_measures(photographs):
    circuit = loads(EDGES.replace("90deg", "270deg"))
    network = circuitdsl.load_network("tiny")
    edges = scored_family(circuit)
    images = open_images(photographs)
    units = select(network.backbone, "conv2d0[0, 1, 2]").at_angles(ANGLES)
    rest = Rest(network, edges.layer, tuple(channel for _, channel in units.places))
    shown = record(images, trained(network, rest.layer, rest.units), 32, rest)
    wanted = Objective(circuit, edges, (("recovered", 1.0),), units.angles_deg, shown, rest)
    z = unbounded(circuit)
    some = Shown(shown.images, shown.targets, shown.layer_values, shown.log_p, shown.removed)
    chosen = wanted.references(z)
    measured = wanted.judged(z, chosen, some)["recovered"]

    values, slope = wanted.slope(z, chosen, some)
    assert values["recovered"] == pytest.approx(measured, abs=1e-4)
    ends = [{"wavelength": z["wavelength"] + step} for step in (-0.05, 0.05)]
    low, high = (wanted.judged(end, chosen, some)["recovered"] for end in ends)
    assert float(slope["wavelength"]) == pytest.approx((high - low) / 0.1, rel=0.05, abs=1e-3)

    placed = calibrate(build(wanted.placed))
    batches = list(batches_of([shown.images], ["any"] * 8))
    prepared = study(network, units, placed, "edges", members=range(3), calibration=batches)
    found = run(recovery(prepared, {"any": 0}), batches).share("kl")
    assert min(prepared.edits["spliced"].steps[0].hand.gain) > 0
    assert measured == pytest.approx(found.value, abs=0.01)
    assert 0.1 < measured < 1


def test_weights_are_shares_of_one(objective):
    both = replace(objective, terms=(("natural", 1.0), ("grid", 3.0)))
    assert both.mean({"natural": 0.4, "grid": 0.8}) == pytest.approx(0.7)
    assert both.mean({"natural": 0.4}) == pytest.approx(0.4)


def test_nothing_is_spliced_where_others_are_read_beside_it():
    network = circuitdsl.load_network("tiny")
    with pytest.raises(InputError, match="spliced in at `mixed3a_1x1`"):
        Rest(network, "mixed3a_1x1", (0,))


def test_the_command_line_writes_the_fitted_circuit(photographs, tmp_path):
    written, fitted, report = (tmp_path / name for name in ("a.circ", "b.circ", "fit.json"))
    written.write_text(EDGES, encoding="utf-8")
    arguments = ["fit", written, "-o", fitted, "--model", "tiny", "--images", photographs]
    options = ["--steps", "2", "--batch", "2", "--figures", "8", "--units", "3", "--json", report]
    options += ["--objective", "natural + 0.5*tuning + 0.5*recovered"]
    result = CliRunner().invoke(app, [str(part) for part in (*arguments, *options)])
    assert result.exit_code == 0, result.output
    assert 'import "a.circ" with { wavelength = ' in " ".join(fitted.read_text("utf-8").split())
    told = json.loads(report.read_text(encoding="utf-8"))
    default = load(fitted).defaults["wavelength"]
    assert told["dials"][0]["fitted"] == default
    assert told["finished"]
    assert list(told["measures"]) == ["natural", "tuning", "recovered"]
    assert told["objective"] == "natural + 0.5*tuning + 0.5*recovered"
    for when in ("before", "after"):
        assert told[when]["train"]["images"] == told[when]["test"]["images"] == 4
    assert written.read_text(encoding="utf-8") == EDGES


TINTS = """circ 1 "Edges between hues, whatever their sides."

from std.shapes import half

backbone V = tiny(input=64px)

dial tint : angle = 10deg in [-60deg, 60deg] free

family tints [th: rot(4), h: hue(2)] at V.conv2d0

connect V.input -> tints { colour = hue(tint)  place = half(2px)  norm = l2 }
"""


def test_any_family_is_fitted_to_units_that_agree_with_it(photographs, tmp_path):
    written, report = tmp_path / "tints.circ", tmp_path / "fit.json"
    written.write_text(TINTS, encoding="utf-8")
    arguments = ["fit", written, "-o", tmp_path / "fitted.circ", "--model", "tiny"]
    options = ["--images", photographs, "--steps", "3", "--batch", "4", "--units", "2"]
    everything = [str(part) for part in (*arguments, *options, "--json", report)]
    result = CliRunner().invoke(app, everything)
    assert result.exit_code == 0, result.output
    assert "the photographs to fit on choose units" in " ".join(result.output.split())
    told = json.loads(report.read_text(encoding="utf-8"))
    first, best = (told["measures"]["natural"][name] for name in ("default", "fitted"))
    assert best >= first
    assert told["units_chosen_by"] == "agreement"
    assert not set(told["photographs"]["fitted_to"]) & set(told["photographs"]["held_out"])
    for when in ("before", "after"):
        assert len(told[when]["test"]["units"]) == 2
        assert told[when]["test"]["images"] == 4
    scored = circuitdsl.score(load(tmp_path / "fitted.circ"), "tiny", images=photographs, units=2)
    assert scored.chosen_on == 4
    refused = CliRunner().invoke(app, [*everything, "--objective", "natural + tuning"])
    assert refused.exit_code == 2
    assert "`tuning` is not measured of `tints`" in refused.stderr


def test_an_interrupt_while_scoring_leaves_the_fit_as_it_is(photographs, tmp_path):
    written = tmp_path / "a.circ"
    written.write_text(EDGES, encoding="utf-8")

    def stop(stage):
        if stage.startswith("scoring"):
            raise KeyboardInterrupt

    options = {"images": photographs, "steps": 1, "batch": 2, "units": 3, "progress": stop}
    found = circuitdsl.fit(written, "tiny", **options)
    assert found.fit.finished
    assert found.record()["after"] == {}


def test_a_fit_in_python_follows_the_block_of_the_file(photographs, tmp_path):
    written = tmp_path / "a.circ"
    block = "fit quickly { maximise = tuning  steps = 1  figures = 8  units = 3 }\n"
    written.write_text(EDGES + block, encoding="utf-8")
    found = circuitdsl.fit(written, "tiny")
    assert (found.objective, found.fit.steps) == ((("tuning", 1.0),), 1)
    fitted = tmp_path / "b.circ"
    once = found.source(fitted)
    assert once.startswith('circ 1 "Edges of a wavelength to be found; dials fitted to tiny."')
    assert replace(found, doc="Edges; dials fitted to tiny.").source(fitted).count("dials") == 1
    told = circuitdsl.fit(str(written), circuitdsl.load_network("tiny"), steps=2)
    assert (told.objective, told.fit.steps) == ((("tuning", 1.0),), 2)
    with pytest.raises(InputError, match="no `fit quick`\n  = help: did you mean `quickly`"):
        circuitdsl.fit(written, "tiny", block="quick")


def test_missing_evidence_is_named(tmp_path):
    written = tmp_path / "a.circ"
    written.write_text(EDGES, encoding="utf-8")
    for objective, wanted in (
        ("natural", "photographs are needed"),
        ("tuning + recovered", "photographs are needed"),
        ("grid", "grids are needed"),
        ("natural - grid", "nothing is subtracted"),
        ("natural and grid", "measures are added, and multiplied by numbers"),
    ):
        arguments = ["fit", str(written), "-o", str(tmp_path / "b.circ"), "--model", "tiny"]
        result = CliRunner().invoke(app, [*arguments, "--objective", objective])
        assert result.exit_code == 2
        assert wanted in result.stderr
