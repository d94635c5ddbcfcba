"""Ask a weight where it comes from: every entry of a kernel names its source lines.

In: `circuits_src/curves.circ`. Out: the lines behind the strongest weight from early curves to
the first curve.

    python examples/which_line.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import circuitdsl
from circuitdsl.lowering.provenance import origins

CIRCUIT = circuitdsl.load(Path(__file__).parent.parent / "circuits_src" / "curves.circ")


def main() -> None:
    """Print the weight and its lines."""
    kernel = np.asarray(circuitdsl.lower(CIRCUIT)({})["bends"])  # [height, width, in, out]
    row, column, source = np.unravel_index(kernel[..., 0].argmax(), kernel.shape[:3])
    entry = (int(row), int(column), int(source), 0)
    print(f"bends[{', '.join(map(str, entry))}] = {kernel[entry]:.4f} comes from")
    for origin in origins(CIRCUIT, "bends", entry):
        print(f"  {origin}")


if __name__ == "__main__":
    main()
