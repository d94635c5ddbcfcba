"""Shards: the same digits for one process and several, unbroken and resumed."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from shard_jobs import TwoJob, bytes_of

from circuitdsl.measure.passes import fold
from circuitdsl.measure.shards import Engine, digests, fold_shards
from circuitdsl.models.registry import load_network
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import held


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    for index in range(35):
        target = folder / str(index % 5) / f"{index}.png"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (24, 24, 3), np.uint8)).save(target)
    (folder / "3" / "broken.png").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def unbroken(folder) -> list[dict[str, bytes]]:
    return bytes_of(fold_shards(TwoJob(folder))[1])


def shards(store: Path) -> list[Path]:
    return sorted(store.glob("shard-*.safetensors"))


def test_shards_come_to_what_a_fold_comes_to(folder):
    opened, states = fold_shards(TwoJob(folder))
    assert [path.name for path in opened.images.skipped] == ["broken.png"]
    plain = TwoJob(folder).open()
    whole = fold(plain.passes, plain.batches(range(36)))
    for one, state, other in zip(plain.passes, states, whole, strict=True):
        assert one.finish(state) == pytest.approx(one.finish(other)) or (
            one.finish(state).r == pytest.approx(one.finish(other).r)
        )
    one_shard = fold_shards(TwoJob(folder, shard=1024))[1]
    assert bytes_of(one_shard) == bytes_of(whole)


def test_what_is_finished_is_not_done_again(folder, tmp_path, unbroken):
    store = tmp_path / "store"
    seen: list[tuple[int, int]] = []
    assert bytes_of(fold_shards(TwoJob(folder), Engine(store=store))[1]) == unbroken
    assert len(shards(store)) == 5
    shards(store)[1].unlink()
    before = {path: path.stat().st_mtime_ns for path in shards(store)}
    opened, states = fold_shards(
        TwoJob(folder), Engine(store=store), progress=lambda *at: seen.append(at)
    )
    assert bytes_of(states) == unbroken
    assert [path.name for path in opened.images.skipped] == ["broken.png"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert seen[-1] == (16, 36)


def test_workers_give_the_same_bytes_though_one_dies(folder, tmp_path, unbroken):
    store, died = tmp_path / "store", tmp_path / "died"
    seen: list[tuple[int, int]] = []
    pid = os.getpid()

    class Job(TwoJob):
        """The same, opened by this process without an accident."""

        def open(self):
            return TwoJob(self.folder).open() if os.getpid() == pid else super().open()

        def __reduce__(self):
            return TwoJob, (self.folder, self.dies_once)

    states = fold_shards(Job(folder, died), Engine(2, store), progress=lambda *at: seen.append(at))[
        1
    ]
    assert died.exists()
    assert bytes_of(states) == unbroken
    assert seen[-1] == (36, 36)


def test_workers_stay_for_the_next_reading(folder, unbroken):
    workers = []
    for _ in range(2):
        assert bytes_of(fold_shards(TwoJob(folder), Engine(2))[1]) == unbroken
        workers.append({process.pid for process in multiprocessing.active_children()})
    assert workers[0]
    assert workers[0] == workers[1]


@pytest.mark.parametrize(("workers", "finished"), [(1, 1), (1, 3), (2, 1)])
def test_a_killed_run_goes_on_to_the_same_bytes(folder, tmp_path, unbroken, workers, finished):
    store = tmp_path / "store"
    script = str(ROOT / "tests" / "shard_jobs.py")
    command = [sys.executable, script, str(folder), str(store), str(workers)]
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    running = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE
    )
    while running.poll() is None and len(shards(store)) < finished:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    # its workers have the same output: that is closed when the last of them has ended
    running.communicate(timeout=60)
    assert bytes_of(fold_shards(TwoJob(folder), Engine(store=store))[1]) == unbroken
    left = [path.name for path in store.iterdir() if path.name.startswith(".")]
    assert len(left) <= 1  # of a shard that was being written


def test_the_store_of_another_run_is_left_alone(folder, tmp_path):
    store = tmp_path / "store"
    fold_shards(TwoJob(folder), Engine(store=store))
    about = json.loads((store / "manifest.json").read_text())
    assert about["total"] == 36
    for other in (TwoJob(folder, seed=1), TwoJob(folder, shard=16)):
        with pytest.raises(InputError, match="holds the shards of another run"):
            fold_shards(other, Engine(store=store))
    with held(store), pytest.raises(InputError, match="another run is working on"):
        fold_shards(TwoJob(folder), Engine(store=store))
    shards(store)[0].write_bytes(b"no shard")
    with pytest.raises(InputError, match="is no shard"):
        fold_shards(TwoJob(folder), Engine(store=store))


def test_photographs_none_of_which_can_be_read_are_refused(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "broken.png").write_text("no picture")
    with pytest.raises(InputError, match="none of the 1 image files"):
        fold_shards(TwoJob(tmp_path))


def test_a_network_that_many_passes_share_is_digested_once(monkeypatch):
    network, asked = load_network("tiny"), []
    digest = type(network).digest.fget
    monkeypatch.setattr(
        type(network), "digest", property(lambda own: asked.append(own) or digest(own))
    )
    many = digests.digest_of([(network, number) for number in range(50)])
    assert len(asked) == 1
    assert many == digests.digest_of([(network, number) for number in range(50)])
    assert many != digests.digest_of([(network, number) for number in range(1, 51)])
