"""How soon the dials of a notebook answer: from a slider's new value to its kernels and tuning.

python benchmarks/dials.py [FILE]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from circuitdsl.checking import load
from circuitdsl.notebook import dials

CURVES = Path(__file__).parents[1] / "circuits_src" / "curves.circ"
VALUES = 24
"""Values that each of the first dials is set to."""


def main() -> None:
    """Print the median and the largest time of an answer."""
    widget = dials(load(sys.argv[1] if len(sys.argv) > 1 else CURVES))
    times_ms: list[float] = []
    for dial in widget.dials[:3]:
        for value in np.linspace(dial["low"], dial["high"], VALUES):
            begin = time.perf_counter()
            widget.settings = {dial["name"]: float(value)}
            times_ms.append(1e3 * (time.perf_counter() - begin))
    steady = times_ms[2:]
    print(f"median {np.median(steady):.0f} ms, at most {max(steady):.0f} ms")


if __name__ == "__main__":
    main()
