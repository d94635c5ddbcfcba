"""What the text means: the IR that each construct becomes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from corpus import GOLDEN

from circuitdsl.checking import check_path, load, loads
from circuitdsl.ir.circuit import (
    INPUT,
    Axis,
    Calibration,
    Circuit,
    Colour,
    Dial,
    Formal,
    MotifUse,
    Norm,
    Normalisation,
    ProfileTerm,
    Shape,
    TemplateTerm,
    Tune,
)
from circuitdsl.ir.expressions import ONE, Apply, DialValue, Number
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.ir.stimuli import Setting
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.diagnostics import DiagnosticError, InputError

PRELUDE = """circ 1
from std.shapes   import arc, bar, blob, dot, gabor, half, ring
from std.profiles import bump, constant, crossed, equal, opposed, other, same
from std.motifs   import copy, tangent_tiling
backbone V = inceptionv1(input=224px)
dial k : real = 0.5 in [0, 2]
family gabors [th: orient(16), ph: phase(4)] at V.conv2d0
family edge   [th: orient(16)]               at V.conv2d1
family line   [th: orient(16)]               at V.conv2d2
connect V.input -> gabors { place = gabor(6px, length=3px, width=2px) }
connect gabors -> edge { over = ph  place = dot()  tune.th = equal }
"""


def px(value: float) -> Number:
    return Number(value, "px")


def deg(value: float) -> Number:
    return Number(value, "angle")


def made(text: str) -> Circuit:
    return loads(PRELUDE + text)


def tuned(value: str) -> Tune:
    circuit = made(f"connect edge -> line {{ place = bar(8px, width=2px)  tune.th = {value} }}")
    return circuit.connections[-1].wiring.tunes[0]


def placed(value: str) -> tuple[TemplateTerm, ...]:
    circuit = made(f"connect edge -> line {{ place = {value}  tune.th = bump(40deg) }}")
    place = circuit.connections[-1].wiring.place
    assert place is not None
    return place.terms


BUMP = ProfileTerm(ONE, "bump", (("fwhm", deg(40.0)), ("around", deg(0.0))))


def test_the_example() -> None:
    circuit = load(GOLDEN / "curves_example.circ")
    assert circuit.doc.startswith("Curves over five layers")
    assert (circuit.backbone.name, circuit.backbone.architecture) == ("V", "inceptionv1")
    assert circuit.dials[2] == Dial("radius", "px", 45.0, 20.0, 120.0, True)
    gabors, *_, curve = circuit.families
    assert gabors.axes == (Axis("th", "orient", 16), Axis("ph", "phase", 4))
    assert curve.layer == "mixed3b_5x5"
    assert curve.calibrate == Calibration("lab.arcs", "lab.noise", 0.95)
    assert [c.name for c in circuit.connections][-2:] == ["bends", "tangents"]
    assert circuit.connections[0].source == INPUT
    assert circuit.connections[0].wiring.colour == Colour("luma")
    assert circuit.connections[-2].wiring.norm == Norm("mass", ONE, DialValue("opposed", "real"))
    assert circuit.normalisations == (Normalisation("line", 5, Number(12.0), ("line",)),)
    assert [stimulus.name for stimulus in circuit.stimuli] == ["lab.arcs", "lab.noise"]


def test_a_motif_is_called_with_every_formal_bound_and_own_attributes_win() -> None:
    circuit = load(GOLDEN / "curves_example.circ")
    (tiling,) = circuit.motifs
    assert tiling.formals[-1] == Formal("floor", "real", Number(0.3))
    connection = circuit.connections[4]
    assert connection.motif == MotifUse(
        "tangent_tiling",
        (
            ("radius", DialValue("bow", "px")),
            ("span", px(24.0)),
            ("width", Number(0.5, "tap")),
            ("reach", deg(25.0)),
            ("floor", Number(0.3)),
        ),
    )
    whole = expand_motifs(circuit).connections[4].wiring
    assert whole.norm == Norm("mass", ONE, Number(0.9))
    assert whole.tunes[0].frame == "tangent"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("bump(40deg)", (BUMP,)),
        ("2*bump(40deg)/4", (ProfileTerm(Number(0.5), "bump", BUMP.arguments),)),
        (
            "-k*bump(40deg)",
            (ProfileTerm(Apply("neg", (DialValue("k", "real"),), "real"), "bump", BUMP.arguments),),
        ),
        ("bump(40deg) - 0.3", (BUMP, ProfileTerm(Number(-0.3), "constant"))),
        ("0.3 + bump(40deg)", (ProfileTerm(Number(0.3), "constant"), BUMP)),
        ("1", (ProfileTerm(ONE, "constant"),)),
        ("constant", (ProfileTerm(ONE, "constant"),)),
        ("equal", (ProfileTerm(ONE, "equal"),)),
        ("equal()", (ProfileTerm(ONE, "equal"),)),
        (
            "crossed(40deg, 0.35)",
            (
                BUMP,
                ProfileTerm(Number(-0.35), "bump", (("fwhm", deg(40.0)), ("around", deg(90.0)))),
            ),
        ),
        (
            "bump(0.5turn*0.25)",
            (ProfileTerm(ONE, "bump", (("fwhm", deg(45.0)), ("around", deg(0.0)))),),
        ),
    ],
)
def test_profiles(text: str, terms: tuple[ProfileTerm, ...]) -> None:
    assert tuned(text).terms == terms


@pytest.mark.parametrize("frame", ["frame", "tangent", "field"])
def test_frames(frame: str) -> None:
    assert tuned(f"bump(40deg) @ {frame}").frame == frame


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("dot()", (TemplateTerm(ONE, Shape("dot", ())),)),
        (
            "-half(2px)*k",
            (
                TemplateTerm(
                    Apply("neg", (DialValue("k", "real"),), "real"),
                    Shape("half", (("width", px(2.0)),)),
                ),
            ),
        ),
        (
            "blob(sigma=1tap) - 0.5*blob((2px, -1tap), sigma=2px)",
            (
                TemplateTerm(
                    ONE, Shape("blob", (("at", (px(0.0), px(0.0))), ("sigma", Number(1.0, "tap"))))
                ),
                TemplateTerm(
                    Number(-0.5),
                    Shape("blob", (("at", (px(2.0), Number(-1.0, "tap"))), ("sigma", px(2.0)))),
                ),
            ),
        ),
    ],
)
def test_templates(text: str, terms: tuple[TemplateTerm, ...]) -> None:
    assert placed(text) == terms


def test_lets_and_functions_are_written_out() -> None:
    circuit = made(
        """
