"""How fast a network's units are shown curves, and what `find curves` finds.

Prints the time and the stimuli per second of the published set of stimuli (80 radii, 720 angles,
60-pixel images: 57,600 circles) for twenty units of mixed3b, and the figures of the first ten units
that the search ranks. Usage: `python benchmarks/find.py [MODEL] [--stimuli N]`.
"""

from __future__ import annotations

import argparse
import time

from circuitdsl import load_network
from circuitdsl.ir.members.angles import even_deg, largest_gap_deg
from circuitdsl.measure.finders.curves_published import STROKE_SHARE
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.measure.tunings.tuning import response_grid
from circuitdsl.measure.units import trained
from circuitdsl.stimuli.drawing.canvas import geometric
from circuitdsl.stimuli.drawing.circles import CircleGrid

LAYER = "mixed3b"
SIDE = 60
LARGEST, SMALLEST = 4.8, 0.4293  # radii of the published stimuli, in image widths


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time the search for curve detectors.")
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--stimuli", type=int, default=57_600, help="at least this many are shown")
    options = parser.parse_args()
    network = load_network(options.model)
    name = network.name

    start = time.perf_counter()
    found = find_family(network, LAYER, name)
    seconds = time.perf_counter() - start
    best = found.units[:10]
    print(f"find curves --model {name} --layer {LAYER}: {seconds:.1f} s with compilation, ", end="")
    print(f"{found.grid.size} stimuli to {len(found.units)} units")
    for unit in best:
        tuning = unit.tuning
        print(
            f"  {unit.unit:4d} in {unit.branch}: prefers {tuning.preferred_deg:5.1f} deg, "
            f"width {tuning.fwhm_deg:4.1f} deg, echo {tuning.echo:.3f}, "
            f"selectivity {tuning.selectivity:.3f}"
        )
    gap = largest_gap_deg([unit.tuning.preferred_deg for unit in best])
    print(
        f"  in the 5x5 branch: {sum(unit.branch.endswith('_5x5') for unit in best)} of {len(best)}"
    )
    print(f"  least selectivity: {min(unit.tuning.selectivity for unit in best):.3f}")
    print(f"  widest gap between preferred angles: {gap:.0f} deg")

    shown = [unit.unit for unit in found.units[:20]]
    subject = trained(network, LAYER, shown)
    radii = max(1, round(80 * options.stimuli / 57_600))
    grid = CircleGrid(
        radius_px=geometric(LARGEST * SIDE, SMALLEST * SIDE, radii),
        tangent_deg=even_deg(720, 360.0),
        contrast=(-1.0,),
        stroke_px=STROKE_SHARE * SIDE,
    )
    start = time.perf_counter()
    response_grid(subject, grid, side=SIDE)
    seconds = time.perf_counter() - start
    print(f"{grid.size} stimuli of {SIDE} px to {len(shown)} units: {seconds:.1f} s, ", end="")
    print(f"{grid.size / seconds:.0f} stimuli per second")


if __name__ == "__main__":
    main()
