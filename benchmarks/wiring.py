"""How curve detectors are wired: trained weights beside hand-written ones, in each unit's frame.

Prints, for early curves (mixed3a) to curves (mixed3b), how much the trained kernels are one kernel
turned, the same of `circuits_src/curves.circ`, and how far the two agree; and for the four best
high-low frequency units of mixed3a, which factors of conv2d2 they read on which side.
Usage: `python benchmarks/wiring.py [MODEL] [--units N]`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from circuitdsl import build, load, load_network
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.models.network import Network
from circuitdsl.visualizing.aims import units
from circuitdsl.visualizing.expanded import expanded
from circuitdsl.visualizing.turned import Turned, turned

CIRCUITS = Path(__file__).parent.parent / "circuits_src"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Look at how curve detectors are wired.")
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--units", type=int, default=10)
    options = parser.parse_args()
    network = load_network(options.model)
    trained = trained_pair(network, options.units)
    for file in ("curves.circ", "curves_fitted.circ"):
        written = written_pair(CIRCUITS / file)
        print(
            f"early curves to curves: equivariance of {network.name} {trained.equivariance:.2f}, "
            f"of {file} {written.equivariance:.2f}; correlation {trained.agreement(written):.2f}"
        )


def trained_pair(network: Network, count: int) -> Turned:
    """The kernels of the best early curves to the best curves."""
    early = find_family(network, "mixed3a", network.name).best(count)
    late = find_family(network, "mixed3b", network.name).best(count)
    late = [unit for unit in late if unit.branch == "mixed3b_5x5"]
    weights = expanded(network, "mixed3a", units(network, [f"mixed3b:{u.unit}" for u in late]))
    kernel = weights.kernel[:, :, [unit.unit for unit in early]]
    early_deg = [unit.tuning.preferred_deg for unit in early]
    return turned(kernel, early_deg, [unit.tuning.preferred_deg for unit in late])


def written_pair(path: Path) -> Turned:
    """The same of a circuit: all connections from its early curves to its curves."""
    circuit = load(path)
    weights = build(circuit).arrays
    pairs = [c.name for c in circuit.into("curve") if c.source == "early"]
    kernel = np.sum([np.asarray(weights[name], np.float64) for name in pairs], axis=0)
    angles = [circuit.by_name[name].axes[0].angles_deg for name in ("early", "curve")]
    return turned(kernel, *angles)


if __name__ == "__main__":
    main()
