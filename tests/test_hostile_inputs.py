"""Files that are not what they say: messages, nothing read elsewhere, and no traceback."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from circuitdsl.__main__ import _Interrupt
from circuitdsl.checking import check_path
from circuitdsl.cli import app
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.measure.finders.curves_published import ANGLES, PUBLISHED, RADII
from circuitdsl.measure.tunings.published import read_grids
from circuitdsl.models.files.hdf5 import read_dump
from circuitdsl.models.files.weights import read_weights, write_weights
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import InputError, printable, render

# ---- HDF5


def elsewhere(folder: Path) -> None:
    with h5py.File(folder / "other.hdf5", "w") as file:
        file["w"] = np.ones(3, np.float32)
    np.full(3, 7, np.float32).tofile(folder / "raw")


def soft(file: h5py.File) -> None:
    file["real"] = np.ones(3, np.float32)
    file["w"] = h5py.SoftLink("/real")


def external_link(file: h5py.File) -> None:
    file["w"] = h5py.ExternalLink("other.hdf5", "/w")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("w", (3,), "f4", external=[("raw", 0, 12)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("other.hdf5", "w", (3,))
    file.create_virtual_dataset("w", layout)


@pytest.mark.parametrize("write", [soft, external_link, external_storage, virtual])
def test_weights_of_a_dump_are_in_their_own_file(tmp_path: Path, monkeypatch, write) -> None:
    elsewhere(tmp_path)
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write(file)
    with pytest.raises(InputError, match=r"is a link|lie in other files"):
        read_dump(tmp_path, {})["w"].read()


def test_an_empty_dataset_is_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["w"] = h5py.Empty("f4")
    with pytest.raises(InputError, match=r"the dataset `w` of .* is empty"):
        read_dump(tmp_path, {})


# ---- grids


def archive(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)
    return path


OUTLINE = np.zeros((1, RADII, ANGLES), np.float16)


def test_grids_that_are_none(tmp_path: Path) -> None:
    good = archive(tmp_path / "good.npz", units=[379], outline=OUTLINE)
    assert read_grids(good, PUBLISHED).units == (379,)
    bad = {"cut": good.read_bytes()[:-40], "empty": b"", "text": b"no archive"}
    for name, content in bad.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_grids(path, PUBLISHED)
    np.save(tmp_path / "one.npy", OUTLINE)
    with pytest.raises(InputError):
        read_grids(tmp_path / "one.npy", PUBLISHED)
    for number, units in enumerate((["a"], [np.nan], [1.5], [np.inf])):
        with pytest.raises(InputError):
            read_grids(
                archive(tmp_path / f"units{number}.npz", units=units, outline=OUTLINE), PUBLISHED
            )


def test_members_of_an_archive_that_are_no_arrays(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("units", "outline", "images"):
            file.writestr(f"{name}.npy", b"hello")
    with pytest.raises(InputError, match="cannot read published grids"):
        read_grids(path, PUBLISHED)
    with pytest.raises(InputError, match="is no npz file of images"):
        open_images(path)


def test_an_archive_with_a_password(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "a.npz", units=[379], outline=OUTLINE).read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + flags] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="cannot read published grids") as raised:
        read_grids(tmp_path / "a.npz", PUBLISHED)
    assert "password" in raised.value.why


def test_every_flipped_bit_of_a_grid_gives_grids_or_a_message(tmp_path: Path) -> None:
    good = archive(tmp_path / "good.npz", units=[379], outline=OUTLINE).read_bytes()
    path = tmp_path / "flipped.npz"
    for at in np.random.default_rng(0).integers(0, 8 * len(good), 300):
        content = bytearray(good)
        content[at // 8] ^= 1 << (at % 8)
        path.write_bytes(content)
        try:
            read_grids(path, PUBLISHED)
        except InputError:
            continue


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        with bomb.open("outline.npy", "w") as file:
            np.lib.format.write_array_header_1_0(
                header := io.BytesIO(),
                {"descr": "<f8", "fortran_order": False, "shape": (4000, RADII, ANGLES)},
            )
            file.write(header.getvalue())
            for _ in range(300):
                file.write(bytes(1 << 20))
        bomb.writestr("units.npy", b"")
    with pytest.raises(InputError, match="cannot read published grids") as raised:
        read_grids(path, PUBLISHED)
    assert "bytes of grids, more than" in raised.value.why


# ---- places


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.safetensors")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_weights(tmp_path / "fifo.safetensors", BACKBONES["tiny"])
    os.mkfifo(tmp_path / "fifo.npz")
    with pytest.raises(InputError, match="published grids"):
        read_grids(tmp_path / "fifo.npz", PUBLISHED)


@pytest.mark.parametrize("target", ["..", "loop", "/"])
def test_photographs_do_not_leave_their_folder_by_a_link(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "circuits"
    folder.mkdir()
    (folder / "loop").symlink_to(target)
    path = folder / "a.circ"
    path.write_text(
        'circ 1\nbackbone V = inceptionv1(weights="default")\n'
        'stimulus a = photographs("loop", n=5)\n'
        "edit e on V { ablate 3b:1 to mean(a) }\n"
    )
    (found,) = check_path(path).errors
    assert found.code == "E209"
    assert "leads out of the folder" in found.message


def test_two_files_of_one_content_are_equal_to_the_byte(tmp_path: Path) -> None:
    notes = {f"key {number}": "ä" * number for number in range(20)}
    for name in ("one", "other"):
        write_weights(tmp_path / name, {"w": np.ones(3, np.float32)}, notes)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_time_series_is_no_weight(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        space = h5py.h5s.create_simple((2,))
        h5py.h5d.create(file.id, b"w", h5py.h5t.UNIX_D32LE, space)
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        read_dump(tmp_path, {})


def test_an_installed_package_reads_its_own_folders_alone(tmp_path: Path) -> None:
    """Beside an installed package lies anybody's `grammars/` and `circuits_src/`."""
    packages = tmp_path / "site-packages"
    shutil.copytree(ROOT / "circuitdsl" / "text", packages / "circuitdsl" / "text")
    shutil.copy(ROOT / "circuitdsl" / "__init__.py", packages / "circuitdsl")
    (packages / "grammars").mkdir()
    (packages / "circuits_src").mkdir()
    program = "from circuitdsl.text.resources import *; print(grammar_file(), circuits_folder())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=packages,
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    shipped = packages / "circuitdsl" / "shipped"
    assert done.stdout.split() == [
        str(shipped / "grammars" / "circ.lark"),
        str(shipped / "circuits_src"),
    ]


