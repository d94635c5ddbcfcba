"""Image sets: `photographs(...)`, and stimulus sets by name.

In: declarations and references. Out: the IR's `Photographs` and `Stimulus`; no image is looked at.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.findings import with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.arguments import attributes, match
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
    given = match(node.value, dict.fromkeys(_SETTINGS, False), analysis)
    found = attributes(node.block, _SETTINGS, f"`{GENERATOR}`", analysis)
    if given is None:
        return None
    for key, attribute in found.items():
        if key in given:
            analysis.error("E208", f"`{key}` is given twice", attribute.name.span)
        given.setdefault(key, attribute.value)
    numbers: dict[str, int | None] = {"n": None, "seed": 0}
    for key, least in (("n", 1), ("seed", 0)):
        if key not in given:
            continue
        value = Evaluator(analysis).constant(given[key], "int", f"`{key}`")
        if value is None:
            return None
        if not least <= value <= _MOST:
            message = f"`{key}` is a whole number from {least:,} to {_MOST:,}"
            analysis.error("E304", message, given[key].span)
            return None
        numbers[key] = int(value)
    folder = None
    if "folder" in given:
        folder = _folder(analysis, given["folder"])
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
            message = f"`{declared.name.text}` is no set of images: it puts activity on families"
            analysis.error("E302", message, node.span)
            return None
        make = photographs if is_photographs(declared) else stimulus
        return make(analysis.of(where), key)
    if not where.silent(key):
        text = node.name.text if isinstance(node, nodes.Reference) else ""
        path = text.removesuffix(key)
        message = "an image set is named here"
        if text:
            known = [path + name for name in where.stimuli]
            message = with_hint(f"no stimulus set `{text}`", text, known)
        help_ = "Declare `stimulus photos = photographs()`, and give the folder with `--images`."
        analysis.error("E201", message, node.span, help=help_)
    return None


def _place(module: Module, node: nodes.Expression) -> tuple[Module, str]:
    where, key = module, node.name.text if isinstance(node, nodes.Reference) else ""
    while (inner := where.inner(key)) is not None:
        where, key = inner
    return where, key


def _folder(analysis: Analysis, node: nodes.Expression) -> str | None:
    if not isinstance(node, nodes.Text):
        analysis.error("E302", "`folder` of `photographs()` is a string", node.span)
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
    return str(Path(source.path).parent / text)
