"""Edit scripts carried out on a small network, from the file to what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from two_blocks import TWO, noise_images, two_weights
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.checking.load import load_script
from circuitdsl.cli import app
from circuitdsl.editing import verbs
from circuitdsl.editing.apply import edit
from circuitdsl.editing.baselines import means, recorded
from circuitdsl.editing.resolve import Lowering
from circuitdsl.editing.select import edges, select
from circuitdsl.ir.edits import script as ir
from circuitdsl.measure.agreeing.side_by_side import Contender, meetings
from circuitdsl.measure.passes import run
from circuitdsl.models.files.weights import read_weights
from circuitdsl.models.network import Network
from circuitdsl.pipeline import handwritten, read
from circuitdsl.run import scripts, sweeps
from circuitdsl.run.comparing import effects
from circuitdsl.run.opening import inputs
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import DiagnosticError, InputError

HAND = """circ 1
from std.shapes   import dot, gabor, half
from std.profiles import bump
backbone V = inceptionv1()
family edges [th: rot(8)] at V.conv2d0
family bends [th: rot(4)] at V.conv2d1
family both  [th: rot(4), h: hue(2)] at V.conv2d0
connect V.input -> edges { place = gabor(8px, length=3px, width=3px, phase=90deg)  dc = 0 }
connect V.input -> both  { colour = hue(0deg)  place = half(4px) }
connect edges   -> bends { place = dot()  tune.th = bump(60deg) - 0.2 }
"""
FOUND = """circ 1
backbone V = inceptionv1()
family low  [th: rot(angles=[2deg, 95deg])]         at V.mixed3a_1x1 { units = [2, 0] }
family high [th: rot(angles=[5deg, 85deg, 190deg])] at V.mixed3b_1x1 { units = [1, 0, 2] }
"""
SCRIPT = """circ 1
import "hand.circ" as hand
import "found.circ" as found_before
backbone V = inceptionv1(weights="default", input=224px)
let some = V.mixed3b_5x5[0, 2]
let low  = V.mixed3a_1x1
let best = found(V.mixed3b_1x1, n=2)
let ways = found(V.mixed3b_1x1, like=hand.bends, direction, n=2, units=2, using=calibration)
stimulus photos      = photographs()
stimulus calibration = photographs(n=4, seed=1)
stimulus strips      = lines(th=every(30deg), size=24px)
stimulus bars        = arcs(radius=[8px], th=every(45deg), contrast=1, size=24px)
"""
EDITS = """
edit gone on V { ablate some to zero }
edit twice on V { ablate some to zero  scale V.mixed3b_5x5[2] by 2 }
edit meant on V { ablate some to mean(calibration) }
edit dealt on V { ablate some to resampled(calibration, seed=3) }
edit drawn on V { ablate some to mean(bars) }
edit patched on V { patch some from calibration }
edit halved on gone { scale V.mixed3b_1x1[1] by 0.5 }
edit dropped on V { drop low -> V.mixed3b_1x1 where weight < 0 and abs(weight) > 0.1 }
edit turned on V { negate low -> V.mixed3b_1x1[1] }
edit angled on V { drop found_before.low -> found_before.high where angle > 60deg }
edit without on V { ablate found_before.high to zero }
edit moved on V {
  splice hand.bends into found_before.high match angle(within=18deg) { gain = matched(calibration) }
}
edit placed on V {
  splice hand.bends into found_before.high match placed() { gain = matched(calibration) }
}
edit strict on V {
  splice hand.bends into found_before.high match angle(within=3deg) { gain = matched(calibration) }
}
edit rewired on V {
  replace found_before.low -> found_before.high with hand.edges -> hand.bends match angle()
}
edit found_gone on V { ablate best to zero }
edit alike on V {
  splice hand.bends into found(V.mixed3b_1x1, like=hand.bends, n=2, using=calibration)
    match agreement(using=calibration) { gain = matched(calibration) }
}
edit along on V {
  splice hand.bends into ways match agreement(using=calibration) { gain = matched(calibration) }
}
edit across on V { ablate found(V.mixed3b_1x1, like=hand.bends, direction, units=2) to zero }
edit unnamed on V { ablate found(V.mixed3b, like=hand.both, n=3) to zero }
"""
SCORES = """
score recovery {
  intact  = V
  removed = without
  spliced = placed
  using   = photos
  expect recovered > 1000
  expect shuffled <= recovered + 1000
}
score circles { left = best  right = gone.best  using = bars  expect echo(right) == echo(left) }
score barred  { left = hand.edges  using = strips  expect echo <= 1 }
score lone    { left = hand.bends  using = bars  expect echo <= 1 }
"""


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights(), name="two")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "hand.circ").write_text(HAND)
    (folder / "found.circ").write_text(FOUND)
    (folder / "edits.circ").write_text(SCRIPT + EDITS + SCORES)
    (folder / "one.circ").write_text(SCRIPT + "edit gone on V { ablate some to zero }\n")
    for index in range(10):
        target = folder / "photos" / str(index % 5) / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise_images(1, seed=index)[0].astype(np.uint8)).save(target)
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch, network):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(inputs, "opened_network", lambda name, weights: network)
    for module in (scripts, effects, sweeps):
        monkeypatch.setattr(module, "labels_of", lambda of: ("0", "1", "2", "3", "4"))
    monkeypatch.setattr(effects, "class_names_of", lambda of: ("ant", "bee", "cat", "dog", "elk"))


@pytest.fixture
def lowering(files, network) -> Lowering:
    photos = open_images(files / "photos")
    sets = {"photos": photos, "calibration": photos}
    return Lowering(load_script(files / "edits.circ"), "two", network, network.digest, sets)


def logits(network: Network) -> np.ndarray:
    return np.asarray(network.logits(noise_images(3, seed=50)))


def logits_of(edited) -> np.ndarray:
    return np.asarray(edited.logits(noise_images(3, seed=50)))


def test_steps_are_those_of_python(lowering, network) -> None:
    some, low = select(TWO, "mixed3b_5x5[0, 2]"), select(TWO, "mixed3a_1x1")
    photos = np.concatenate([noise_images(1, seed=seed) for seed in (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)])
    one = select(TWO, "mixed3b_1x1[1]")
    conditions = (verbs.Where("weight", "<", 0.0), verbs.Where("magnitude", ">", 0.1))
    average = run(means(network, some), batches_of([photos]))
    expected = {
        "gone": [verbs.Ablate(some)],
        "meant": [verbs.Ablate(some, average)],
        "patched": [verbs.Patch(some, run(recorded(network, some), batches_of([photos])))],
        "halved": [verbs.Ablate(some), verbs.Scale(one, 0.5)],
        "dropped": [verbs.drop(edges(low, select(TWO, "mixed3b_1x1")), *conditions)],
        "turned": [verbs.negate_edges(edges(low, one))],
    }
    for name, steps in expected.items():
        wanted, found = logits(edit(network, steps)), logits(lowering.edited(name))
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=name)
        assert not np.array_equal(found, logits(network)), name


def test_angles_choose_edges(lowering, network) -> None:
    (step,) = lowering.steps("angled")
    assert isinstance(step, verbs.ScaleEdges)
    assert step.edges.source.angles_deg == (2.0, 95.0)
    assert step.edges.target.names == ("mixed3b:1", "mixed3b:0", "mixed3b:2")
    assert not np.array_equal(logits(lowering.edited("angled")), logits(network))


def test_drawn_images_and_dealt_recordings(lowering, network) -> None:
    (drawn,) = lowering.steps("drawn")
    assert isinstance(drawn, verbs.Ablate)
    assert drawn.to is not None
    assert all(np.isfinite(drawn.to))
    (dealt,) = lowering.steps("dealt")
    assert isinstance(dealt, verbs.Patch)
    (patched,) = lowering.steps("patched")
    assert isinstance(patched, verbs.Patch)
    assert dealt.maps.shape == patched.maps.shape == (10, 6, 6, 2)
    assert not np.array_equal(dealt.maps, patched.maps)


def test_splices_pair_by_angle_and_place(lowering) -> None:
    (nearest,), (placed,) = lowering.steps("moved"), lowering.steps("placed")
    assert isinstance(nearest, verbs.Splice)
    assert isinstance(placed, verbs.Splice)
    assert nearest.hand.members == (0, 1, 2)
    angles = placed.hand.network.circuit.by_name["bends"].axes[0].angles_deg
    assert (placed.hand.members, angles) == ((0, 1, 2), (5.0, 85.0, 190.0))
    (shuffled,) = lowering.steps("placed", "shuffled")
    (noise,) = lowering.steps("placed", "random")
    assert isinstance(shuffled, verbs.Splice)
    assert isinstance(noise, verbs.Splice)
    assert sorted(shuffled.hand.members) == [0, 1, 2]
    assert shuffled.hand.members != (0, 1, 2)
    assert noise.hand.members == (0, 1, 2)
    with pytest.raises(DiagnosticError) as caught:
        lowering.steps("strict")
    (found,) = caught.value.diagnostics
    assert found.code == "E703"
    assert "mixed3b:1: the nearest angle is 5.0 degrees off" in found.message
    assert found.span.text == "match angle(within=3deg)"


def test_hand_written_edges_take_the_place_of_trained_ones(lowering, network) -> None:
    (step,) = lowering.steps("rewired")
    assert isinstance(step, verbs.ReplaceEdges)
    kernel = lowering._build(load_hand(lowering), ()).arrays["edges->bends"]
    new = step.weights[0, 0]
    old = np.asarray(network.params["mixed3b_1x1_w"])[0, 0][np.ix_([2, 0], [1, 0, 2])]
    np.testing.assert_allclose((new**2).sum(0), (old**2).sum(0), rtol=1e-5)
    wanted = np.asarray(kernel)[0, 0][np.ix_([0, 2], [0, 1, 2])]
    np.testing.assert_allclose(new / np.abs(new).max(0), wanted / np.abs(wanted).max(0), rtol=1e-4)


def load_hand(lowering: Lowering):
    (step,) = lowering.script.steps("rewired")
    assert isinstance(step, verbs.ReplaceEdges)
    return step.weights.target


def test_scores_from_the_command_line(files, tmp_path) -> None:
    target = tmp_path / "scores.json"
    arguments = ["score", str(files / "edits.circ"), "--images", str(files / "photos")]
    result = CliRunner().invoke(app, [*arguments, "--json", str(target)])
    assert result.exit_code == 1, result.output  # one expectation does not hold
    assert (
        "error[E901]: `recovery`: `expect recovered > 1000` does not hold: recovered is"
        in result.output
    )
    assert "4 of 5 expectations hold" in result.output
    assert "recovery on 6 images, 3 units" in result.output
    assert "4 other images" in result.output
    assert "responses to figures at all angles" in result.output
    record = json.loads(target.read_text())
    assert len(record["recovery"]) == 8
    assert set(record["recovery"][0]) == {
        "measure",
        "against",
        "value",
        "ci",
        "shuffled",
        "random",
    }
    measures = {"top1", "top5", "cross_entropy", "kl"}
    assert all(set(record[key]) == measures for key in ("intact", "zero", "mean", "spliced"))
    assert record["n"] == 6
    assert set(record["scores"]) == {"recovery", "circles", "barred", "lone"}


def test_a_recovery_alone_is_the_whole_record(files) -> None:
    file = files / "alone.circ"
    file.write_text(SCRIPT + EDITS + SCORES.split("score circles", maxsplit=1)[0])
    found = circuitdsl.score(file, images=files / "photos", seed=2)
    assert isinstance(found, scripts.Scored)
    record = found.record()
    own = {"recovery", "n", "intact", "zero", "mean", "spliced"}
    assert set(record) == own | {"model", "weights", "units", "chosen", "photographs"}
    assert record["units"] == ["mixed3b:1", "mixed3b:0", "mixed3b:2"]
    shown = {name: set(names) for name, names in record["photographs"].items()}
    assert {name: len(names) for name, names in shown.items()} == {"calibration": 4, "photos": 6}
    assert not shown["calibration"] & shown["photos"]
    with pytest.raises(InputError, match="scored on the photographs `photos`"):
        circuitdsl.score(file, calibration=files / "photos")
    with pytest.raises(InputError, match="overlap"):
        circuitdsl.score(file, images=files / "photos", calibration=files / "photos" / "1")


def test_units_are_found_by_agreement_with_any_family(files, lowering) -> None:
    """The units chosen, and the members that stand in for them, are those that correlate most."""
    (step,) = lowering.edited("alike").steps
    assert isinstance(step, verbs.Splice)
    (choice,) = lowering.chosen([s.units for s in lowering.script.steps("alike")])
    assert (choice.layer, choice.like, len(choice.photographs)) == ("mixed3b_1x1", "bends", 10)
    assert choice.units == step.units.channels("mixed3b_1x1")
    images = next(iter(lowering.images["calibration"].batches(16, 24))).real
    maps = lowering.network.activations(images, ["mixed3b_1x1"])["mixed3b_1x1"]
    hand = step.hand.network.activations(images, ["bends"])["bends"]
    r = np.corrcoef(*(np.asarray(part).reshape(-1, part.shape[-1]).T for part in (hand, maps)))
    r = r[:4, 4:]
    assert step.hand.members == tuple(r[:, unit].argmax() for unit in choice.units)
    best = max(r[a, i] + r[b, j] for a, i, b, j in np.ndindex(4, 3, 4, 3) if a != b and i != j)
    assert 2 * choice.agreement == pytest.approx(best, abs=1e-3)


def test_directions_are_found_by_agreement_and_spliced_along(lowering, network) -> None:
    sets = [units for step in lowering.script.steps("along") for units in ir.unit_sets(step)]
    ready = lowering.shown_to(lowering.images, sets)
    np.testing.assert_array_equal(logits(ready.network), logits(network))
    (choice,) = ready.chosen(sets)
    assert [len(one.terms) for one in choice.directions] == [2, 2]
    (step,) = ready.edited("along").steps
    assert isinstance(step, verbs.Splice)
    assert step.units.places == (("direction_1", 0), ("direction_2", 0))
    family = step.hand.network.circuit.by_name["bends"]
    assert [family.member_name(at) for at in step.hand.members] == list(choice.members)
    images = next(iter(lowering.images["calibration"].some(range(1, 10, 2)).batches(16, 24))).real
    along = np.asarray(ready.network.activations(images, ["direction_1"])["direction_1"])
    layer = np.asarray(network.activations(images, ["mixed3b_1x1"])["mixed3b_1x1"])
    weights = dict(choice.directions[0].terms)
    expected = sum(weight * layer[..., unit] for unit, weight in weights.items())
    np.testing.assert_allclose(along[..., 0], expected, rtol=1e-4, atol=1e-5)
    hand = np.asarray(step.hand.network.activations(images, ["bends"])["bends"])
    r = [
        np.corrcoef(
            np.asarray(ready.network.activations(images, [one.name])[one.name]).ravel(),
            hand[..., member].ravel(),
        )[0, 1]
        for one, member in zip(choice.directions, step.hand.members, strict=True)
    ]
    assert choice.agreement == pytest.approx(np.mean(r), abs=1e-3)
    assert r[0] >= r[1] > 0
    edited = ready.edited("along")
    assert not np.allclose(logits_of(edited), logits(network))


def test_directions_found_are_scored_along(files) -> None:
    """A recovery removes directions and splices them; a tuning reads them as units."""
    file = files / "directed.circ"
    file.write_text(
        SCRIPT
        + "edit off on V { ablate ways to zero }"
        + """edit along on V {
  splice hand.bends into ways match agreement(using=calibration) { gain = matched(calibration) }
}
score recovery { intact = V  removed = off  spliced = along  using = photos }
score tuning   { left = ways  right = hand.bends  using = bars }
"""
    )
    scored = circuitdsl.score(file, images=files / "photos")
    assert isinstance(scored, scripts.Scored)
    record = scored.record()["scores"]
    names = ["direction_1:0", "direction_2:0"]
    assert record["recovery"]["units"] == names
    chosen = record["recovery"]["chosen"][0]
    assert chosen["like"] == "bends"
    assert [len(one["terms"]) for one in chosen["directions"]] == [2, 2]
    assert record["recovery"]["zero"] != record["recovery"]["intact"]
    (tuning,) = scored.tunings
    assert list(tuning.units("left")) == names
    assert tuning.measured["echo(left)"] <= 1


def test_a_family_of_another_geometry_finds_units_and_is_not_spliced(files, network) -> None:
    """Units are found by pixels of the image; a splice needs the positions themselves."""
    (files / "strided.circ").write_text(
        """circ 1
