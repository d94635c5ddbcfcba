"""Image sets: `photographs(...)`, and stimulus sets by name.

In: declarations and references. Out: the IR's `Photographs` and `Stimulus`; no image is looked at.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import out_of_range, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.arguments import settings_written
from circuitdsl.ir.script import ImageSource, Photographs
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.syntax import nodes

GENERATOR = "photographs"
_SETTINGS = ("folder", "n", "seed")
_MOST = 10_000_000


def is_photographs(node: nodes.Stimulus) -> bool:
    """Whether a stimulus set consists of photographs."""
    return node.value.name.text == GENERATOR


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
            wanted = f"a whole number from {least:,} to {_MOST:,}"
            out_of_range(analysis, f"`{key}`", wanted, arguments[key].span)
            return None
        numbers[key] = int(value)
    folder = None
    if "folder" in arguments:
        folder = _folder(analysis, arguments["folder"])
        if folder is None:
            return None
    return Photographs(
        analysis.module.prefix + name, folder, numbers["n"], numbers["seed"] or 0, node.span
    )


def image_source(analysis: Analysis, node: nodes.Expression) -> ImageSource | None:
    """The image set that an expression names."""
    where, key = _place(analysis.module, node)
    if key in where.stimuli:
        declared = where.stimuli[key]
        if declared.value.name.text == ACTIVITY:
            what, got = f"`{declared.name.text}`", "activity of families"
            wrong_type(analysis, what, "a set of images", node.span, got=got)
            return None
        make = photographs if is_photographs(declared) else stimulus
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


def _folder(analysis: Analysis, node: nodes.Expression) -> str | None:
    if not isinstance(node, nodes.Text):
        wrong_type(analysis, "`folder` of `photographs()`", "a string", node.span)
        return None
    text, source = node.value, analysis.module.file.source
    parts = (*PurePosixPath(text).parts, *PureWindowsPath(text).parts)
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).anchor
    if absolute or ".." in parts or not text.strip() or "\0" in text or source.path is None:
        analysis.error(
            "E209",
            f'"{text}" is outside the folder of the file',
            node.span,
            note="absolute paths and `..` are refused, so that a file reads nothing else",
            help="Write `photographs()`, and give the folder with `--images`.",
        )
        return None
    folder = Path(source.path).parent
    try:
        inside = (folder / text).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself, a name too long
        inside = False
    if not inside:
        analysis.error(
            "E209",
            f'"{text}" leads out of the folder of the file through a link, or nowhere',
            node.span,
            help="Write `photographs()`, and give the folder with `--images`.",
        )
        return None
    return str(folder / text)
