"""`circuitdsl`, and `python -m circuitdsl`: the command line."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interrupt while it is being loaded is one as any other."""
    try:
        from circuitdsl.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave()
        raise


def _leave() -> NoReturn:
    """End without taking the interpreter down: compiled code may still run in threads beneath."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
