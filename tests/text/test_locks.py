"""One process at a time; what a kill left is cleared by the next run."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, write_text
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


def test_two_writers_of_one_file_leave_it_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with atomic_path(target) as one:
        one.write_text("one")
        with atomic_path(target) as other:
            other.write_text("other")
        assert target.read_text() == "other"
    assert target.read_text() == "one"
    assert names(tmp_path) == ["file"]
