"""How the server ends when an editor leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def frame(message: dict[str, Any]) -> bytes:
    content = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


def test_a_server_that_is_told_to_exit_says_nothing() -> None:
    messages = (
        {"id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    )
    done = subprocess.run(
        [sys.executable, "-m", "circuitdsl", "lsp"],
        input=b"".join(map(frame, messages)),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"id": 2' in done.stdout or b'"id":2' in done.stdout
