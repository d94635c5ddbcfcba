"""Matching the arguments of a call to the formals of what is called."""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.findings import Findings, listed, with_hint
from circuitdsl.syntax import nodes


def match(
    call: nodes.Call, formals: Mapping[str, bool], findings: Findings
) -> dict[str, nodes.Expression] | None:
    """The expression given for each formal.

    Args:
        call: The call.
        formals: The formals in order, each with whether it must be given.
        findings: Where misfits are reported (E206, E207, E208).

    Returns:
        Expressions by formal, without those left to their defaults; None if anything was reported.
    """
    name = call.name.text
    given: dict[str, nodes.Expression] = {}
    names = list(formals)
    sound = True
    for position, argument in enumerate(call.arguments):
        if argument.name is None:
            if position >= len(names):
                count = f"{len(names)} argument" + ("" if len(names) == 1 else "s")
                findings.error(
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
                findings.error(
                    "E206",
                    with_hint(f"`{name}()` has no argument `{formal}`", formal, names),
                    argument.name.span,
                    help=f"It takes {listed(names)}." if names else "It takes none.",
                )
                sound = False
                continue
        if formal in given:
            findings.error("E208", f"`{formal}` is given twice", argument.span)
            sound = False
            continue
        given[formal] = argument.value
    missing = [formal for formal, needed in formals.items() if needed and formal not in given]
    if missing and sound:
        findings.error("E207", f"`{name}()` needs {listed(missing)}", call.span)
        sound = False
    return given if sound else None
