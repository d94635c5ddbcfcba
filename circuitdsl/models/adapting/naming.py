"""Names of layers: the paths of their weights in the module, or the scopes that they stand in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from circuitdsl.models.adapting.table import Entry
from circuitdsl.text.diagnostics import InputError

_PRE = "_pre_relu"
_PARTS = "kernel|weights?|scale|bias|w|b"


def named(model: str, entries: Sequence[Entry], given: Sequence[str] | None) -> list[str]:
    """A name for each entry, none twice.

    A layer with weights is called as the module that holds them is. A sum or a concatenation is
    called as the block is that its last summand, or all its parts, stand in; everything else by its
    kind.

    Args:
        model: What the network is called.
        entries: The layers; the first is the input.
        given: Names of the layers with weights, in order, instead of their own.

    Raises:
        InputError: layers with weights that no module and no scope names, or a wrong number of
            given names.
    """
    weighted = [
        at for at, entry in enumerate(entries) if entry.kernel is not None and not entry.plain
    ]
    if given is not None and len(given) != len(weighted):
        raise InputError(
            f"{len(given)} names are given, and {model} has {len(weighted)} layers with weights",
            why=_listed([entries[at] for at in weighted]),
        )
    root = _root(entries)
    paths: list[tuple[str, ...]] = []
    nameless: list[Entry] = []
    for at, entry in enumerate(entries):
        if at in weighted and given is not None:
            path = (given[weighted.index(at)],)
        elif at in weighted:
            path = _module(entry.path) or entry.origin.scope[root:]
            if not path:
                nameless.append(entry)
        else:
            path = _module(entry.path) or _place(entry, paths, root)
        paths.append(path)
    if nameless:
        raise InputError(
            f"layers of {model} have no names",
            why=_listed(nameless),
            help='pass a module, a partial application to a tree of weights, or names=["conv1", ..]'
            "; or put each layer in a `jax.named_scope`",
        )
    return _distinct(entries, paths)


def _place(entry: Entry, paths: Sequence[tuple[str, ...]], root: int) -> tuple[str, ...]:
    """The block that a layer without weights stands in."""
    if entry.kind == "add" and len(entry.inputs) > 1:
        return entry.origin.scope[root:] or paths[max(entry.inputs)][:-1]
    if entry.kind == "concat":
        return entry.origin.scope[root:] or _common([paths[source] for source in entry.inputs])
    return ()


def _module(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of the module that holds a weight, or the weight's own name without its part."""
    if len(path) != 1:
        return path[:-1]
    name = re.sub(rf"_?({_PARTS})$", "", path[0])
    return (name,) if name else ()


def _root(entries: Sequence[Entry]) -> int:
    """How many scopes stand around all layers."""
    scopes = [entry.origin.scope for entry in entries if entry.kind != "input"]
    return min(len(_common(scopes)), *(len(scope) for scope in scopes)) if len(scopes) > 1 else 0


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    first, last = min(paths), max(paths)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    return first[:length]


def _distinct(entries: Sequence[Entry], paths: Sequence[tuple[str, ...]]) -> list[str]:
    taken: set[str] = set()
    names: list[str] = []
    for entry, path in zip(entries, paths, strict=True):
        if entry.kind == "input":
            wanted = "input"
        else:
            plain = entry.plain or entry.kind
            wanted = _identifier("_".join(path)) or plain
            if wanted in taken and entry.kernel is None and path:
                wanted = f"{wanted}_{plain}"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return names


def _identifier(name: str) -> str:
    plain = re.sub(r"\W+", "_", name).strip("_")
    if plain[:1].isdigit():
        plain = f"layer{plain}"
    return f"{plain}_" if plain == "input" or plain.endswith(_PRE) else plain


def _listed(entries: Sequence[Entry]) -> str:
    shown = [f"{entry.kind} of {entry.width} at {entry.origin.line}" for entry in entries[:6]]
    more = f" and {len(entries) - 6} more" if len(entries) > 6 else ""
    return "; ".join(shown) + more
