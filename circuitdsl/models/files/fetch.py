"""Bringing a model's weights to this machine.

In: a model's name. Out: its weights in the user's cache, checked. An interrupt keeps what has
arrived; the next attempt goes on from there.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.files.download import Progress, download
from circuitdsl.models.files.weights import read_weights, write_weights
from circuitdsl.models.registry import Model, by_hand, cache_folder, model, model_path
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import held


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Download a model's weights into the cache, unless they are there.

    Args:
        name: A model of the registry; for one that ships with the package nothing is done.
        progress: Called with the bytes that are here and those expected in all.

    Returns:
        The path of the weights.

    Raises:
        InputError: no such model, no network, a broken download, a wrong checksum, a full disk:
            with the files to put in place by hand.
    """
    entry = model(name)
    if not entry.remotes:
        return model_path(name)
    target = cache_folder() / entry.file_names[0]
    try:
        if entry.joined:
            with held(target.with_name(f"{entry.name}.parts"), wait=True):
                _fetch_joined(entry, target, progress)
        else:
            download(entry.remotes[0], target, progress)
    except InputError as error:
        help_text = f"{error.help}; or {by_hand(name)}" if error.help else by_hand(name)
        raise InputError(error.message, why=error.why, help=help_text) from error
    return target


def _fetch_joined(wanted: Model, target: Path, progress: Progress | None) -> None:
    """Download the parts of a dump, then write them as one safetensors file."""
    backbone = BACKBONES[wanted.backbone]
    if target.exists():
        with contextlib.suppress(InputError):  # a damaged file is fetched again
            read_weights(target, backbone)
            return
    parts = target.with_name(f"{wanted.name}.parts")
    total = sum(remote.size or 0 for remote in wanted.remotes)
    before = 0
    for remote in wanted.remotes:

        def report(here: int, _: int | None, before: int = before) -> None:
            if progress is not None:
                progress(before + here, total)

        download(remote, parts / remote.url.rsplit("/", 1)[-1], report)
        before += remote.size or 0
    weights = read_weights(parts, backbone)
    write_weights(target, weights, {"model": wanted.name, "source": wanted.remotes[0].url})
    shutil.rmtree(parts)
