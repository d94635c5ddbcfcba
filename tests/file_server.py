"""A web server on this machine that can behave badly, for tests of downloading."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serves bytes by path, with HTTP ranges.

    Attributes:
        files: What there is, by path.
        stop_after: Close the connection after this many bytes of a body; None never does.
        ranges: Whether ranges are honoured.
        drip_s: Seconds between single bytes of a body; None sends it at once.
        requests: Path and `Range` header of every request so far.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.stop_after: int | None = None
        self.ranges = True
        self.drip_s: float | None = None
        self.requests: list[tuple[str, str | None]] = []
        self.url = ""


@contextmanager
def serving() -> Generator[FileServer]:
    """A running server; stopped at the end of the block."""
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            state.requests.append((self.path, asked))
            body = state.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            start = 0
            if asked is not None and state.ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            sent = body[start:][: state.stop_after]
            if state.drip_s is not None:
                self.drip(sent, state.drip_s)
                return
            self.wfile.write(sent)

        def drip(self, body: bytes, seconds: float) -> None:
            with contextlib.suppress(ConnectionError):  # whoever reads has had enough
                for byte in body[:100]:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(seconds)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
