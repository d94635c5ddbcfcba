"""How long the way from text to circuit takes: `python benchmarks/check.py`.

Prints the median of warm runs stage by stage on the five-layer example, a whole `circuitdsl check`
process, and how time and memory grow with the length of a file.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from circuitdsl.checking import check_source, load
from circuitdsl.ir.writing.text import to_source
from circuitdsl.syntax.format import format_file
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.source import Source

_NUMBERS = count()

EXAMPLE = Path(__file__).resolve().parent.parent / "tests" / "golden" / "curves_example.circ"


def milliseconds(task: Callable[[], object], runs: int = 50) -> float:
    """The median time of a task, in milliseconds."""
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def fresh(source: Source) -> Source:
    """The same declarations in a text that was never read."""
    return replace(source, text=f"{source.text}# {next(_NUMBERS)}\n")


def long_file(lines: int) -> Source:
    """A file of about so many lines: a chain of families, every seventh line a declaration."""
    head = (
        "circ 1\nfrom std.shapes import arc, bar\nfrom std.profiles import bump\n"
        "backbone V = inceptionv1()\nfamily f0 [th: orient(16)] at V.conv2d1\n"
    )
    block = (
        "\nfamily f{n} [th: orient(16)] at V.conv2d2\nconnect f0 -> f{n} {{\n"
        "  place   = bar(8px, width=0.5tap)\n"
        "  tune.th = bump(30deg) - 0.35*bump(30deg, around=90deg) - 0.15\n"
        "  norm    = mass(1, balance=0.9)\n}}\n"
    )
    families = max((lines - 5) // 7, 1)
    return Source("long.circ", head + "".join(block.format(n=n + 1) for n in range(families)))


def growth(lines: int) -> tuple[float, float]:
    """Processor time and peak memory, MB, of checking a long file, each of a text never seen.

    Garbage is not collected meanwhile, as `timeit` has it: the command line does not either.
    """
    first, second = (replace(long_file(lines), text=long_file(lines).text + mark) for mark in "\n#")
    gc.disable()
    start = time.process_time()
    check_source(first)
    seconds = time.process_time() - start
    tracemalloc.start()
    check_source(second)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    gc.enable()
    return seconds, peak


def main() -> None:
    """Print all figures."""
    source = read_source(EXAMPLE)
    tree, _ = parse(source)
    circuit = load(EXAMPLE)
    print(f"{EXAMPLE.name}, {len(source.text.splitlines())} lines, median of 50 warm runs:")
    print(f"  text to tree     {milliseconds(lambda: parse(fresh(source))):8.2f} ms")
    print(f"  text to circuit  {milliseconds(lambda: check_source(fresh(source))):8.2f} ms")
    print(f"  tree to format   {milliseconds(lambda: format_file(tree)):8.2f} ms")
    print(f"  circuit to text  {milliseconds(lambda: to_source(circuit)):8.2f} ms")
    command = [sys.executable, "-m", "circuitdsl", "check", str(EXAMPLE)]
    whole = milliseconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    print(f"  circuitdsl check {whole:8.0f} ms, the whole process")
    print("long files:")
    for lines in (1000, 4000, 16000):
        seconds, peak = growth(lines)
        each = f"{1000 * seconds / lines:.3f} s and {1000 * peak / lines:.2f} MB a thousand"
        print(f"  {lines:6d} lines    {seconds:8.2f} s  {peak:8.1f} MB at the peak; {each}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.circ"
        path.write_text(long_file(1000).text, encoding="utf-8")
        command[-1] = str(path)
        whole = milliseconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    print(f"  circuitdsl check of 1,000 lines {whole:.0f} ms, the whole process")


if __name__ == "__main__":
    main()
