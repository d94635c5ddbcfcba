"""Results appear whole, in the place that was meant, and in no other's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from circuitdsl.cli import app
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, write_text

CIRCUIT = """circ 1
from std.shapes import half
backbone V = inceptionv1()
family edge [th: rot(4)] at V.conv2d0
connect V.input -> edge { place = half(2px)  norm = l2 }
"""


@pytest.fixture
def circuit(tmp_path: Path) -> Path:
    path = tmp_path / "edges.circ"
    path.write_text(CIRCUIT, encoding="utf-8")
    return path


def lowered(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["lower", *map(str, arguments)])
    return result.exit_code, result.stderr


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    ordinary, written = tmp_path / "a", tmp_path / "b"
    ordinary.touch()
    write_text(written, "new")
    assert written.stat().st_mode == ordinary.stat().st_mode


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "real", tmp_path / "link"
    target.write_text("old")
    link.symlink_to("folder/real")
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_link_to_nothing_makes_its_file(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("absent")
    write_text(link, "new")
    assert (tmp_path / "absent").read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "private"
    path.write_text("old")
    path.chmod(mode)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.write_text("old")
    os.chown(path, 12345, 54321)
    write_text(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


def test_all_names_of_a_file_get_the_new_text(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("old and long")
    other.hardlink_to(one)
    write_text(one, "new")
    assert other.read_text() == "new"
    assert one.samefile(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_what_fails_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def refused(tmp_path: Path) -> dict[str, Path]:
    """Places where no result may go, by what is said of them."""
    paths = {
        what: tmp_path / name
        for what, name in (
            ("is no ordinary file", "fifo"),
            ("is a folder", "folder"),
            ("is read-only", "read-only"),
            ("is a link that leads to itself", "loop"),
        )
    }
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "read-only").write_text("old")
    (tmp_path / "read-only").chmod(0o444)
    (tmp_path / "loop").symlink_to("loop")
    return paths


def test_what_is_no_place_for_a_result_is_refused_and_left(tmp_path: Path, circuit: Path) -> None:
    for what, path in refused(tmp_path).items():
        before = path.lstat().st_ino, path.lstat().st_mode
        with pytest.raises(InputError, match=what):
            write_text(path, "new")
        code, said = lowered(circuit, "-o", path)
        assert code == 2
        assert what in said
        assert (path.lstat().st_ino, path.lstat().st_mode) == before
    assert "no ordinary file" in lowered(circuit, "-o", os.devnull)[1]
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_an_input_is_no_output(tmp_path: Path, circuit: Path) -> None:
    link, name = tmp_path / "link.circ", tmp_path / "name.circ"
    link.symlink_to(circuit)
    name.hardlink_to(circuit)
    for output in (circuit, link, name):
        code, said = lowered(circuit, "-o", output)
        assert code == 2
        assert f"{output} is an input of this command" in said
    reader = tmp_path / "reader.circ"
    reader.write_text(CIRCUIT.replace("circ 1", 'circ 1\nimport "edges.circ" as other'))
    assert "is an input of this command" in lowered(reader, "-o", circuit)[1]
    assert circuit.read_text(encoding="utf-8") == CIRCUIT


def test_formatting_writes_over_what_it_read(circuit: Path) -> None:
    circuit.write_text(CIRCUIT.replace("rot(4)", "rot( 4 )"), encoding="utf-8")
    circuit.chmod(0o600)
    assert CliRunner().invoke(app, ["format", str(circuit)]).exit_code == 0
    assert circuit.read_text(encoding="utf-8") == CIRCUIT
    assert stat.S_IMODE(circuit.stat().st_mode) == 0o600