# ---- text


def test_carriage_returns_alone_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "mac.circ"
    path.write_bytes(b"circ 1\r# a comment\rlet a = 1\r")
    file, faults = parse(read_source(path))
    assert faults == []
    assert len(file.items) == 1


def test_names_cannot_speak_to_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.circ"
    path.write_text('circ 1\nimport "\x1b[2J\x9b31m\u202eb.circ" as b\n', encoding="utf-8")
    found = check_path(path).errors
    assert found
    for diagnostic in found:
        assert not set(render(diagnostic)) & {"\x1b", "\x9b", "\u202e"}
    said = CliRunner().invoke(app, ["check", "\x1b[2Jabsent.circ"]).stderr
    assert "\x1b" not in said
    assert "\u241b[2Jabsent.circ" in said
    assert printable("a\tb\n") == "a\tb\n"


def test_a_terminal_of_few_letters_gets_what_it_can_print() -> None:
    program = """
from rich.table import Table
from circuitdsl.cli.failures import print_what_can_be_printed
from circuitdsl.reporting.printed.terminal import print_table
print_what_can_be_printed()
print_table(Table("r²"))
"""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert rb"r\xb2" in done.stdout


# ---- processes


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "circuitdsl", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_closed_pipe_is_no_finding() -> None:
    process = started("lower", "circuits_src/curves.circ", "--emit", "ir")
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert said == b""
    assert process.returncode == 141


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3])
def test_an_interrupt_while_loading_prints_no_traceback(seconds: float) -> None:
    process = started("check", "circuits_src/curves.circ")
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    if process.returncode == 130:
        assert b"Traceback" not in said


def test_an_interrupt_waits_until_jax_is_done() -> None:
    done: list[str] = []
    within: dict[str, object] = {"__name__": "jax._src.api", "signal": signal, "done": done}
    exec(
        "def dispatched():\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    done.append('dispatched')\n",
        within,
    )
    dispatched: Any = within["dispatched"]
    before = signal.signal(signal.SIGINT, _Interrupt())
    try:
        with pytest.raises(KeyboardInterrupt):
            dispatched()
            time.sleep(30)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["dispatched"]
