"""Files that import files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from circuitdsl.checking import CheckResult, check_path, check_source, loads
from circuitdsl.checking.names.imports import DEEPEST_IMPORTS
from circuitdsl.ir.circuit import Motif
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.source import Source

FOUND = """circ 1 "A curve family that was found."
backbone V = inceptionv1()
family curves [th: rot(angles=[0deg, 31.5deg, 100deg])] at V.mixed3b { units = [379, 406, 385] }
family lines  [th: orient(4), ph: phase(2)] at V.conv2d0
"""
LAB = """circ 1
import "inner/more.circ" as more
let usual = 30deg
dial reach : length = 6px in [1px, 20px]
stimulus arcs = arcs()
stimulus noise = noise()
motif spread(width: angle = usual) { place = bar(reach, width=2px)  tune.th = bump(width) }
fn stripe(length: length) = bar(length, width=more.thin)
from std.shapes import bar
from std.profiles import bump
"""
MORE = """circ 1
let thin = 1px
dial inner_dial : real = 2
fn twice(x: real) = 2*x
"""


def checked(tmp_path: Path, main: str, **others: str) -> CheckResult:
    for name, text in {
        "main": main,
        "found": FOUND,
        "lab": LAB,
        "inner/more": MORE,
        **others,
    }.items():
        path = tmp_path / f"{name}.circ"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return check_path(tmp_path / "main.circ")


HEAD = (
    'circ 1\nimport "lab.circ" as lab\nimport "found.circ" as found\nbackbone V = inceptionv1()\n'
)


def test_everything_that_a_file_lends(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        HEAD
        + """
