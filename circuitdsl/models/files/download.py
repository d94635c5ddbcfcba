"""One file from the network, whole and with the right checksum, or not at all.

In: where it is and what it must be. Out: the file. What has arrived is kept in `NAME.part` beside
it, so that a download that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import held

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and those expected in all (None: the server doesn't say)."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 30
SLOWEST_S, SLOWEST_BYTES = 60, 60_000
"""In so many seconds so many bytes must come: a server that drips would keep a user for days."""

_MAX_BYTES = 1 << 30  # nothing fetched here comes near; a server that never ends does
_RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True)
class Remote:
    """A published file.

    Attributes:
        url: Where it is.
        sha256: What it must be.
        size: Its bytes, where they are known.
    """

    url: str
    sha256: str
    size: int | None = None


def download(remote: Remote, target: Path, progress: Progress | None = None) -> None:
    """Bring `remote` to `target`, going on from an earlier attempt's part.

    A file that is already there and right is left alone.

    Raises:
        InputError: no network, no such file, a connection that broke (what arrived is kept), a
            checksum that doesn't match (it is thrown away), or no room on the disk.
    """
    try:
        with held(target, wait=True):
            if not target.is_file() or file_sha256(target) != remote.sha256:
                _bring(remote, target, progress)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written", why=str(error), help="make room, or set another cache"
        ) from error


def _bring(remote: Remote, target: Path, progress: Progress | None) -> None:
    part = target.with_name(target.name + ".part")
    resumed = part.exists()
    _receive(remote, part, progress)
    found = file_sha256(part)
    if found != remote.sha256 and resumed:
        # the beginning may be another version's: once more, from nothing
        part.unlink()
        _receive(remote, part, progress)
        found = file_sha256(part)
    if found != remote.sha256:
        part.unlink()
        raise InputError(
            f"{remote.url} is not the file that it should be",
            why=f"its SHA-256 is {found}, not {remote.sha256}",
            help="try again later, or from another network; nothing was kept",
        )
    part.replace(target)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _receive(remote: Remote, part: Path, progress: Progress | None) -> None:
    """Append what is missing to `part`."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        request = urllib.request.Request(remote.url, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            _copy(response, remote, part, start, progress)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _RANGE_NOT_SATISFIABLE and start:
            return  # all of it is here already; the checksum decides
        raise InputError(
            f"{remote.url} cannot be fetched",
            why=f"the server answered {error.code} {error.reason}",
        ) from error
    except urllib.error.URLError as error:
        raise InputError(
            f"{remote.url} cannot be reached",
            why=str(error.reason),
            help="is there a network connection?",
        ) from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _stopped(remote, part, None, str(error)) from error


def _copy(
    response: http.client.HTTPResponse,
    remote: Remote,
    part: Path,
    start: int,
    progress: Progress | None,
) -> None:
    """Write a response's body to `part`, from byte `start` if the server agreed to that."""
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        start = 0  # the server sends all of it
    length = response.headers.get("Content-Length", "")
    total = remote.size or (start + int(length) if length.isdecimal() else None)
    limit = remote.size or _MAX_BYTES
    here = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        if progress is not None:
            progress(here, total)
        since, before = time.monotonic(), here
        while here <= limit and (chunk := response.read1(_CHUNK_BYTES)):
            file.write(chunk)
            here += len(chunk)
            if progress is not None:
                progress(here, total)
            if time.monotonic() - since > SLOWEST_S:
                if here - before < SLOWEST_BYTES:
                    file.flush()
                    why = f"only {here - before:,} bytes came in {SLOWEST_S:g} seconds"
                    raise _stopped(remote, part, total, why)
                since, before = time.monotonic(), here
        file.flush()
        os.fsync(file.fileno())
    if total is not None and here < total:
        raise _stopped(remote, part, total, "the connection was closed")


def _stopped(remote: Remote, part: Path, total: int | None, why: str) -> InputError:
    here = part.stat().st_size if part.exists() else 0
    of = f" of {total:,}" if total else ""
    return InputError(
        f"{remote.url} stopped after {here:,}{of} bytes",
        why=why,
        help="run the same command again: it goes on where it stopped",
    )
