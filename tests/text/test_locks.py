"""One process at a time; what a kill left is cleared by the next run."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, temporary_folder, write_text
from circuitdsl.text.locks import held

HOLDER = """
import sys, time
from pathlib import Path
from circuitdsl.text.files import atomic_path
from circuitdsl.text.locks import held
target = Path(sys.argv[1])
with held(target), atomic_path(target) as temporary:
    temporary.write_text("half")
    print("held", flush=True)
    time.sleep(60)
"""


IN_A_FOLDER = """
import sys, tempfile, time
from circuitdsl.text.files import temporary_folder
tempfile.tempdir = sys.argv[1]
with temporary_folder() as folder:
    (folder / "half").touch()
    print("held", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_who_comes_second_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "table.csv"
    with (
        held(target),
        pytest.raises(InputError, match="another run is working on"),
        held(target),
    ):
        pass
    with held(target):
        assert names(target.parent) == [".table.csv.lock"]
    assert names(target.parent) == []


def test_who_waits_comes_next(tmp_path: Path) -> None:
    order: list[int] = []

    def work(number: int) -> None:
        with held(tmp_path / "file", wait=True):
            order.extend((number, number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order[::2] == order[1::2]
    assert sorted(order[::2]) == list(range(8))


def test_a_kill_lets_go_and_the_next_run_clears_what_it_left(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, target], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(InputError, match="another run"), held(target):
        pass
    write_text(target, "beside it")  # what another process still writes is left alone
    assert len(names(tmp_path)) == 3
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with held(target):
        write_text(target, "whole")
    assert names(tmp_path) == ["result.txt"]
    assert target.read_text(encoding="utf-8") == "whole"


def test_temporary_folders_of_killed_processes_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command = [sys.executable, "-c", IN_A_FOLDER, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        (tmp_path / "circuitdsl-held-by-a-user").mkdir()
        with temporary_folder():
            assert len(names(tmp_path)) == 3  # what another process still uses is left alone
        process.kill()
    with temporary_folder() as folder:
        assert names(tmp_path) == sorted([folder.name, "circuitdsl-held-by-a-user"])
    assert names(tmp_path) == ["circuitdsl-held-by-a-user"]


def test_two_writers_of_one_file_leave_it_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with atomic_path(target) as one:
        one.write_text("one")
        with atomic_path(target) as other:
            other.write_text("other")
        assert target.read_text() == "other"
    assert target.read_text() == "one"
    assert names(tmp_path) == ["file"]
