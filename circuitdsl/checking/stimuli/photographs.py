"""Image sets: `photographs(...)`, and stimulus sets by name.

In: declarations and references. Out: the IR's `Photographs` and `Stimulus`; no image is looked at.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from circuitdsl.checking.findings import Findings, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.scope import Module, attributes
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.script import ImageSource, Photographs
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.syntax import nodes

GENERATOR = "photographs"
_SETTINGS = ("folder", "n", "seed")
_MOST = 10_000_000


def is_photographs(node: nodes.Stimulus) -> bool:
    """Whether a stimulus set consists of photographs."""
    return node.value.name.text == GENERATOR


def photographs(module: Module, node: nodes.Stimulus, findings: Findings) -> Photographs | None:
    """A set of photographs; None if it is faulty."""
    given = match(node.value, dict.fromkeys(_SETTINGS, False), findings)
    found = attributes(node.block, _SETTINGS, f"`{GENERATOR}`", findings)
    if given is None:
        return None
    for name, attribute in found.items():
        if name in given:
            findings.error("E208", f"`{name}` is given twice", attribute.name.span)
        given.setdefault(name, attribute.value)
    numbers: dict[str, int | None] = {"n": None, "seed": 0}
    for name, least in (("n", 1), ("seed", 0)):
        if name not in given:
            continue
        value = Evaluator(module, findings).constant(given[name], "int", f"`{name}`")
        if value is None:
            return None
        if not least <= value <= _MOST:
            message = f"`{name}` is a whole number from {least:,} to {_MOST:,}"
            findings.error("E304", message, given[name].span)
            return None
        numbers[name] = int(value)
    folder = None
    if "folder" in given:
        folder = _folder(module, given["folder"], findings)
        if folder is None:
            return None
    name = module.prefix + node.name.text
    return Photographs(name, folder, numbers["n"], numbers["seed"] or 0, node.span)


def image_source(module: Module, node: nodes.Expression, findings: Findings) -> ImageSource | None:
    """The image set that an expression names."""
    where, key = _place(module, node)
    if key in where.stimuli:
        declared = where.stimuli[key]
        quiet = findings if where is module else Findings()
        if declared.value.name.text == ACTIVITY:
            message = f"`{declared.name.text}` is no set of images: it puts activity on families"
            findings.error("E302", message, node.span)
            return None
        make = photographs if is_photographs(declared) else stimulus
        return make(where, declared, quiet)
    if not where.silent(key):
        text = node.name.text if isinstance(node, nodes.Reference) else ""
        path = text.removesuffix(key)
        message = "an image set is named here"
        if text:
            known = [path + name for name in where.stimuli]
            message = with_hint(f"no stimulus set `{text}`", text, known)
        help_ = "Declare `stimulus photos = photographs()`, and give the folder with `--images`."
        findings.error("E201", message, node.span, help=help_)
    return None


def _place(module: Module, node: nodes.Expression) -> tuple[Module, str]:
    where, key = module, node.name.text if isinstance(node, nodes.Reference) else ""
    while (inner := where.inner(key)) is not None:
        where, key = inner
    return where, key


def _folder(module: Module, node: nodes.Expression, findings: Findings) -> str | None:
    if not isinstance(node, nodes.Text):
        findings.error("E302", "`folder` of `photographs()` is a string", node.span)
        return None
    text, source = node.value, module.file.source
    parts = (*PurePosixPath(text).parts, *PureWindowsPath(text).parts)
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).anchor
    if absolute or ".." in parts or not text.strip() or "\0" in text or source.path is None:
        findings.error(
            "E209",
            f'"{text}" is outside the folder of the file',
            node.span,
            note="absolute paths and `..` are refused, so that a file reads nothing else",
            help="Write `photographs()`, and give the folder with `--images`.",
        )
        return None
    return str(Path(source.path).parent / text)
