"""How fast pictures of curve units are made, and whether they show curves at the found angles.

Makes a picture of each of 14 units that `find curves` ranks first, 128 px and 512 steps; shows the
pictures to the hand-written family of `circuits_src/curves.circ`, and prints the angle that it
prefers for each. Where PyTorch is installed, the same is timed there, eagerly, all units at once
and one by one. Usage: `python benchmarks/visualize.py [MODEL] [--units N] [--steps N] [-o SHEET]`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from eager_ascent import climb as climb_eagerly

from circuitdsl import calibrate, load, load_network
from circuitdsl.ir.members.angles import difference_deg
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.measure.tunings.tuning import tuning_along
from circuitdsl.models.written.handwritten import build
from circuitdsl.reporting.drawn.feature_sheets import draw_sheet
from circuitdsl.run.seeing.visualization import Pictures, visualize
from circuitdsl.stimuli.centre import central

LAYER = "mixed3b"
SEGMENT = 16  # steps between two reports
CIRCUIT = Path(__file__).parent.parent / "circuits_src" / "curves.circ"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time feature visualisation.")
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--units", type=int, default=14)
    parser.add_argument("--steps", type=int, default=512)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--eager-steps", type=int, default=32, help="steps timed in PyTorch")
    parser.add_argument("-o", "--output", type=Path, help="a sheet of the pictures")
    options = parser.parse_args()
    network = load_network(options.model)
    best = find_family(network, LAYER, network.name).best(options.units)
    # one program runs all units of a branch: those of the branch that holds most are timed
    names = [f"{LAYER}:{unit.unit}" for unit in best]

    reports: list[tuple[float, float]] = []
    start, begun = time.perf_counter(), time.process_time()
    made = visualize(
        network,
        names,
        steps=options.steps,
        side=options.side,
        again=False,
        progress=lambda stage: reports.append((time.perf_counter(), time.process_time())),
    )
    seconds, cores_s = time.perf_counter() - start, time.process_time() - begun
    # the first report of each branch comes after compilation
    pairs = list(itertools.pairwise(reports))
    wall, cores = (min(b[clock] - a[clock] for a, b in pairs) / SEGMENT for clock in (0, 1))
    print(f"{len(names)} units, {options.steps} steps, {options.side} px: ", end="")
    print(f"{seconds:.1f} s and {cores_s:.1f} s of cores' time with compilation; ", end="")
    print("a step of a branch at best ", end="")
    print(f"{1000 * wall:.0f} ms, {1000 * cores:.0f} ms of cores' time", flush=True)
    if options.output is not None:
        draw_sheet(made, options.output)
    _compare_angles(made, [unit.tuning.preferred_deg for unit in best])
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed, so nothing is compared with it")
        return
    torch = importlib.import_module("torch")
    branches: dict[str, list[int]] = {}
    for unit in best:
        branch, channel = network.backbone.branch_of(LAYER, unit.unit)
        branches.setdefault(branch, []).append(channel)
    centre = central(network.backbone, LAYER, options.side).index
    for what in ("all units of a branch at once", "one by one"):
        seconds, begun = 0.0, time.process_time()
        for branch, channels in branches.items():
            groups = [channels] if what.startswith("all") else [[one] for one in channels]
            for group in groups:
                seconds += climb_eagerly(
                    network,
                    branch,
                    group,
                    centre,
                    steps=options.eager_steps,
                    side=options.side,
                    torch=torch,
                )[1]
        step = seconds / options.eager_steps
        cores = (time.process_time() - begun) / options.eager_steps
        print(f"eager PyTorch {torch.__version__}, {what}: {1000 * step:.0f} ms a step, ", end="")
        print(f"{1000 * cores:.0f} ms of cores' time; all steps {seconds:.1f} s", flush=True)


def _compare_angles(made: Pictures, found_deg: list[float]) -> None:
    """Show the pictures to the hand-written family, and print the angles that it prefers."""
    circuit = load(CIRCUIT)
    family = circuit.families[-1]
    written = calibrate(build(circuit))
    images = jnp.asarray(np.concatenate([picture.images for picture in made.pictures]))
    maps = np.asarray(written.activations(images, [family.name])[family.name], np.float64)
    centre = central(written.backbone, family.layer, made.side).index
    around = maps[:, centre - 1 : centre + 2, centre - 1 : centre + 2].max(axis=(1, 2))
    angles = family.axes[0].angles_deg
    errors: list[float] = []
    preferred: list[float] = []
    for picture, curve, found in zip(made.pictures, around, found_deg, strict=True):
        angle = tuning_along(curve, angles).preferred_deg
        preferred.append(angle)
        errors.append(abs(difference_deg(angle, found, 360.0)))
        print(f"  {picture.name}: found at {found:.0f} deg, its picture is a curve at {angle:.0f}")
    steps = [difference_deg(b, a, 360.0) for a, b in itertools.pairwise(preferred)]
    ordered = sum(step > 0 for step in steps)
    print(f"  mean error {np.mean(errors):.1f} deg, largest {max(errors):.1f} deg; ", end="")
    print(f"{ordered} of {len(steps)} neighbours in order")


if __name__ == "__main__":
    main()
