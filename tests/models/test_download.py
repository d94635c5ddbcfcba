import hashlib
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from file_server import serving

from circuitdsl.models.files import download as download_module
from circuitdsl.models.files.download import Remote, download
from circuitdsl.text.diagnostics import InputError

BODY = bytes(range(256)) * 4000
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server():
    with serving() as server:
        server.files["/weights.zip"] = BODY
        yield server


def _remote(server, *, sha: str = SHA, size: int | None = None) -> Remote:
    return Remote(f"{server.url}/weights.zip", sha, size)


def test_a_file_arrives_with_progress(server, tmp_path):
    target = tmp_path / "cache" / "weights.zip"
    seen: list[tuple[int, int | None]] = []
    download(_remote(server), target, lambda here, total: seen.append((here, total)))
    assert target.read_bytes() == BODY
    assert [entry.name for entry in target.parent.iterdir()] == ["weights.zip"]
    assert seen[0] == (0, len(BODY))
    assert seen[-1] == (len(BODY), len(BODY))
    assert [here for here, _ in seen] == sorted(here for here, _ in seen)


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    target = tmp_path / "weights.zip"
    target.write_bytes(BODY)
    download(_remote(server), target)
    assert server.requests == []


def test_a_download_that_stops_half_way_goes_on_where_it_stopped(server, tmp_path):
    target = tmp_path / "weights.zip"
    server.stop_after = 300_000
    with pytest.raises(InputError) as caught:
        download(_remote(server), target)
    assert caught.value.message == (
        f"{server.url}/weights.zip stopped after 300,000 of 1,024,000 bytes"
    )
    assert caught.value.help == "run the same command again: it goes on where it stopped"
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.zip.part"]

    server.stop_after = None
    seen: list[tuple[int, int | None]] = []
    download(_remote(server), target, lambda here, total: seen.append((here, total)))
    assert server.requests[-1] == ("/weights.zip", "bytes=300000-")
    assert seen[0] == (300_000, len(BODY))
    assert target.read_bytes() == BODY


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "weights.zip.part").write_bytes(BODY[:1000])
    download(_remote(server), tmp_path / "weights.zip")
    assert (tmp_path / "weights.zip").read_bytes() == BODY


def test_a_part_that_is_already_whole_is_used(server, tmp_path):
    (tmp_path / "weights.zip.part").write_bytes(BODY)
    download(_remote(server), tmp_path / "weights.zip")
    assert (tmp_path / "weights.zip").read_bytes() == BODY


def test_a_part_of_another_version_is_thrown_away(server, tmp_path):
    (tmp_path / "weights.zip.part").write_bytes(b"an older version's beginning")
    download(_remote(server), tmp_path / "weights.zip")
    assert (tmp_path / "weights.zip").read_bytes() == BODY
    assert [asked for _, asked in server.requests] == ["bytes=28-", None]


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    with pytest.raises(InputError) as caught:
        download(_remote(server, sha="0" * 64), tmp_path / "weights.zip")
    assert caught.value.message == f"{server.url}/weights.zip is not the file that it should be"
    assert caught.value.why == f"its SHA-256 is {SHA}, not {'0' * 64}"
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_is_too_long_is_not_swallowed(server, tmp_path):
    with pytest.raises(InputError, match="is not the file that it should be"):
        download(_remote(server, sha="0" * 64, size=1000), tmp_path / "weights.zip")


def test_a_missing_file_is_named(server, tmp_path):
    with pytest.raises(InputError) as caught:
        download(Remote(f"{server.url}/none.zip", SHA), tmp_path / "none.zip")
    assert caught.value.message == f"{server.url}/none.zip cannot be fetched"
    assert caught.value.why == "the server answered 404 Not Found"
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_one_message(tmp_path):
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/weights.zip"
        with pytest.raises(InputError) as caught:
            download(Remote(url, SHA), tmp_path / "weights.zip")
    assert caught.value.message == f"{url} cannot be reached"
    assert caught.value.help == "is there a network connection?"


def test_a_server_that_drips_has_a_deadline(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "SLOWEST_S", 0.2)
    server.drip_s = 0.05
    with pytest.raises(InputError) as caught:
        download(_remote(server), tmp_path / "weights.zip")
    assert "stopped after" in caught.value.message
    assert "bytes came in 0.2 seconds" in caught.value.why
    kept = (tmp_path / "weights.zip.part").read_bytes()
    assert kept
    assert BODY.startswith(kept)


def test_several_at_once_fetch_a_file_once(server, tmp_path):
    target = tmp_path / "weights.zip"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: download(_remote(server), target), range(4)))
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.zip"]


def test_an_interrupt_keeps_what_arrived(server, tmp_path):
    def interrupt(here: int, _: int | None) -> None:
        if here > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(_remote(server), tmp_path / "weights.zip", interrupt)
    kept = (tmp_path / "weights.zip.part").read_bytes()
    assert len(kept) > 500_000
    assert BODY.startswith(kept)


def test_a_full_disk_is_one_message(server, tmp_path):
    target = tmp_path / "weights.zip"
    script = f"""
import resource, signal
from pathlib import Path
from circuitdsl.text.diagnostics import InputError
from circuitdsl.models.files import download as download_module
from circuitdsl.models.files.download import Remote, download
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    download(Remote({server.url + "/weights.zip"!r}, {SHA!r}), Path({str(target)!r}))
except InputError as error:
    print(error.message)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout == f"{target} cannot be written\n", done.stderr
    assert not Path(target).exists()
