"""The compiler against the reference interpreter: `python benchmarks/agreement.py --circuits 1000`.

Draws circuits of different structures and compares weights and responses. Prints how many agree,
and the largest errors: of kernels relative to their largest weight, of responses as a part of what
rounding may do. A circuit that does not agree is made as small as it can be and written to a file,
and the exit code is 1. Programs are done step by step in NumPy; `--compiled` sends them through
XLA, which takes about a second for each.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from agreement import disagreement
from drawn import different_circuits, smallest

from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.files import write_text


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description="Hold the compiler against the interpreter.")
    parser.add_argument("--circuits", type=int, default=1000, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=0, help="which")
    parser.add_argument("--compiled", action="store_true", help="through XLA, as users run them")
    parser.add_argument("--keep", type=Path, default=Path("fault.circ"), help="where to write one")
    options = parser.parse_args()
    if options.circuits < 1:
        parser.error("--circuits must be at least 1")

    def fails(circuit: Circuit) -> bool:
        return not disagreement(circuit, compiled=options.compiled).none

    began = time.process_time()
    kernels = responses = 0.0
    for number, circuit in enumerate(islice(different_circuits(options.seed), options.circuits)):
        apart = disagreement(circuit, compiled=options.compiled)
        kernels, responses = max(kernels, apart.kernels), max(responses, apart.responses)
        if not apart.none:
            write_text(options.keep, to_source(smallest(fails, options.seed)))
            raise SystemExit(f"circuit {number}: {apart}\na small one like it is {options.keep}")
    print(
        f"{options.circuits:,} structures, {time.process_time() - began:.0f} s; largest relative "
        f"error of kernels {kernels:.1e}, of responses {responses:.0%} of what rounding may do"
    )


if __name__ == "__main__":
    main()
