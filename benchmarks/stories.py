"""Four stories of what is inside a vision network, told of the units of one that was trained.

A dog's head in two mirrored pathways; a car of panes above and wheels below; a car spread over
units of other things; units that stand for several things. A program finds the units on one third
of the photographs; every figure is of another third.

    python benchmarks/stories.py --images DIR --figures docs/figures/stories.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from atlas import CHOOSE, DECIDE, MODEL, thirds
from story_cars import car, superposition
from story_heads import heads
from story_kinds import polysemantic
from story_parts import looked_at
from story_tables import tables

from circuitdsl import load_network
from circuitdsl.reporting.json_files import write_json


def main() -> None:
    """Tell the four stories, and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=Path, required=True, help="photographs, by class")
    parser.add_argument("--results", type=Path, default=Path("out/stories"))
    parser.add_argument("--figures", type=Path, help="all figures, as the page keeps them")
    options = parser.parse_args()
    folders = thirds(options.images, options.results / "photographs")
    network = load_network(MODEL)
    seen = [
        looked_at(network, folders[part], options.results / f"part{part}.safetensors")
        for part in (CHOOSE, DECIDE)
    ]
    figures = {
        "images": len(seen[1].classes),
        "heads": heads(network, *seen),
        "car": car(network, *seen),
        "superposition": superposition(network, *seen),
        "polysemantic": polysemantic(network, *seen),
    }
    if options.figures is not None:
        write_json(options.figures, figures)
    print("\n\n".join(tables(figures)))


if __name__ == "__main__":
    main()
