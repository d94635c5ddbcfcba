"""Image sets: `photographs(...)`, and stimulus sets by name.

In: declarations and references. Out: the IR's `Photographs` and `Stimulus`; no image is looked at.
"""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import out_of_range, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.stimuli.folders import folder_of
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.arguments import settings_written
from circuitdsl.ir.edits.script import ImageSource, Photographs
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, Setting, Stimulus
from circuitdsl.syntax import nodes

_SETTINGS = ("folder", "n", "seed")
_MOST = 10_000_000


def is_photographs(node: nodes.Stimulus) -> bool:
    """Whether a stimulus set consists of photographs."""
    return node.value.name.text == PHOTOGRAPHS


@question
def photographs(analysis: Analysis, name: str) -> Photographs | None:
    """A set of photographs; None if it is faulty."""
    node = analysis.module.stimuli[name]
    arguments = settings_written(node, _SETTINGS, analysis)
    if arguments is None:
        return None
    numbers: dict[str, int | None] = {"n": None, "seed": 0}
    for key, least in (("n", 1), ("seed", 0)):
        if key not in arguments:
            continue
        value = Evaluator(analysis).constant(arguments[key], "int", f"`{key}`")
        if value is None:
            return None
        if not least <= value <= _MOST:
            requirement = f"a whole number from {least:,} to {_MOST:,}"
            out_of_range(analysis, f"`{key}`", requirement, arguments[key].span)
            return None
        numbers[key] = int(value)
    folder = None
    if "folder" in arguments:
        what = "`folder` of `photographs()`"
        help_ = "Write `photographs()`, and give the folder with `--images`."
        folder = folder_of(analysis, arguments["folder"], what, help_)
        if folder is None:
            return None
    return Photographs(
        analysis.module.prefix + name, folder, numbers["n"], numbers["seed"] or 0, node.span
    )


@question
def shown(analysis: Analysis, name: str) -> Stimulus | None:
    """What a family is shown: drawn images, activity, or a folder that the file names.

    None if the set is faulty, or consists of photographs that the caller chooses.
    """
    if not is_photographs(analysis.module.stimuli[name]):
        return stimulus(analysis, name)
    images = photographs(analysis, name)
    if images is None or images.folder is None:
        return None
    numbers = (("n", images.n), ("seed", images.seed or None))
    settings = tuple(
        (key, Setting((float(value),), "int")) for key, value in numbers if value is not None
    )
    return Stimulus(images.name, PHOTOGRAPHS, settings, (), images.folder, images.span)


def image_source(analysis: Analysis, node: nodes.Expression) -> ImageSource | None:
    """The image set that an expression names."""
    where, key = _place(analysis.module, node)
    if key in where.stimuli:
        declaration = where.stimuli[key]
        if declaration.value.name.text == ACTIVITY:
            what, got = f"`{declaration.name.text}`", "activity of families"
            wrong_type(analysis, what, "a set of images", node.span, got=got)
            return None
        make = photographs if is_photographs(declaration) else stimulus
        return make(analysis.of(where), key)
    if not where.silent(key):
        text = node.name.text if isinstance(node, nodes.Reference) else ""
        path = text.removesuffix(key)
        help_ = "Declare `stimulus photos = photographs()`, and give the folder with `--images`."
        names = (path + name for name in where.stimuli)
        name = text or node.span.text
        unknown(analysis, "stimulus set", name, names, node.span, help=help_)
    return None


def _place(module: Module, node: nodes.Expression) -> tuple[Module, str]:
    where, key = module.follow(node.name.text if isinstance(node, nodes.Reference) else "")
    return where, key
