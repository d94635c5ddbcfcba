"""`strokes`: figures that a file composes.

In: `PART = LEVELS*FIGURE` with a figure that is a sum of strokes. Out: the IR's parts.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import listed, out_of_range, too_many, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.activity import Levels, leveled, point_within
from circuitdsl.checking.stimuli.reading import range_of
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.stimuli import PHOTOGRAPHS, STROKES, Part, Stroke
from circuitdsl.ir.tables.figures import FIGURES, SIZES
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Fix

MOST_STROKES = 64
"""Strokes of one set."""

_SHAPE = "stem = line(24px, at=(0px, 12px), angle=90deg)"


def figure_parts(
    analysis: Analysis,
    name: nodes.Name,
    written: Mapping[str, nodes.Expression],
    levels: Levels,
    half_px: float,
) -> tuple[Part, ...] | None:
    """The parts of a figure; None if one is faulty.

    Args:
        analysis: The file, and where to report.
        name: Of the set.
        written: What each part is said to be.
        levels: Reads a list of levels.
        half_px: Half of the image's side, within which strokes have their points.
    """
    parts: list[Part] = []
    for key, node in written.items():
        strength, figure = leveled(key, node, levels)
        strokes = None if figure is None else _strokes(analysis, key, figure, half_px)
        if figure is None:
            _faulty(analysis, key, node)
        if strokes is not None and strength is not None:
            parts.append(Part(key, (), strength, strokes))
    count = sum(len(part.strokes) for part in parts)
    if count > MOST_STROKES:
        too_many(analysis, f"`{name.text}`", f"{count:,} strokes", MOST_STROKES, name.span)
        return None
    return tuple(parts) if len(parts) == len(written) else None


def _strokes(
    analysis: Analysis, part: str, node: nodes.Expression, half_px: float
) -> tuple[Stroke, ...] | None:
    """A sum of strokes."""
    if isinstance(node, nodes.Chain) and node.is_sum and "-" not in node.operators:
        terms = [_strokes(analysis, part, term, half_px) for term in node.parts]
        sound = [term for term in terms if term is not None]
        return tuple(stroke for term in sound for stroke in term) if terms == sound else None
    if isinstance(node, nodes.Call) and node.name.text in FIGURES:
        stroke = _stroke(analysis, node, half_px)
        return None if stroke is None else (stroke,)
    _faulty(analysis, part, node)
    return None


def _faulty(analysis: Analysis, part: str, node: nodes.Expression) -> None:
    """Report an expression that is not a figure (E302)."""
    message = f"`{part}` must be a sum of strokes, perhaps times a list of levels"
    fixes: tuple[Fix, ...] = ()
    if isinstance(node, nodes.Call):
        name = node.name
        message, fixes = with_hint(analysis, message, name.text, FIGURES, name.span)
    settings = (*GENERATORS[STROKES], PHOTOGRAPHS)
    message, _ = with_hint(analysis, message, part, settings, node.span)
    help_ = f"Write `{_SHAPE}`; strokes are {listed(FIGURES)}."
    analysis.error("E302", message, node.span, help=help_, fixes=fixes)


def _stroke(analysis: Analysis, node: nodes.Call, half_px: float) -> Stroke | None:
    """`KIND(SIZE, ..., at=POINT, angle=ANGLE)`."""
    kind = node.name.text
    formals = dict.fromkeys((*FIGURES[kind], "at", "angle"), False)
    arguments = match(node, formals, analysis)
    if arguments is None:
        return None
    sizes: list[tuple[str, float]] = []
    for name in FIGURES[kind]:
        row, value = SIZES[name], SIZES[name].default[0]
        if name in arguments:
            what = f"`{name}` of `{kind}()`"
            size = Evaluator(analysis).constant(arguments[name], row.unit, what)
            if size is None:
                return None
            if not row.low <= size <= row.high or (row.nonzero and size == 0):
                out_of_range(analysis, what, range_of(row), arguments[name].span)
                return None
            value = size
        sizes.append((name, value))
    at: tuple[float, float] | None = (0.0, 0.0)
    if "at" in arguments:
        at = point_within(analysis, arguments["at"], half_px)
    angle: float | None = 0.0
    if "angle" in arguments:
        angle = Evaluator(analysis).constant(arguments["angle"], "angle", "`angle`")
    if at is None or angle is None:
        return None
    return Stroke(kind, tuple(sizes), at, angle, node.span)
