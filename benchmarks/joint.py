"""Whether turned photographs tell the same preferred angles as drawn circles do.

Takes the best curve units of mixed3b by their tuning to circles, turns the photographs that excite
each most, and prints how far the turns at which the others answer are from the differences of
angles; the hand-written family of `circuits_src/curves.circ` is shown the same.
Usage: `python benchmarks/joint.py [MODEL] --images DIR [--units N] [--examples N] [--step DEG]`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from circuitdsl import load_network
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.run.seeing.joint import joint

LAYER = "mixed3b"
CIRCUIT = Path(__file__).parent.parent / "circuits_src" / "curves.circ"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Compare joint and synthetic tuning.")
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--units", type=int, default=10)
    parser.add_argument("--examples", type=int, default=9)
    parser.add_argument("--step", type=float, default=5.0)
    options = parser.parse_args()
    network = load_network(options.model)
    best = find_family(network, LAYER, network.name).best(options.units)
    made = joint(
        network,
        [f"{LAYER}:{unit.unit}" for unit in best],
        options.images,
        beside=CIRCUIT,
        limit=options.limit,
        examples=options.examples,
        step=options.step,
    )
    own = [unit.tuning.preferred_deg for unit in best]
    written = [float(name.split("=")[1][:-4]) for name in made.tuning.names[len(own) :]]
    errors = made.tuning.errors_deg(own, [*own, *written])
    among, to_hand = errors[:, : len(own)], errors[:, len(own) :]
    for what, part in (("trained units", among), ("hand-written members", to_hand)):
        print(
            f"{what}: median {np.nanmedian(part):.1f} deg from circles, 90 % within "
            f"{np.nanpercentile(part, 90):.1f}, of {np.isfinite(part).sum()} pairs"
        )


if __name__ == "__main__":
    main()
