"""The compiler against the reference interpreter: `python benchmarks/agreement.py --circuits 1000`.

Draws circuits of different structures and compares weights and responses. Prints how many agree to
1e-4, and the largest relative errors; a circuit that does not agree is written to a file, and the
exit code is 1. Programs are done step by step in NumPy; `--compiled` sends them through XLA, which
takes about a second for each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from agreement import TOLERANCE, Disagreement, disagreement, structure
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import just

from circuitdsl.ir.text import to_source
from circuitdsl.testing.strategies import Drawn, circuits
from circuitdsl.text.files import write_text


@dataclass
class Run:
    """What came of the circuits so far."""

    compiled: bool
    known: set[Hashable] = field(default_factory=set)
    kernels: list[float] = field(default_factory=list)
    responses: list[float] = field(default_factory=list)
    fault: tuple[Disagreement, str] | None = None

    def take(self, drawn: Drawn) -> None:
        """Compare one circuit, if it is a new one; after a fault, none."""
        if self.fault is not None or structure(drawn.circuit) in self.known:
            return
        self.known.add(structure(drawn.circuit))
        found = disagreement(drawn.circuit, compiled=self.compiled)
        self.kernels.append(found.kernels)
        self.responses.append(found.responses)
        if not max(found.kernels, found.responses) <= TOLERANCE:
            self.fault = found, to_source(drawn.circuit)


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
    run, began = Run(options.compiled), time.process_time()

    @seed(options.seed)
    @settings(
        max_examples=options.circuits,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=circuits(), run=just(run))
    def examples(drawn: Drawn, run: Run) -> None:
        run.take(drawn)

    examples()
    print(
        f"{len(run.known):,} structures ({options.circuits:,} drawn), "
        f"{time.process_time() - began:.0f} s; largest relative error: "
        f"kernels {max(run.kernels):.1e}, responses {max(run.responses):.1e}"
    )
    if run.fault is not None:
        found, text = run.fault
        write_text(options.keep, text)
        raise SystemExit(f"{found}\nthe circuit is {options.keep}")


if __name__ == "__main__":
    main()
