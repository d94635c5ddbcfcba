"""The command line: what it prints, what it writes, how it fails."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import circuitdsl
from circuitdsl import __version__
from circuitdsl.cli import app
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.files.weights import write_weights

ARCS = """circ 1 "Bright arcs."

from std.shapes import arc

backbone V = tiny(input=224px)

family arcs [th: rot(8)] at V.conv2d0

connect V.input -> arcs {
  place = arc(5px, span=7px, width=0.8tap)
  norm  = mass(1, balance=1)
}
"""
MISSPELT = ARCS.replace("-> arcs {", "-> arks {")
LAYER = ["--model", "tiny", "--layer", "conv2d0"]


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def models(tmp_path_factory, monkeypatch):
    """A folder with random weights of `tiny`, and an empty cache."""
    folder = tmp_path_factory.mktemp("models")
    monkeypatch.setenv("CIRCUITDSL_MODELS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    shapes = BACKBONES["tiny"].parameter_shapes
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    write_weights(folder / "tiny.safetensors", weights)
    return folder


@pytest.fixture
def arcs(tmp_path):
    path = tmp_path / "arcs.circ"
    path.write_text(ARCS, encoding="utf-8")
    return path


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(3):
        pixels = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def test_version_and_help():
    assert run("--version").stdout == f"circuitdsl {__version__}\n"
    for command in ("check", "format", "lower", "explain", "models", "accuracy", "find", "score"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
    assert run("no-such-command").exit_code == 2
    assert run("find", "curves").exit_code == 2


def test_check_says_what_a_file_declares(arcs, tmp_path):
    lab = tmp_path / "lab.circ"
    lab.write_text("circ 1\n\nstimulus arcs = arcs(radius=30px)\n", encoding="utf-8")
    result = run("check", arcs, lab)
    assert result.exit_code == 0
    assert f"{arcs}: no errors; 1 family, 8 units, 1 connection" in result.stdout
    assert f"{lab}: no errors; declarations for other files" in result.stdout


def test_check_shows_a_misspelt_family_where_it_stands(tmp_path):
    path = tmp_path / "bad.circ"
    path.write_text(MISSPELT, encoding="utf-8")
    result = run("check", path)
    assert result.exit_code == 1
    assert "error[E201]: no family `arks`; did you mean `arcs`?" in result.stdout
    assert f"--> {path}:9:20" in result.stdout
    assert "^^^^" in result.stdout


def test_check_reports_every_file(arcs, tmp_path):
    missing, binary = tmp_path / "missing.circ", tmp_path / "binary.circ"
    binary.write_bytes(b"circ 1 \xff\xfe")
    result = run("check", missing, binary, arcs)
    assert result.exit_code == 2
    assert f"cannot read {missing}" in result.stderr
    assert f"{binary} is no UTF-8 text" in result.stderr
    assert f"{arcs}: no errors" in result.stdout


def test_check_prints_records(arcs, tmp_path):
    path = tmp_path / "bad.circ"
    path.write_text(MISSPELT, encoding="utf-8")
    result = run("check", "--json", "-", path, arcs)
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert [entry["file"] for entry in record["files"]] == [str(path), str(arcs)]
    assert record["files"][0]["findings"][0]["code"] == "E201"
    log = json.loads(run("check", "--sarif", "-", path, tmp_path / "missing.circ").stdout)
    assert log["runs"][0]["results"][0]["ruleId"] == "E201"
    assert run("check", "--json", "-", "--sarif", "-", arcs).exit_code == 2


def test_check_prints_residuals(arcs):
    result = run("check", "--equivariance", arcs)
    assert result.exit_code == 0
    assert "input->arcs  90deg, 180deg, 270deg  exact     4 from 45deg" in result.stdout


def test_format_rewrites_and_checks(arcs):
    untidy = ARCS.replace("  place = arc", " place=arc")
    arcs.write_text(untidy, encoding="utf-8")
    result = run("format", "--check", arcs)
    assert result.exit_code == 1
    assert result.stdout == f"would format {arcs}\n"
    assert arcs.read_text(encoding="utf-8") == untidy
    assert run("format", arcs).exit_code == 0
    assert arcs.read_text(encoding="utf-8") == ARCS
    again = run("format", "--check", arcs)
    assert (again.exit_code, again.stdout) == (0, "")


def test_explain():
    result = run("explain", "E201")
    assert result.exit_code == 0
    assert "E201" in result.stdout
    assert run("explain", "E999").exit_code == 2


def test_explain_of_a_file(arcs):
    result = run("explain", arcs)
    assert result.exit_code == 0, result.output
    assert "arcs    conv2d0  8 (th: rot 8)  2px     1px     7px" in result.stdout
    assert run("explain", arcs.with_name("none.circ")).exit_code == 2


def test_explain_takes_a_circuit(arcs):
    explained = circuitdsl.explain(circuitdsl.load(arcs))
    assert explained in circuitdsl.explain(arcs)


@pytest.mark.parametrize(
    ("stage", "expected"), [("tree", "arcs"), ("ir", "conv2d0"), ("weights", "arcs.circ:9")]
)
def test_every_stage_can_be_printed(arcs, stage, expected):
    first, second = run("lower", arcs, "--emit", stage), run("lower", arcs, "--emit", stage)
    assert first.exit_code == 0, first.output
    assert expected in first.stdout
    assert first.stdout == second.stdout


def test_lower_writes_weights(arcs, tmp_path):
    from safetensors.numpy import load_file

    target = tmp_path / "w.safetensors"
    assert run("lower", arcs, "-o", target).exit_code == 0
    assert load_file(target)["input->arcs"].shape == (7, 7, 3, 8)
    assert run("lower", arcs).exit_code == 2


def test_lower_inside_a_blank_network(tmp_path):
    path, target = tmp_path / "arcs.circ", tmp_path / "w.safetensors"
    path.write_text(ARCS.replace("inceptionv1", "tiny"), encoding="utf-8")
    result = run("lower", path, "--inside", "tiny", "-o", target)
    assert result.exit_code == 0, result.output
    assert run("models", "verify", "tiny", "--weights", target).exit_code == 0
    wrong = run("lower", path, "--inside", "inceptionv1", "-o", target)
    assert wrong.exit_code == 2
    assert "use --inside tiny" in wrong.stderr
    path.write_text(path.read_text(encoding="utf-8").replace("rot(8)", "rot(80)"), "utf-8")
    assert run("check", path).exit_code == 0
    judged = run("check", "--inside", path)
    assert judged.exit_code == 1
    assert "error[E504]" in judged.stdout
    crowded = run("lower", path, "--inside", "tiny", "-o", target)
    assert crowded.exit_code == 2
    assert "holds 64 channels; families there need 80" in crowded.stderr


def test_models(models):
    listed = run("models", "list").stdout
    assert "inceptionv1-caffe2" in listed
    assert "auto is tiny" in listed
    assert run("models", "path", "tiny").stdout.strip() == str(models / "tiny.safetensors")
    assert run("models", "verify", "tiny").exit_code == 0
    missing = run("models", "path", "inceptionv1")
    assert missing.exit_code == 2
    assert "inception5h.zip" in missing.stderr
    assert "did you mean `tiny`?" in run("models", "path", "tinny").stderr


def test_find_ranks_and_declares(tmp_path):
    target, circ = tmp_path / "found.json", tmp_path / "found.circ"
    result = run("find", "curves", *LAYER, "--json", target, "-o", circ, "--units", "4")
    assert result.exit_code == 0, result.output
    assert "curve detectors in conv2d0 of tiny" in result.stdout
    record = json.loads(target.read_text(encoding="utf-8"))
    scores = [unit["score"] for unit in record["units"]]
    assert scores == sorted(scores, reverse=True)
    assert run("check", circ).exit_code == 0
    assert str(record["units"][0]["unit"]) in circ.read_text(encoding="utf-8")


def test_find_suggests_a_layer():
    result = run("find", "curves", "--model", "tiny", "--layer", "mixed3c")
    assert result.exit_code == 2
    assert "tiny has no layer `mixed3c`" in result.stderr
    assert "did you mean `mixed3" in result.stderr


@pytest.mark.parametrize("layer", ["softmax2", "conv2d0_pre_relu", "avgpool0", "input"])
def test_find_refuses_what_has_no_units_in_the_image(layer):
    result = run("find", "curves", "--model", "tiny", "--layer", layer)
    assert result.exit_code == 2
    assert "no units with a place in the image" in result.stderr


def test_score_writes_a_table_a_record_and_a_figure(arcs, photographs, tmp_path):
    target, figure = tmp_path / "out" / "score.json", tmp_path / "out" / "score.png"
    result = run(
        *("score", arcs, "--find", "curves", "--images", photographs, "--units", "3"),
        *("--json", target, "--figure", figure),
    )
    assert result.exit_code == 0, result.output
    assert "against conv2d0 of tiny" in result.stdout
    assert "units found by their tuning to circles alone" in result.stdout
    assert f"figure: {figure}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= max(80, len(f"figure: {figure}"))
    record = json.loads(target.read_text(encoding="utf-8"))
    assert (record["model"], record["images"], len(record["units"])) == ("tiny", 3, 3)
    assert (record["layer"], record["units_chosen_by"]) == ("conv2d0", "tuning")
    assert len(record["weights"]) == 64
    with Image.open(figure) as drawn:
        assert drawn.format == "PNG"


def test_score_says_what_it_left_out(arcs, photographs):
    (photographs / "broken.png").write_bytes(b"no image")
    result = run("score", arcs, "--find", "curves", "--images", photographs, "--units", "2")
    assert result.exit_code == 0, result.output
    assert f"left out {photographs / 'broken.png'}" in result.stderr
    assert "all positions of 3 images" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family", "arks"], "did you mean `arcs`?"),
        (["--model", "tinny"], "did you mean `tiny`?"),
        (["--figure", "figure.jpeg2"], "cannot draw a figure as `figure.jpeg2`"),
        (["--images", "no-such-folder"], "there is no image folder no-such-folder"),
        (["--weights", "nothing.safetensors"], "cannot tell which network"),
    ],
)
def test_score_refuses(arcs, arguments, message):
    result = run("score", arcs, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("error:") == 1


def test_score_refuses_an_empty_folder(arcs, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    result = run("score", arcs, "--images", empty)
    assert result.exit_code == 2
    assert f"{empty} holds no images" in result.stderr


def test_score_refuses_truncated_weights(arcs, models):
    path = models / "tiny.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    result = run("score", arcs)
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert "Traceback" not in result.output


def test_score_shows_the_errors_of_the_file(tmp_path):
    path = tmp_path / "bad.circ"
    path.write_text(MISSPELT, encoding="utf-8")
    result = run("score", path)
    assert result.exit_code == 1
    assert "error[E201]" in result.stderr
    assert run("score", tmp_path / "missing.circ").exit_code == 2


def test_a_full_disk_leaves_nothing_half_written(arcs, tmp_path, monkeypatch):
    arcs.write_text(ARCS + "\n\n\n# a comment\n", encoding="utf-8")
    before = arcs.read_bytes()

    def full(path, *arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    result = run("format", arcs)
    assert result.exit_code == 2
    assert f"cannot write {arcs}" in result.stderr
    assert "No space left on device" in result.stderr
    assert arcs.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["arcs.circ"]


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("oh"), 70, "internal error: ZeroDivisionError: oh"),
    ],
)
def test_what_is_not_expected(arcs, monkeypatch, raised, code, message):
    def fail(path):
        raise raised

    monkeypatch.setattr(import_module("circuitdsl.run.circuits"), "check_path", fail)
    result = run("check", arcs)
    assert result.exit_code == code
    assert message in result.stderr
    if code == 70:
        assert isinstance(run("--debug", "check", arcs).exception, ZeroDivisionError)


def test_accuracy_names_the_folder_that_is_no_class(tmp_path, photographs):
    result = run("accuracy", "--model", "tiny", "--images", photographs)
    assert result.exit_code == 2
    assert "no sub-folder" in result.stderr


def test_the_module_runs_and_check_stays_light(arcs):
    """`check` must not load what it does not need: most of its time would be imports."""
    script = (
        "import sys; from circuitdsl.cli import app\n"
        f"code = app(['check', {str(arcs)!r}], standalone_mode=False)\n"
        "heavy = {'numpy', 'jax', 'flax', 'matplotlib', 'scipy', 'rich'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    module = [sys.executable, "-m", "circuitdsl", "check", str(arcs)]
    assert subprocess.run(module, capture_output=True, check=False).returncode == 0
