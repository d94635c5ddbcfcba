"""Arguments of calls and attributes of blocks, matched to what is legal there."""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import given_twice, listed, missing, with_hint
from circuitdsl.syntax import nodes


def match(
    call: nodes.Call, formals: Mapping[str, bool], analysis: Analysis
) -> dict[str, nodes.Expression] | None:
    """The arguments of a call, by formal.

    Args:
        call: The call.
        formals: The formals in order, each with whether it must be given.
        analysis: Where misfits are reported (E206, E207, E208).

    Returns:
        Expressions by formal, without those left to their defaults; None if anything was reported.
    """
    name = call.name.text
    arguments: dict[str, nodes.Expression] = {}
    names = list(formals)
    sound = True
    for position, argument in enumerate(call.arguments):
        if argument.name is None:
            if position >= len(names):
                count = f"{len(names)} argument" + ("" if len(names) == 1 else "s")
                analysis.error(
                    "E208",
                    f"`{name}()` takes {count if names else 'no arguments'}; "
                    f"found {len(call.arguments)}",
                    argument.span,
                )
                return None
            formal = names[position]
        else:
            formal = argument.name.text
            if formal not in formals:
                span = argument.name.span
                message = f"`{name}()` has no argument `{formal}`"
                message, fixes = with_hint(analysis, message, formal, names, span)
                help_ = f"It takes {listed(names)}." if names else "It takes none."
                analysis.error("E206", message, span, help=help_, fixes=fixes)
                sound = False
                continue
        if formal in arguments:
            given_twice(analysis, f"`{formal}`", argument.span, arguments[formal].span)
            sound = False
            continue
        arguments[formal] = argument.value
    lacking = [formal for formal, needed in formals.items() if needed and formal not in arguments]
    if lacking and sound:
        missing(analysis, f"`{name}()`", listed(lacking), call.span)
        sound = False
    return arguments if sound else None


def attributes(
    block: nodes.Block | None, legal_names: tuple[str, ...], what: str, analysis: Analysis
) -> dict[str, nodes.Attribute]:
    """The attributes of a block by name; unknown and repeated ones are reported.

    Args:
        block: The block, if there is one.
        legal_names: Legal names; `tune` stands for every `tune.AXIS`.
        what: What the block belongs to, as a message names it.
        analysis: Where to report.
    """
    tune_axis = {"tune": "tune.AXIS"}
    entries: dict[str, nodes.Attribute] = {}
    for attribute in () if block is None else block.attributes:
        name = attribute.name.text
        first, _, axis = name.partition(".")
        legal = (first == "tune" and bool(axis) and "." not in axis) if axis else name != "tune"
        if name == "tune" and "tune" in legal_names:
            analysis.error(
                "E202",
                "`tune` needs the axis that it tunes",
                attribute.name.span,
                help="Write `tune.th = ...` for the axis `th`.",
            )
        elif first not in legal_names or not legal:
            span, message = attribute.name.span, f"{what} has no attribute `{name}`"
            message, fixes = with_hint(analysis, message, name, legal_names, span)
            help_ = f"It has: {', '.join(tune_axis.get(n, n) for n in legal_names)}."
            analysis.error("E202", message, span, help=help_, fixes=fixes)
        elif name in entries:
            given_twice(analysis, f"`{name}`", attribute.name.span, entries[name].name.span)
        else:
            entries[name] = attribute
    return entries


def settings_written(
    node: nodes.Stimulus, names: tuple[str, ...], analysis: Analysis
) -> dict[str, nodes.Expression] | None:
    """The settings of a stimulus set, from its brackets and its block; None if they are faulty."""
    arguments = match(node.value, dict.fromkeys(names, False), analysis)
    entries = attributes(node.block, names, f"`{node.value.name.text}`", analysis)
    if arguments is None:
        return None
    for name, attribute in entries.items():
        if name in arguments:
            given_twice(analysis, f"`{name}`", attribute.name.span, arguments[name].span)
        arguments.setdefault(name, attribute.value)
    return arguments
