"""Folders of photographs that a file names."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import wrong_type
from circuitdsl.ir.stimuli import Folder
from circuitdsl.syntax import nodes


def folder_of(analysis: Analysis, node: nodes.Expression, what: str, help_: str) -> Folder | None:
    """A folder beside the file or below; None after reporting what is wrong (E209, E302).

    Args:
        analysis: The file, and where to report.
        node: The path.
        what: What the folder is for, as a message names it.
        help_: What to do about a folder elsewhere.
    """
    if not isinstance(node, nodes.Text):
        wrong_type(analysis, what, "a string", node.span)
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
            help=help_,
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
            help=help_,
        )
        return None
    return Folder(text, str(folder))