from std.shapes import dot
from std.profiles import bump
family edge  [th: orient(16)] at V.conv2d1
family line  [th: orient(16)] at V.conv2d2 {
  calibrate = one(lab.arcs) and zero(lab.noise, quantile=0.9)
}
family other [th: orient(16)] at V.conv2d2
family more  [th: rot(angles=found.curves)] at V.conv2d2
family named [th: rot(angles=found.curves.th)] at V.conv2d2
family lines [x: orient(angles=found.lines)] at V.conv2d2
connect edge -> line  = lab.spread()
connect edge -> other {
  place   = lab.stripe(8px)
  tune.th = bump(lab.usual)
  gain    = lab.more.twice(lab.more.inner_dial)
}
""",
    )
    assert [d.message for d in result.errors] == []
    circuit = result.circuit
    assert circuit is not None
    assert [dial.name for dial in circuit.dials] == ["lab.reach", "lab.more.inner_dial"]
    assert [motif.name for motif in circuit.motifs] == ["lab.spread"]
    assert [stimulus.name for stimulus in circuit.stimuli] == ["lab.arcs", "lab.noise"]
    place = circuit.motifs[0].wiring.place
    assert place is not None
    assert dict(place.terms[0].shape.arguments)["length"] == DialValue("lab.reach", "px")
    for name in ("more", "named"):
        (axis,) = circuit.by_name[name].axes
        assert (axis.at_deg, axis.at_family) == ((0.0, 31.5, 100.0), "found.curves")
    assert circuit.by_name["lines"].axes[0].at_deg == (0.0, 45.0, 90.0, 135.0)
    # the printed text stands alone
    printed = to_source(circuit)
    assert 'import "' not in printed
    assert "# at the angles of found.curves" in printed
    assert loads(printed) == circuit


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ('import "absent.circ" as x', "E209", "absent.circ: no such file"),
        ('import "/etc/passwd" as x', "E209", "outside the folder"),
        ('import "C:\\\\x.circ" as x', "E209", "outside the folder"),
        ('import "../main.circ" as x', "E209", "outside the folder"),
        ('import "inner/../../x.circ" as x', "E209", "outside the folder"),
        ('import "" as x', "E209", "outside the folder"),
        ('import "inner" as x', "E209", "is a directory"),
        ('import "main.circ" as x', "E205", "import cycle: main.circ -> main.circ"),
        ('import "inner/../main.circ" as x', "E209", "outside the folder"),
        ('import "lab.circ" as lab', "E203", "`lab` is declared twice"),
        ("let a = lab.usul", "E201", "no value `lab.usul`; did you mean `lab.usual`?"),
        ("let a = lab.more.thn", "E201", "no value `lab.more.thn`"),
        ("let a = lab.strip(8px)", "E201", "no function `lab.strip`; did you mean `lab.stripe`?"),
        (
            "family x [th: rot(angles=found.curve)] at V.conv2d0",
            "E201",
            "did you mean `found.curves`?",
        ),
        ("family x [th: phase(angles=found.curves)] at V.conv2d0", "E409", "no `phase` axis"),
        ("family x [th: rot(angles=fund.curves)] at V.conv2d0", "E201", "of an imported file"),
        ("connect found.curvs -> x { }\nfamily x at V.conv2d0", "E201", "mean `found.curves`?"),
        (
            "family x at V.conv2d0 { calibrate = one(lab.ars) and zero(lab.noise, quantile=0.9) }",
            "E201",
            "did you mean `lab.arcs`?",
        ),
    ],
)
def test_messages(tmp_path: Path, line: str, code: str, message: str) -> None:
    result = checked(tmp_path, HEAD + line)
    assert [d.code for d in result.errors] == [code]
    assert message in result.errors[0].message
    assert result.errors[0].span.source.name.endswith("main.circ")


def test_a_cycle_over_several_files(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        'circ 1\nimport "a.circ" as a\n',
        a='circ 1\nimport "b.circ" as b\n',
        b='circ 1\nimport "a.circ" as a\n',
    )
    assert [d.message for d in result.errors] == ["import cycle: a.circ -> b.circ -> a.circ"]


def test_errors_of_imported_files_are_reported_in_their_text_and_only_there(tmp_path: Path) -> None:
    result = checked(
        tmp_path,
        'circ 1\nimport "a.circ" as a\nlet x = a.broken\nlet y = a.faulty + 1\n',
        a="circ 1\nlet broken = 3 px\nlet faulty = 2px + 1deg\nlet c = nothing\n",
    )
    assert [(d.code, Path(d.span.source.name).name, d.span.line) for d in result.errors] == [
        ("E101", "a.circ", 2),
        ("E301", "a.circ", 3),
        ("E201", "a.circ", 4),
    ]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "latin.circ").write_bytes(b'circ 1 "\xff"')
    result = checked(tmp_path, 'circ 1\nimport "latin.circ" as x\nlet a = x.b\n')
    assert [d.code for d in result.errors] == ["E209"]
    assert "is no UTF-8 text" in result.errors[0].message


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.circ"
    secret.write_text("circ 1\nlet a = 1\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link.circ").symlink_to(secret)
    (folder / "main.circ").write_text('circ 1\nimport "link.circ" as x\n')
    (fault,) = check_path(folder / "main.circ").errors
    assert fault.code == "E209"
    assert "leads out of the folder through a link" in fault.message


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.circ")
    with pytest.raises(InputError, match="no regular file"):
        check_path(tmp_path / "pipe.circ")


def test_a_text_that_is_no_file_imports_nothing() -> None:
    with pytest.raises(DiagnosticError, match="is no file"):
        loads('circ 1\nimport "lab.circ" as lab\n')


def test_long_chains_and_wide_trees_of_imports_end(tmp_path: Path) -> None:
    chain = {f"f{i}": f'circ 1\nimport "f{i + 1}.circ" as n\n' for i in range(DEEPEST_IMPORTS + 5)}
    result = checked(tmp_path, 'circ 1\nimport "f0.circ" as f\n', **chain)
    assert {d.code for d in result.errors} == {"E113"}
    twice = {
        f"g{i}": f'circ 1\nimport "g{i + 1}.circ" as a\nimport "g{i + 1}.circ" as b\n'
        for i in range(20)
    }
    result = checked(tmp_path, 'circ 1\nimport "g0.circ" as g\n', **twice, g20="circ 1\n")
    assert [d.code for d in result.errors] == ["E113"]


def test_imports_of_one_long_file_again_and_again_end(tmp_path: Path) -> None:
    long = "circ 1\n" + "".join(f"let a{i} = 1  # {'far ' * 12_000}\n" for i in range(6))
    lines = "".join(f'import "long.circ" as n{number}\n' for number in range(20))
    result = checked(tmp_path, f"circ 1\n{lines}", long=long)
    (fault,) = result.errors
    assert fault.code == "E113"
    assert fault.span.line == 5  # three are read
    assert "1,000,000 characters" in fault.note


def test_the_standard_library_checks_and_every_motif_of_it_can_be_used() -> None:
    from circuitdsl.checking.names.standard import standard_names
    from circuitdsl.text.resources import circuits_folder

    assert set(standard_names()) >= {"std.shapes", "std.profiles", "std.motifs"}
    for path in (circuits_folder() / "std").glob("*.circ"):
        assert check_path(path).diagnostics == ()


@pytest.mark.parametrize(
    "use",
    [
        "connect line -> early = tangent_tiling(20px, 20px, 2px, 25deg)",
        "connect line -> early = opponent_tiling(20px, 20px, 2px, 45deg)",
        "connect edge -> line = stroke(8px, 2px, 30deg)",
        "connect gabors -> edge = union_of_phases()",
        "connect line -> line3 = copy()",
    ],
)
def test_motifs_of_the_library(use: str) -> None:
    circuit = loads(
        "circ 1\n"
        "from std.motifs import copy, opponent_tiling, stroke, tangent_tiling, union_of_phases\n"
        "backbone V = inceptionv1()\n"
        "family gabors [th: orient(16), ph: phase(4)] at V.conv2d0\n"
        "family edge [th: orient(16)] at V.conv2d1\n"
        "family line [th: orient(16)] at V.conv2d2\n"
        "family line3 [th: orient(16)] at V.mixed3a_1x1\n"
        "family early [th: rot(16)] at V.mixed3a_3x3\n" + use
    )
    (motif,) = circuit.motifs
    assert isinstance(motif, Motif)
    assert loads(to_source(circuit)) == circuit


# ---- what comes with the package

FROM_ANYWHERE = """circ 1
from std.shapes   import blob
from std.stimuli  import arcs, lines
import "shipped/high_low.circ" as textures
backbone V = inceptionv1()
family corner at V.mixed3b_3x3 { expect response(arcs) > 0 }
connect textures.hilo -> corner { over = th  place = blob(sigma=1tap) }
"""


def test_shipped_circuits_and_images_are_imported_from_anywhere(tmp_path: Path) -> None:
    circuit = loads(FROM_ANYWHERE)
    assert {stimulus.name for stimulus in circuit.stimuli} >= {"arcs", "lines"}
    assert "textures.hilo" in circuit.by_name
    (tmp_path / "mine.circ").write_text(FROM_ANYWHERE, encoding="utf-8")
    assert check_path(tmp_path / "mine.circ").circuit == circuit


def test_a_file_of_ones_own_goes_before_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "lines.circ").write_text("circ 1\nlet mine = 1\n", encoding="utf-8")
    (tmp_path / "a.circ").write_text(
        'circ 1\nimport "shipped/lines.circ" as l\nlet b = l.mine\n', encoding="utf-8"
    )
    assert check_path(tmp_path / "a.circ").diagnostics == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import "shipped/hilow.circ" as a', "no circuit `hilow.circ` ships with the package"),
        ('import "shipped/../a.circ" as a', "outside the folder"),
        ("from std.stimuli import arc", "`std.stimuli` has no `arc`; did you mean `arcs`?"),
        ("stimulus arcs = rings()\nfrom std.stimuli import arcs", "`arcs` is declared twice"),
    ],
)
def test_wrong_imports_of_what_comes_with_the_package(text: str, message: str) -> None:
    (found,) = check_source(Source("a.circ", f"circ 1\n{text}\n")).diagnostics
    assert message in found.message


def test_a_missing_file_that_ships_is_offered(tmp_path: Path) -> None:
    text = 'circ 1\nimport "stimuli.circ" as lab\n'
    (found,) = check_source(Source("a.circ", text, tmp_path / "a.circ")).diagnostics
    assert 'write "shipped/stimuli.circ"' in found.help
    (fix,) = found.fixes
    mended = text[: fix.span.start] + fix.text + text[fix.span.end :]
    assert check_source(Source("a.circ", mended, tmp_path / "a.circ")).diagnostics == ()
