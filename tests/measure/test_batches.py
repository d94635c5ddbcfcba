"""Batches suit the memory of the device, and larger ones come to the same sums."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from engine_verbs import photographs_in
from shard_jobs import TwoJob

from circuitdsl.measure import memory
from circuitdsl.measure.shards import fold_shards, work


def _gpu(gib: float) -> list[Any]:
    stats = partial(dict[str, int], bytes_limit=int(gib * 2**30))
    return [SimpleNamespace(platform="gpu", memory_stats=stats)]


def _doubled(batch: int, most: int) -> int:
    return min(2 * batch, most)


def test_a_batch_grows_with_the_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory.fitted(32, 256) == 32  # on a CPU
    sizes: list[int] = []
    for gib in (1, 6, 8, 15.9, 80):
        monkeypatch.setattr(jax, "local_devices", partial(_gpu, gib))
        sizes.append(memory.fitted(32, 256))
    assert sizes == [32, 64, 128, 128, 256]


def test_larger_batches_come_to_the_same_sums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TwoJob(photographs_in(tmp_path, 16, "01234"), shard=8)
    _, states = fold_shards(job)
    monkeypatch.setattr(work, "fitted", _doubled)
    _, larger = fold_shards(job)
    for state, other in zip(states, larger, strict=True):
        for name, values in state.items():
            np.testing.assert_allclose(other[name], values, rtol=1e-4, atol=1e-6)