let base : length = 4px
let double = 2*base
fn pair(y: length, strength: real = 0.5) = bar(double, width=1px, at=(0px, y)) - strength*dot()
connect edge -> line { place = pair(2px, strength=k)  tune.th = bump(40deg) }
"""
    )
    place = circuit.connections[-1].wiring.place
    assert place is not None
    bar, dot = place.terms
    assert dict(bar.shape.arguments)["length"] == px(8.0)
    assert dot.weight == Apply("neg", (DialValue("k", "real"),), "real")


def test_spans_lead_to_the_text_that_the_user_wrote() -> None:
    text = (
        PRELUDE + "connect edge -> line { place = bar(8px, width=2px)\n  tune.th = crossed(40deg) }"
    )
    wiring = loads(text).connections[-1].wiring
    assert wiring.place is not None
    assert wiring.place.span.text == "bar(8px, width=2px)"
    assert wiring.tunes[0].span.text == "tune.th = crossed(40deg)"
    # parts of the library's functions stand where they were called
    assert {term.span.text for term in wiring.tunes[0].terms} == {"crossed(40deg)"}


def test_circuits_compare_by_meaning() -> None:
    one = made("connect edge -> line { place = dot()\n tune.th = (bump(40deg)) }")
    two = made("# a comment\nconnect edge->line{place=dot()   tune.th=bump(2*20deg)}")
    assert one == two
    assert hash(one) == hash(two)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("[20px, 40px]", (20.0, 40.0)),
        ("30px", (30.0,)),
        ("geometric(20px, 80px, 3)", (20.0, 40.0, 80.0)),
        ("linear(20px, 40px, 5)", (20.0, 25.0, 30.0, 35.0, 40.0)),
        ("linear(20px, 40px, 1)", (20.0,)),
    ],
)
def test_settings_of_stimuli(written: str, values: tuple[float, ...]) -> None:
    circuit = made(f"stimulus s = arcs(radius={written}) {{ contrast = 1 }}")
    (stimulus,) = circuit.stimuli
    assert dict(stimulus.settings)["radius"] == Setting(pytest.approx(values), "px")
    assert dict(stimulus.settings)["contrast"] == Setting((1.0,), "real")


def test_every_stops_where_the_figure_repeats() -> None:
    arcs, lines = made(
        "stimulus a = arcs(th=every(90deg))\nstimulus b = lines(th=every(50deg))"
    ).stimuli
    assert dict(arcs.settings)["th"].values == (0.0, 90.0, 180.0, 270.0)
    assert dict(lines.settings)["th"].values == (0.0, 50.0, 100.0, 150.0)


def test_backbones() -> None:
    circuit = loads(
        "circ 1\nbackbone N = tiny(input=96px, normalisation=lrn)\nfamily a at N.conv2d0"
    )
    use = circuit.backbone
    assert (use.name, use.architecture, use.input_px, use.normalisation) == ("N", "tiny", 96, "lrn")


def test_units_of_a_network() -> None:
    circuit = loads(
        "circ 1\nbackbone V = inceptionv1()\n"
        "family found [th: rot(angles=[0deg, 31.5deg])] at V.mixed3b { units = [379, 406] }"
    )
    assert circuit.families[0].units == (379, 406)
    assert circuit.families[0].axes[0].angles_deg == (0.0, 31.5)


def test_ways_in(tmp_path: Path) -> None:
    broken = tmp_path / "broken.circ"
    broken.write_text("circ 1\nlet a = b")
    with pytest.raises(DiagnosticError) as raised:
        load(broken)
    assert [d.code for d in raised.value.diagnostics] == ["E201"]
    library = tmp_path / "library.circ"
    library.write_text("circ 1\nlet a = 1")
    result = check_path(library)
    assert (result.circuit, result.diagnostics) == (None, ())
    with pytest.raises(InputError, match="declares no families"):
        load(library)
    with pytest.raises(InputError, match="no such file or directory"):
        load(tmp_path / "absent.circ")
    with pytest.raises(InputError, match="is a directory"):
        load(tmp_path)
    latin = tmp_path / "latin.circ"
    latin.write_bytes('circ 1 "caf\xe9"'.encode("latin-1"))
    with pytest.raises(InputError, match=r"is no UTF-8 text: byte 11 \(line 1\)"):
        load(latin)


@pytest.mark.parametrize("pool", ["", "pool = edge", "pool = [edge, other_edge]"])
def test_families_normalised_together_are_normalised_as_by_statements_of_their_own(pool) -> None:
    block = f"{{ window = 5tap  floor = k  {pool} }}\n"
    layers = "family other_edge at V.conv2d1\n"
    together = made(f"{layers}normalise edge, other_edge {block}")
    assert together == made(f"{layers}normalise edge {block}normalise other_edge {block}")
    assert loads(to_source(together)) == together


@pytest.mark.parametrize(
    ("blocks", "kinds", "commands"),
    [
        (("edit",), "edits", ["effect F --images DIR", "edit F -o WEIGHTS.safetensors"]),
        (("score",), "scores", ["score F"]),
        (
            ("edit", "score"),
            "edits and scores",
            ["effect F --images DIR", "edit F -o WEIGHTS.safetensors", "score F"],
        ),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, tuple) else "",
)
def test_a_script_says_which_commands_take_it(blocks, kinds, commands) -> None:
    texts = {
        "edit": "edit quieter on V { scale 3b:379 by 0.5 }\n",
        "score": "score echoes { left = V.mixed3b[379] }\n",
    }
    head = 'circ 1\nbackbone V = inceptionv1(weights="default")\n'
    with pytest.raises(InputError) as raised:
        loads(head + "".join(texts[block] for block in blocks), "F")
    assert raised.value.message == f"F is a script of {kinds}: there is no circuit in it."
    listed = " or ".join(f"`circuitdsl {command}`" for command in commands)
    assert raised.value.help == f"Run it by {listed}."


def test_a_script_with_families_of_trained_units_has_a_circuit() -> None:
    circuit = loads(
        'circ 1\nbackbone V = inceptionv1(weights="default")\n'
        "family found at V.mixed3b { units = [379] }\nedit off on V { ablate found to zero }\n"
    )
    assert [family.name for family in circuit.families] == ["found"]


def test_checking_loads_no_numerical_library() -> None:
    code = (
        "import sys; from circuitdsl.checking import check_path; "
        f"assert check_path({str(GOLDEN / 'curves_example.circ')!r}).circuit; "
        "print(sorted({'numpy', 'jax', 'flax', 'matplotlib', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
