"""`circuitdsl`, and `python -m circuitdsl`: the command line."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130

COLLECTED = (50_000, 20, 100)
"""Garbage is looked for so rarely: libraries and trees of text are many objects and no garbage, and
by default looking for some takes a tenth of a short command."""

PATIENCE_S, TICK_S = 5.0, 0.02
"""An interrupt waits so long for JAX to be done with what it does, and looks so often."""


def main() -> None:
    """Run the command line; an interrupt while it is being loaded is one as any other."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _Interrupt())
        gc.set_threshold(*COLLECTED)
        from circuitdsl.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave()
        raise


class _Interrupt:
    """Raises `KeyboardInterrupt`, but not within JAX.

    There an exception may pass through compiled code that does not expect one, which ends the
    process with SIGSEGV, or through a callback that swallows it.
    """

    def __init__(self) -> None:
        self.until: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal, now or a little later."""
        if not _within_jax(frame):
            self.until = None
            raise KeyboardInterrupt
        now = time.monotonic()
        if self.until is None:
            self.until = now + PATIENCE_S
        if now > self.until:
            sys.stderr.write("interrupted\n")
            _leave()
        again = threading.Timer(TICK_S, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()


def _within_jax(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] in ("jax", "jaxlib"):
            return True
        frame = frame.f_back
    return False


def _leave() -> NoReturn:
    """End without taking the interpreter down: compiled code may still run in threads beneath."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
