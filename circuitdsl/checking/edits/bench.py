"""What the steps and scores of a file share: units, image sets, numbers.

In: expressions. Out: units and numbers; the image sets that are used are kept for the script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.edits.targets import units_of
from circuitdsl.checking.messages import wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.photographs import image_source
from circuitdsl.ir.edits.script import CHOOSING, ImageSource, Sought, UnitSet
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span


@dataclass
class Workbench:
    """What the steps of a file share.

    Attributes:
        analysis: The file, and where to report.
        sources: The image sets used so far, by name.
    """

    analysis: Analysis
    sources: dict[str, ImageSource] = field(default_factory=dict[str, ImageSource])

    def source(self, node: nodes.Expression) -> str | None:
        """The name of the image set that an expression names."""
        found = image_source(self.analysis, node)
        if found is None:
            return None
        self.sources[found.name] = found
        return found.name

    def units(self, written: Sequence[nodes.Expression]) -> UnitSet | None:
        """The units that some expressions name together, the sets that they are chosen on used."""
        units = units_of(self.analysis, written)
        for part in () if units is None else units.parts:
            if isinstance(part, Sought):
                self.use(part.using, part.span)
        return units

    def use(self, name: str | None, span: Span) -> None:
        """Use the set of that name, which is known to be one of photographs."""
        if name == CHOOSING.name:
            self.sources[CHOOSING.name] = CHOOSING
        elif name is not None:
            self.source(nodes.Reference(span, nodes.Name(span, name)))

    def constant(self, node: nodes.Expression, what: str, *, whole: bool = False) -> float | None:
        """A plain number."""
        evaluator = Evaluator(self.analysis)
        return evaluator.constant(node, "int" if whole else "real", what)


def is_grid(bench: Workbench, name: str, node: nodes.Expression) -> bool:
    """Whether an image set consists of figures at angles; reports E302 otherwise."""
    generator = getattr(bench.sources[name], "generator", PHOTOGRAPHS)
    if generator != ACTIVITY and "th" in GENERATORS[generator]:
        return True
    wanted = "a set of figures at angles `th`, such as `arcs`, `lines` or `figures`"
    wrong_type(bench.analysis, f"`{name}`", wanted, node.span, got=f"`{generator}`")
    return False
