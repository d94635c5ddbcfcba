"""The standard library: `.circ` files shipped with the package, read once per process."""

from __future__ import annotations

from functools import cache
from inspect import Parameter, Signature
from pathlib import Path

from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.resources import circuits_folder
from circuitdsl.text.source import Source


@cache
def standard_names() -> tuple[str, ...]:
    """The names of the library's files, such as `std.shapes`."""
    return tuple(_files())


def is_standard(source: Source) -> bool:
    """Whether a text is a file of the library."""
    return source.path is not None and source.path.resolve() in _places()


@cache
def _files() -> dict[str, Path]:
    """The files of the library; images stand beside the circuits, which import them by file."""
    folder = circuits_folder()
    files = {f"std.{path.stem}": path for path in (folder / "std").glob("*.circ")}
    return dict(sorted((files | {"std.stimuli": folder / "stimuli.circ"}).items()))


@cache
def _places() -> frozenset[Path]:
    return frozenset(path.resolve() for path in _files().values())


@cache
def standard_file(name: str) -> nodes.CircuitFile:
    """The tree of a file of the library."""
    file, _ = parse(read_source(_files()[name], name))
    return file


def standard_home(name: str) -> str | None:
    """The file of the library that declares a function or a motif of this name."""
    return _homes().get(name)


@cache
def standard_functions() -> tuple[str, ...]:
    """The functions of the library."""
    items = (item for home in standard_names() for item in standard_file(home).items)
    return tuple(item.name.text for item in items if isinstance(item, nodes.Function))


@cache
def _homes() -> dict[str, str]:
    homes: dict[str, str] = {}
    for home in standard_names():
        for item in standard_file(home).items:
            if isinstance(item, nodes.Function | nodes.Motif):
                homes[item.name.text] = home
    return homes


def comment_above(file: nodes.CircuitFile, item: nodes.Item) -> str:
    """The comment on the lines right above a declaration, in one line; empty if there is none."""
    lines: list[str] = []
    line = item.span.line - 1
    for comment in reversed(file.comments):
        if comment.span.line == line:
            lines.insert(0, comment.text.lstrip("#").strip())
            line -= 1
    return " ".join(lines)


class _Written(str):
    """A default as the language writes it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def signature_of(node: nodes.Function | nodes.Motif) -> Signature:
    """The formals of a declaration as Python shows them; those it must have by name stand last."""
    parameters: list[Parameter] = []
    kind = Parameter.POSITIONAL_OR_KEYWORD
    for formal in node.formals:
        default: object = Parameter.empty
        if formal.default is not None:
            default = _Written(formal.default.span.text)
        elif any(before.default is not Parameter.empty for before in parameters):
            kind = Parameter.KEYWORD_ONLY
        unit = Parameter.empty if formal.unit is None else _Written(formal.unit.text)
        parameters.append(Parameter(formal.name.text, kind, default=default, annotation=unit))
    return Signature(parameters)
