"""Hunt for files that break the checker: `python benchmarks/fuzz.py --examples 100000`.

Draws arbitrary bytes, mutated real files and generated circuits, checks and formats each as the
command line would, and reports the slowest (of processor time) and the growth of the process. A
file that raises anything but diagnostics, takes more than a second, or makes the process larger by
500 MB is written to a file, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fuzzing import KINDS, judge
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import just

SLOWEST_S, LARGEST_MB = 1.0, 500.0


@dataclass
class Run:
    """What came of the examples of one kind."""

    counts: dict[str, int] = field(default_factory=lambda: {"sound": 0, "faulty": 0, "no text": 0})
    slowest_s: float = 0.0
    grown_mb: float = 0.0
    fault: tuple[bytes, str] | None = None

    def take(self, data: bytes) -> None:
        """Judge one example; after a fault, none."""
        if self.fault is not None:
            return
        size, began = megabytes(), time.process_time()
        try:
            result = judge(data)
        except Exception:
            self.fault = data, traceback.format_exc()
            return
        seconds, grown = time.process_time() - began, megabytes() - size
        self.slowest_s = max(self.slowest_s, seconds)
        self.grown_mb += grown
        if seconds > SLOWEST_S or grown > LARGEST_MB:
            self.fault = data, f"took {seconds:.2f} s, and the process grew by {grown:.0f} MB"
        sound = "no text" if result is None else "faulty" if result.errors else "sound"
        self.counts[sound] += 1


def megabytes() -> float:
    """The largest size that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description="Hunt for files that break the checker.")
    parser.add_argument("--examples", type=int, default=10_000, help="how many, of all kinds")
    parser.add_argument("--seed", type=int, default=0, help="which")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz.circ"), help="where to write one")
    options = parser.parse_args()
    judge(b"circ 1\nlet a = = 1\n")  # what is built once is nobody's fault
    for kind in options.kinds:
        strategy, run = KINDS[kind], Run()

        @seed(options.seed)
        @settings(
            max_examples=max(options.examples // len(options.kinds), 1),
            phases=(Phase.generate,),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(data=strategy, run=just(run))
        def examples(data: bytes, run: Run) -> None:
            run.take(data)

        examples()
        ran = ", ".join(f"{count:,} {name}" for name, count in run.counts.items())
        print(
            f"{kind:<10} {sum(run.counts.values()):>8,} examples ({ran}); "
            f"slowest {run.slowest_s:.3f} s, grew by {run.grown_mb:.0f} MB",
            flush=True,
        )
        if run.fault is not None:
            data, why = run.fault
            options.keep.write_bytes(data)
            raise SystemExit(f"{why}\nthe file is {options.keep}")


if __name__ == "__main__":
    main()