from std.shapes import gabor
backbone A = bvlc_alexnet()
family grids [th: orient(4)] at A.conv1
connect A.input -> grids { place = gabor(12px, length=3px, width=3px, phase=90deg)  dc = 0 }
"""
    )
    sought = "found(V.mixed3b_1x1, like=strided.grids, n=2, using=calibration)"
    file = files / "other.circ"
    file.write_text(
        SCRIPT.replace('"hand.circ" as hand', '"strided.circ" as strided', 1).split("let ways")[0]
        + f"""stimulus calibration = photographs(n=4, seed=1)
edit gone on V {{ ablate {sought} to zero }}
edit moved on V {{
  splice strided.grids into {sought} match agreement(using=calibration) {{
    gain = matched(calibration)
  }}
}}
"""
    )
    record = circuitdsl.effect(file, edit="gone", images=files / "photos").record()
    (chosen,) = record["chosen"]
    assert chosen["like"] == "grids"
    assert chosen["agreement"] > 0
    with pytest.raises(InputError, match=r"`grids` is 4x4, and the units .* are 6x6"):
        circuitdsl.effect(file, edit="moved", images=files / "photos")
    strided = Contender("strided", (handwritten(read(files / "strided.circ")),), ("grids",))
    with pytest.raises(
        InputError, match="conv1 has a window of 11 positions, and what it reads has 8"
    ):
        meetings(strided, network, ["mixed3b_1x1"], 8)


def test_a_direction_found_is_projected_out(files, tmp_path) -> None:
    target = tmp_path / "effect.json"
    common = ["effect", str(files / "edits.circ"), "--images", str(files / "photos")]
    result = CliRunner().invoke(app, [*common, "--edit", "across", "--json", str(target)])
    assert result.exit_code == 0, result.output
    assert "found like `bends` on one half of 3 photographs" in " ".join(result.output.split())
    record = json.loads(target.read_text())
    assert record["units"] == ["direction_1:0"]
    (chosen,) = record["chosen"]
    assert (chosen["units"], len(chosen["directions"][0]["terms"])) == ([], 2)
    assert record["weights"] == inputs.opened_network("two", None).digest


def test_an_effect_says_which_units_were_chosen_and_on_what(files, tmp_path) -> None:
    target = tmp_path / "effect.json"
    common = ["effect", str(files / "edits.circ"), "--images", str(files / "photos")]
    result = CliRunner().invoke(app, [*common, "--edit", "unnamed", "--json", str(target)])
    assert result.exit_code == 0, result.output
    assert "agree with `both`" in " ".join(result.output.split())
    record = json.loads(target.read_text())
    (chosen,) = record["chosen"]
    assert [f"mixed3b:{unit}" for unit in chosen["units"]] == record["units"]
    assert not set(chosen["photographs"]) & set(record["photographs"]["shown"])
    refused = CliRunner().invoke(app, ["edit", common[1], "--edit", "unnamed", "-o", str(target)])
    assert refused.exit_code == 2
    assert "needs the photographs `found()`" in refused.output


def test_effects_from_the_command_line(files, tmp_path) -> None:
    runner, target = CliRunner(), tmp_path / "effect.json"
    common = ["effect", str(files / "one.circ"), "--images", str(files / "photos")]
    result = runner.invoke(app, [*common, "--mirror", "--limit", "5", "--json", str(target)])
    assert result.exit_code == 0, result.output
    assert "gone on two on 10 images" in result.output
    assert "random 3" in result.output
    assert "what the edit changes" in result.output
    assert "classes that moved most" in result.output
    record = json.loads(target.read_text())
    assert (record["model"], record["edit"], record["n"]) == ("two", "gone", 10)
    several = runner.invoke(app, ["effect", str(files / "edits.circ"), *common[2:]])
    assert several.exit_code == 2
    assert "has several edits" in several.output
    other = runner.invoke(app, [*common, "--edit", "gome"])
    assert other.exit_code == 2
    assert "no edit `gome`" in other.output
    assert "did you mean `gone`?" in other.output


def test_all_edits_of_a_file_stand_in_one_table(files, tmp_path) -> None:
    file, target = files / "both.circ", tmp_path / "effects.json"
    one = (files / "one.circ").read_text()
    file.write_text(one + "edit halved on V { scale V.mixed3b[5] by 0.5 }\n")
    common = ["effect", str(file), "--images", str(files / "photos"), "--limit", "5", "--all"]
    result = CliRunner().invoke(app, [*common, "--json", str(target)])
    assert result.exit_code == 0, result.output
    assert "edits of both.circ on two, 5 images" in result.output
    names = [line.split("  ")[0].strip() for line in result.output.splitlines()]
    assert [name for name in names if name in ("intact", "gone", "halved")] == [
        "intact",
        "gone",
        "halved",
    ]
    record = json.loads(target.read_text())["edits"]
    assert list(record) == ["gone", "halved"]
    alone = effects.effect(files / "one.circ", files / "photos", limit=5).record()
    for name, value in alone["edited"]["change"].items():
        assert record["gone"]["edited"]["change"][name]["value"] == pytest.approx(value["value"])
    refused = CliRunner().invoke(app, [*common, "--edit", "gone"])
    assert refused.exit_code == 2
    assert "does not go with --edit" in " ".join(refused.output.split())


def test_edits_as_weights_from_the_command_line(files, tmp_path, lowering) -> None:
    runner, target = CliRunner(), tmp_path / "w.safetensors"
    common = ["edit", str(files / "edits.circ"), "-o", str(target), "--edit"]
    result = runner.invoke(app, [*common, "halved"])
    assert result.exit_code == 0, result.output
    assert "which has all of `halved`" in result.output
    folded = Network(TWO, read_weights(target, TWO))
    np.testing.assert_allclose(logits(folded), logits(lowering.edited("halved")), rtol=1e-4)
    assert "step" not in result.output
    twice = runner.invoke(app, [*common, "twice"])
    assert "step 2: `scale` has no effect on mixed3b:5, set to zero by `ablate`" in twice.output
    target.unlink()
    photos = ["--calibration", str(files / "photos")]
    refused = runner.invoke(app, [*common, "patched", *photos])
    assert refused.exit_code == 2
    assert "nothing of `patched` can be written as weights" in refused.output
    needs = runner.invoke(app, [*common, "meant"])
    assert needs.exit_code == 2
    assert "needs the photographs `calibration`" in needs.output
    assert not target.exists()


def test_numbers_mean_units_of_the_network_that_the_file_names(files) -> None:
    file = files / "named.circ"
    file.write_text((SCRIPT + EDITS).replace('"default"', '"inceptionv1-caffe2"'))
    with pytest.raises(InputError, match="by number of inceptionv1-caffe2; this is two"):
        circuitdsl.edit(file, "gone", model="two")


def test_every_set_of_photographs_has_its_own_folder_count_and_seed(files) -> None:
    """All of them once got those of the first."""
    (files / "other" / "0").mkdir(parents=True, exist_ok=True)
    for index in range(3):
        image = Image.fromarray(noise_images(1, seed=90 + index)[0].astype(np.uint8))
        image.save(files / "other" / "0" / f"{index}.png")
    file = files / "sets.circ"
    file.write_text(
        SCRIPT
        + """
