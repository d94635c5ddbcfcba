"""What can be looked for in a trained network: one file a finder, and its row here."""

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.measure.finders.curves import CURVES, are_curves
from circuitdsl.measure.finders.finder import Finder
from circuitdsl.measure.finders.lines import LINES

__all__ = ["CURVES", "FINDERS", "LINES", "USUAL", "Finder", "finder_of"]

FINDERS = {finder.name: finder for finder in (CURVES, LINES)}
"""Every finder by its name."""

USUAL = CURVES
"""What is looked for where a text names nothing else."""

_FAMILIES = {CURVES.name: are_curves}
"""By finder, which families it looks for."""


def finder_of(circuit: Circuit, family: Family) -> Finder | None:
    """The finder that looks for the units of a family; None where agreement alone finds them."""
    fitting = (name for name, takes in _FAMILIES.items() if takes(circuit, family))
    name = next(fitting, None)
    return None if name is None else FINDERS[name]
