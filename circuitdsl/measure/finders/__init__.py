"""What can be looked for in a trained network: one file a finder, and its row here."""

from circuitdsl.measure.finders.curves import CURVES, are_curves
from circuitdsl.measure.finders.finder import Finder
from circuitdsl.measure.finders.lines import LINES

__all__ = ["CURVES", "FAMILIES", "FINDERS", "LINES", "Finder"]

FINDERS = {finder.name: finder for finder in (CURVES, LINES)}
"""Every finder by its name."""

FAMILIES = {CURVES.name: are_curves}
"""By finder, which families it looks for."""