stimulus others = photographs("other")
stimulus two    = photographs(n=2, seed=5)
edit all on V {
  ablate some to mean(calibration)
  ablate V.mixed3b_1x1[0] to mean(others)
  ablate V.mixed3b_1x1[1] to mean(two)
}
"""
    )
    lowering, _, scored = inputs.prepared(
        file, None, inputs.Given(images=files / "photos"), lambda stage: None
    )
    sets = {name: {path.name for path in found.paths} for name, found in lowering.images.items()}
    assert {name: len(paths) for name, paths in sets.items()} == {
        "calibration": 4,
        "others": 3,
        "two": 2,
    }
    assert lowering.images["others"].folder == files / "other"
    everything = open_images(files / "photos")
    for name, count, seed in (("calibration", 4, 1), ("two", 2, 5)):
        assert lowering.images[name].paths == split(everything, count, seed)[0].paths
    assert scored is not None
    left = {path.name for path in scored.paths}
    assert left == {path.name for path in everything.paths} - sets["calibration"] - sets["two"]


def test_verbs_from_python_are_those_of_the_command_line(files, network, tmp_path) -> None:
    photos, target = files / "photos", tmp_path / "w.safetensors"
    edited = circuitdsl.edit(str(files / "edits.circ"), "halved")
    same = circuitdsl.edit(network, edited.steps)
    np.testing.assert_array_equal(logits(edited), logits(same))
    assert circuitdsl.save(edited, target) == ()
    np.testing.assert_allclose(
        logits(Network(TWO, read_weights(target, TWO))), logits(edited), 1e-4
    )
    effect = circuitdsl.effect(files / "edits.circ", photos, edit="gone", limit=5)
    assert (effect.model, effect.edit, effect.n) == ("two", "gone", 5)
    again = circuitdsl.effect(circuitdsl.edit(files / "one.circ"), photos, limit=5)
    assert again.record() == effect.record()
    swept = circuitdsl.sweep(network, "mixed3b_1x1", photos, tmp_path / "sweep.csv", limit=5)
    assert swept.images == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda files, network: circuitdsl.edit(network, "gone"), "edited by steps"),
        (lambda files, network: circuitdsl.edit(files / "one.circ", []), "go by their names"),
        (
            lambda files, network: circuitdsl.score(files / "edits.circ", family="bends"),
            "--family has no meaning here",
        ),
        (
            lambda files, network: circuitdsl.score(files / "hand.circ", calibration="photos"),
            "--calibration has no meaning here",
        ),
        (lambda files, network: circuitdsl.find("curls", network, "mixed3b"), "`curves`"),
        (
            lambda files, network: circuitdsl.sweep(
                network, "mixed3b", files / "photos", "s.csv", by="pair", approx=True
            ),
            "attribution is of single units",
        ),
    ],
)
def test_what_verbs_refuse(files, network, call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(files, network)


def test_a_failing_claim_says_what_it_is_about_and_nothing_else(files) -> None:
    """`echo(right)` once also told the value of `echo`, which is the left's."""
    file = files / "claim.circ"
    file.write_text(
        SCRIPT
        + EDITS
        + "score circles { left = best  right = gone.best  using = bars  expect echo(right) > 5 }"
    )
    (failed,) = circuitdsl.score(file).failed
    assert "`expect echo(right) > 5` does not hold: echo(right) is" in failed.message
    assert failed.message.count("echo") == 2
