"""Edits and scores as the checker sees them: what is refused, and what is built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from circuitdsl.checking import check_source
from circuitdsl.checking.load import CheckResult, load_script
from circuitdsl.ir.edits import script as ir
from circuitdsl.ir.edits import steps as done
from circuitdsl.ir.stimuli import Folder
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.source import Source

HAND = """circ 1
from std.shapes import half
backbone V = inceptionv1()
family turning [th: rot(4)] at V.mixed3a_1x1
family plain                at V.mixed3b_1x1
family other   [th: rot(4)] at V.mixed3b_1x1
connect V.input -> bottom { place = half(4px) }
family bottom [th: rot(4)] at V.conv2d0
"""
SCRIPT = """circ 1
import "hand.circ" as hand
import "found.circ" as earlier
import "lab.circ" as lab
backbone V = inceptionv1(weights="default")
let some = V.mixed3b[379, 400..402]
let best = found(V.mixed3b_5x5, n=3)
stimulus photos = photographs()
stimulus calibration = photographs("pictures", n=5, seed=2)
"""
FOUND = """circ 1
backbone V = inceptionv1()
family curves [th: rot(angles=[0deg, 90deg])] at V.mixed3b { units = [7, 9] }
"""
LAB = """circ 1
stimulus arcs  = arcs(th=every(30deg))
stimulus noise = noise(n=4)
"""


class Files:
    """Finds what the scripts import."""

    def load(self, importing: Source, path: str) -> Source:
        texts = {"hand.circ": HAND, "found.circ": FOUND, "lab.circ": LAB}
        if path not in texts:
            raise InputError(f"cannot read {path}: no such file.")
        return Source(path, texts[path], Path(path))


def check(text: str) -> CheckResult:
    """What is said of a script, but that it does not use every name that all of them declare."""
    result = check_source(Source("script.circ", SCRIPT + text, Path("/files/script.circ")), Files())
    kept = tuple(each for each in result.diagnostics if each.code != "L406")
    return replace(result, diagnostics=kept)


def script(text: str) -> ir.Script:
    result = check(text)
    assert [d.message for d in result.diagnostics] == []
    assert result.script is not None
    return result.script


def steps(text: str) -> tuple[ir.Step, ...]:
    return script(f"edit e on V {{ {text} }}").steps("e")


SPLICE = "splice hand.bottom into some match {} {{ gain = matched(calibration) }}"
WRONG = [
    ("shift some by 3px", "E302", "`by`"),
    ("ablate 3b:480 to zero", "E701", "mixed3b:480 is out of range; mixed3b has 480 units"),
    ("ablate V.mixed3b[379..500] to zero", "E701", "mixed3b:480 is out of range"),
    ("ablate V.mixed3c[3] to zero", "E204", "`inceptionv1` has no layer `mixed3c`"),
    ("ablate V.maxpool0 to zero", "E204", "no units of its own"),
    ("ablate V.mixed3b[5..3] to zero", "E304", "empty"),
    (
        "ablate V.mixed3b[1.5] to zero",
        "E302",
        "what stands in `[...]` must be numbers of units, such as `379` or `330..339`",
    ),
    ("ablate some, 3b:400 to zero", "E208", "mixed3b:400 is given twice"),
    ("ablate V.mixed3b[3, 3] to zero", "E208", "mixed3b:3 is given twice"),
    ("ablate sum to zero", "E201", "no value `sum`"),
    ("ablate 3 to zero", "E302", "`3` must be units of a network, not a plain number"),
    ("ablate found(V.mixed3b, n=0) to zero", "E304", "from 1 to 480"),
    (
        "ablate found(some, n=3) to zero",
        "E302",
        "`layer` of `found()` must be a layer, such as `V.mixed3b`",
    ),
    ("ablate found(V.mixed3b, like=hand.none, n=3) to zero", "E201", "no family `hand.none`"),
    (
        "ablate found(V.mixed3b, like=some, n=3) to zero",
        "E302",
        "`some` must be a family of an imported circuit",
    ),
    ("ablate found(V.mixed3b, like=earlier.curves, n=3) to zero", "E706", "trained units"),
    (
        "ablate found(V.mixed3b, like=hand.plain, n=3, using=lab.noise) to zero",
        "E302",
        "`using` of `found()` must be a set of photographs, not `noise`",
    ),
    (
        "ablate found(V.mixed3b, direction) to zero",
        "E207",
        "`found()` needs `like`",
    ),
    (
        "ablate found(V.mixed3b, like=hand.plain, direction, n=99) to zero",
        "E304",
        "`n` must be a whole number from 1 to",
    ),
    (
        "ablate found(V.mixed3b, like=hand.plain, direction, units=481) to zero",
        "E304",
        "`units` must be a whole number from 1 to 480, the units of mixed3b",
    ),
    (
        "ablate found(V.mixed3b, like=hand.plain, units=3, n=2) to zero",
        "E206",
        "no argument `units`",
    ),
    (
        "ablate found(V.mixed3b, n=3, using=photos) to zero",
        "E207",
        "`using` of `found()` needs `like`: a family to agree with",
    ),
    ("ablate some to one", "E302", "`zero`, `mean(SET)`"),
    ("ablate some", "E207", "`ablate` needs `to`"),
    ("ablate some to zero to zero", "E208", "`to` is given twice"),
    ("ablate some by 3", "E202", "`ablate` takes no `by`"),
    ("ablate some to mean(pictures)", "E201", "no stimulus set `pictures`"),
    ("ablate some -> some to zero", "E302", "what `ablate` acts on must be units"),
    ("drop some where weight < 0", "E302", "what `drop` acts on must be edges"),
    ("erase some", "E201", "no verb `erase`"),
    ("scale some by 3px", "E302", "`by` must be a plain number"),
    ("drop some -> V.mixed3a[3]", "E702", "no edge goes from mixed3b to mixed3a"),
    ("drop some -> V.mixed3b[3]", "E702", "edges point forward"),
    ("drop V.mixed3a[3] -> V.mixed4b[3]", "E702", "no edge goes from mixed3a to mixed4b"),
    ("drop V.mixed3a -> some where size < 0", "E302", "`weight`, `abs(weight)` or `angle`"),
    ("drop V.mixed3a -> some where angle < 3", "E302", "must be an angle"),
    ("drop V.mixed3a -> some where weight < 3deg", "E302", "must be a plain number"),
    (
        SPLICE.format("angle(lab.noise)"),
        "E302",
        "`lab.noise` must be a set of figures at angles `th`, such as `arcs`, `lines` or "
        "`figures`, not `noise`",
    ),
    (SPLICE.format("angle(within=200deg)"), "E304", "from 0deg to 180deg"),
    (
        SPLICE.format("colour()"),
        "E302",
        "`match` must be `angle(STIMULI, within=18deg)`, `placed(STIMULI)` or `agreement(",
    ),
    ("splice hand.bottom into some match angle()", "E207", "how strong"),
    ("splice hand.plain into some match angle() { gain = matched(photos) }", "E409", "one angle"),
    ("splice hand.curve into some match angle() { gain = matched(photos) }", "E201", "hand.curve"),
    ("splice earlier.curves into some match angle() { gain = matched(photos) }", "E706", "trained"),
    ("splice some into some match angle() { gain = matched(photos) }", "E302", "imported"),
    (
        SPLICE.format("placed()").replace("ation)", "ation, quantity=max)"),
        "E201",
        "no quantity `max`",
    ),
    (
        "replace V.mixed3a -> some with hand.turning -> hand.other match angle()",
        "E502",
        "no connection from `turning` to `other`",
    ),
    ("replace V.mixed3a -> some with hand.other match angle()", "E302", "must be an edge"),
    (
        "ablate some to zero expect count == 3",
        "E707",
        "`expect count == 3` does not hold: count is 4",
    ),
    (
        "ablate some to zero { expect count > 4 }",
        "E707",
        "`expect count > 4` does not hold: count is 4",
    ),
    ("ablate best to zero expect size == 3", "E201", "no measure `size`"),
    ("ablate best to zero drop some -> V.mixed4a expect count == 3", "E804", "could mean both"),
    (
        "drop V.mixed3a[1, 2] -> some expect count == 6",
        "E707",
        "`expect count == 6` does not hold: count is 8",
    ),
    ("ablate some to mean(folder) ", "E201", "no stimulus set"),
]


@pytest.mark.parametrize(("text", "code", "message"), WRONG)
def test_refused_steps(text: str, code: str, message: str) -> None:
    found = check(f"edit e on V {{ {text} }}").diagnostics
    assert [d.code for d in found] == [code]
    assert message in found[0].message


EDITS = "edit gone on V { ablate some to zero }\n"
TRANSPLANT = "edit moved on V { splice hand.bottom into some match placed() { gain = G } }\n"
MOVED = EDITS + TRANSPLANT.replace("G", "matched(calibration)")
RECOVERY = "intact = V  removed = gone  spliced = moved  using = photos"
WRONG_SCORES = [
    ("score s { using = photos }", "E801", "compares nothing"),
    ("score s { left = some  intact = V }", "E801", "two scores in one"),
    ("score s { intact = V  removed = gone }", "E801", "`spliced`, `using` are missing"),
    (f"{MOVED}score s {{ {RECOVERY.replace('= V', '= gone')} }}", "E801", "the network itself"),
    (f"{MOVED}score s {{ {RECOVERY.replace('= gone', '= lost')} }}", "E201", "no edit `lost`"),
    (f"{MOVED}score s {{ {RECOVERY.replace('= gone', '= moved')} }}", "E801", "should ablate"),
    (f"{MOVED}score s {{ {RECOVERY.replace('= moved', '= gone')} }}", "E801", "should splice"),
    (f"{MOVED}score s {{ {RECOVERY.replace('photos', 'calibration')} }}", "E805", "calibrated on"),
    (
        f"{MOVED}edit alike on V {{ ablate found(V.mixed3b, like=hand.bottom, n=2, using=photos) "
        f"to zero }} score s {{ {RECOVERY.replace('= gone', '= alike')} }}",
        "E805",
        "`photos` is scored on",
    ),
    (f"{MOVED}score s {{ {RECOVERY.replace('photos', 'lab.arcs')} }}", "E302", "photographs"),
    (f"{MOVED}score s {{ {RECOVERY} measure = top3 }}", "E201", "no measure `top3`"),
    (f"{MOVED}score s {{ {RECOVERY} expect recovered > 3deg }}", "E301", "with an angle"),
    (f"{MOVED}score s {{ {RECOVERY} expect 3 > 2 }}", "E804", "nothing that is measured"),
    (f"{MOVED}score s {{ {RECOVERY} expect echo(left) > 2 }}", "E804", "not measured here"),
    ("score s { right = some }", "E801", "there is no `left`"),
    ("score s { left = some  measure = top1 }", "E801", "belongs to a score of recovery"),
    (
        "score s { left = some  using = lab.noise }",
        "E302",
        "`lab.noise` must be a set of figures at angles `th`, such as `arcs`, `lines` or "
        "`figures`, not `noise`",
    ),
    ("score s { left = hand.bottom[th=5deg] }", "E408", "nearest are 0deg and 90deg"),
    (
        "score s { left = hand.bottom[3] }",
        "E302",
        "a member of `hand.bottom` must be named by its angle",
    ),
    (
        "score s { left = some  right = best  expect correlation > 0 }",
        "E802",
        "left has 4 members, right 3",
    ),
    ("score s { left = some }\nscore s { left = best }", "E203", "`s` is declared twice"),
    ("edit e on W { ablate some to zero }", "E201", "no network `W`"),
    ("edit e on V { negate some }\nedit e on V { negate some }", "E203", "`e` is declared twice"),
    ("edit V on V { negate some }", "E203", "`V` is declared twice"),
    ("stimulus s = photographs(n=0)", "E304", "from 1 to"),
    ('stimulus s = photographs("/tmp")', "E209", "outside the folder"),
    ('stimulus s = photographs("../x")', "E209", "outside the folder"),
    ("stimulus s = photographs(3)", "E302", "`folder` of `photographs()` must be a string"),
]


@pytest.mark.parametrize(("text", "code", "message"), WRONG_SCORES)
def test_refused_scores_edits_and_sets(text: str, code: str, message: str) -> None:
    found = check(text).diagnostics
    assert [d.code for d in found] == [code]
    assert message in found[0].message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ablate some to zero  scale 3b:379 by 2",
            "`scale` has no effect on mixed3b:379, set to zero by",
        ),
        ("scale 3b:379 by 2  ablate some to zero", "overwrites what `scale` did to mixed3b:379"),
        (
            "ablate best to zero  ablate best to mean(photos)",
            "overwrites what `ablate` did to unit 1",
        ),
        ("scale some by 1", "`scale` by 1 has no effect"),
        ("scale V.mixed3a -> some by 1", "`scale` by 1 has no effect"),
        ("", "`e` does nothing"),
    ],
)
def test_steps_without_an_effect_are_reported(text: str, message: str) -> None:
    result = check(f"edit e on V {{ {text} }}")
    assert [(d.code, d.severity) for d in result.diagnostics] == [("E704", "warning")]
    assert message in result.diagnostics[0].message
    assert result.script is not None


def test_scaling_what_is_set_to_a_mean_has_an_effect() -> None:
    assert len(steps("ablate some to mean(photos)  scale some by 0.5")) == 2


def test_an_edit_goes_on_from_another() -> None:
    found = script(
        "edit first on V { ablate some to zero }\n"
        "edit second on first { negate best  expect count == 3 }"
    )
    assert [type(step) for step in found.steps("second")] == [done.Ablate, done.Scale]
    late = check("edit second on first { negate best }\nedit first on V { ablate some to zero }")
    assert [d.code for d in late.diagnostics] == ["E201"]


def test_steps_are_what_was_written() -> None:
    some = ir.UnitSet((ir.Picked("mixed3b", (379, 400, 401, 402)),))
    best = ir.UnitSet((ir.Sought("mixed3b_5x5", 3),))
    below = ir.UnitSet((ir.Picked("mixed3a", (3,)),))
    assert steps("ablate 3b:379 to resampled(photos, seed=4)  negate best  scale some by -0.5") == (
        done.Ablate(ir.UnitSet((ir.Picked("mixed3b", (379,)),)), ir.Resampled("photos", 4)),
        done.Scale(best, -1.0),
        done.Scale(some, -0.5),
    )
    conditions = (
        done.Where("magnitude", ">", 0.01),
        done.Where("angle", "<=", 60.0),
        done.Where("weight", "<", 0.0),
    )
    where = "where abs(weight) > 0.01 and angle <= 60deg and weight < 0"
    assert steps(f"drop V.mixed3a[3] -> best {where}  negate V.mixed3a[3] -> some") == (
        done.ScaleEdges(ir.EdgeSet(below, best), 0.0, conditions),
        done.ScaleEdges(ir.EdgeSet(below, some), -1.0),
    )
    (spliced,) = steps(SPLICE.format("angle(lab.arcs, within=18deg)"))
    assert isinstance(spliced, done.Splice)
    assert (spliced.hand.hand.family, spliced.hand.images, spliced.hand.rule) == (
        "bottom",
        "calibration",
        "linear",
    )
    assert spliced.hand.match == ir.Match("angle", "lab.arcs", 18.0)
    assert "bottom" in spliced.hand.hand.circuit.by_name
    assert steps("patch earlier.curves from lab.noise") == (
        done.Patch(ir.UnitSet((ir.Picked("mixed3b", (7, 9), (0.0, 90.0)),)), "lab.noise"),
    )


def test_image_sets_are_those_used() -> None:
    found = script("edit e on V { ablate some to mean(calibration) }").images
    assert found == {"calibration": ir.Photographs("calibration", Folder("pictures"), 5, 2)}
    calibration = found["calibration"]
    assert isinstance(calibration, ir.Photographs)
    assert calibration.folder is not None
    assert calibration.folder.path == Path("/files/pictures")


def holds(score: ir.Score, **values: float) -> bool:
    """Whether the first expectation of a score holds where measures have these values."""
    judgement = score.expectations[0].judge(lambda use: values[use.of or use.name])
    return judgement.holds


def test_scores_are_what_was_written() -> None:
    found = script(
        f"{MOVED}score s {{ {RECOVERY} measure = top5 seed = 3 expect recovered >= 0.5 }}\n"
        "score t { left = hand.bottom[th=90deg]  right = gone.mixed3b[379] "
        "expect echo(right) >= 5*echo(left) }\n"
        "score u { left = some  right = gone.some }"
    )
    recovery, tuning, units = found.scores
    assert isinstance(recovery, ir.RecoveryScore)
    assert (recovery.measure, recovery.seed, recovery.using) == ("top5", 3, "photos")
    assert holds(recovery, recovered=0.5)
    assert not holds(recovery, recovered=float("nan"))
    assert isinstance(tuning, ir.TuningScore)
    assert isinstance(tuning.left, ir.HandSide)
    assert tuning.left.members == (1,)
    assert isinstance(tuning.right, ir.TrainedSide)
    assert tuning.right.edit == "gone"
    assert holds(tuning, left=0.1, right=0.5)
    assert not holds(tuning, left=0.1, right=0.49)
    assert isinstance(units, ir.TuningScore)
    assert units.right == ir.TrainedSide(
        ir.UnitSet((ir.Picked("mixed3b", (379, 400, 401, 402)),)), "gone"
    )


def test_weights_are_opened_where_they_are_read_and_nowhere_else() -> None:
    closed = SCRIPT.replace('weights="default"', "")
    text = f"{closed}edit e on V {{ negate some }}"
    source = Source("script.circ", text, Path("/files/script.circ"))
    found = check_source(source, Files()).diagnostics
    assert [d.code for d in found] == ["E601"]
    wired = HAND.replace("inceptionv1()", 'inceptionv1(weights="default")')
    found = check_source(Source("hand.circ", wired)).diagnostics
    assert [d.code for d in found if d.code != "L404"] == ["E601"]


def test_a_file_without_edits_is_no_script(tmp_path: Path) -> None:
    file = tmp_path / "a.circ"
    file.write_text("circ 1\nlet a = 1\n")
    with pytest.raises(InputError, match="edits nothing"):
        load_script(file)
    file.write_text("circ 1\nedit e on V { }\n")
    with pytest.raises(DiagnosticError):
        load_script(file)


def test_imports_are_looked_for_in_the_folder_above(tmp_path: Path) -> None:
    (tmp_path / "hand.circ").write_text(HAND)
    (tmp_path / "edits").mkdir()
    file = tmp_path / "edits" / "a.circ"
    file.write_text('circ 1\nimport "hand.circ" as hand\nlet a = 1\n')
    from circuitdsl.checking import check_path

    assert [d.code for d in check_path(file).diagnostics if d.code != "L404"] == []
    deeper = tmp_path / "edits" / "deep" / "a.circ"
    deeper.parent.mkdir()
    deeper.write_text(file.read_text())
    assert [d.code for d in check_path(deeper).diagnostics] == ["E209"]


def test_a_set_may_be_called_like_a_measure() -> None:
    """Whether a correlation is claimed was once read from the text of the line."""
    found = check(
        "stimulus correlations = arcs(th=every(30deg))\n"
        "let correlation_floor = 0.1\n"
        "score s { left = some  right = best  using = correlations "
        "expect echo(left) > correlation_floor }"
    )
    assert [d.code for d in found.diagnostics] == []
    lone = check("score s { left = some  expect correlation > 0.5 }")
    assert [d.code for d in lone.diagnostics] == ["E804"]


def test_scores_compare_ratios_but_no_powers() -> None:
    score = "score s {{ left = some  right = gone.some  expect {} }}"
    (kept,) = script(EDITS + score.format("echo(right)/echo(left) >= 5")).scores
    assert holds(kept, left=0.1, right=0.5)
    assert not holds(kept, left=0.0, right=0.0)
    for claim, code in (("echo(left)^2 > 1", "E302"), ("echo(middle) > 1", "E201")):
        found = check(EDITS + score.format(claim)).diagnostics
        assert [d.code for d in found] == [code]


def test_steps_know_their_verbs() -> None:
    written = "negate best  shift some by 2  drop V.mixed3a -> some  negate V.mixed3a -> best"
    assert [step.verb for step in steps(written)] == ["negate", "shift", "drop", "negate"]
