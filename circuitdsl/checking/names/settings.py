"""Settings of dials: what `with { DIAL = VALUE }` says of the dials of an imported file.

In: a block of settings. Out: the settings by name; whether there are such dials is asked once the
dials are known.
"""

from __future__ import annotations

from collections.abc import Collection

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import given_twice, unknown
from circuitdsl.checking.scope import Setting
from circuitdsl.syntax import nodes


def settings_of(block: nodes.Block, analysis: Analysis) -> dict[str, Setting]:
    """The settings of a block by the names of dials; a dial that is set twice is reported.

    Args:
        block: Of an import.
        analysis: The file that it stands in.
    """
    settings: dict[str, Setting] = {}
    for attribute in block.attributes:
        name = attribute.name.text
        if name in settings:
            first = settings[name].node.name.span
            given_twice(analysis, f"`{name}`", attribute.name.span, first)
        else:
            settings[name] = Setting(attribute, analysis.module)
    for claim in block.expectations:
        analysis.error(
            "E804",
            "settings claim nothing",
            claim.span,
            help="Write `expect` in a block of what it is about, in the imported file.",
        )
    return settings


def check_names(analysis: Analysis, dials: Collection[str]) -> None:
    """Report settings of what is no dial of a file (E201).

    Args:
        analysis: The file whose dials are set.
        dials: All its dials, and those of what stands in it, by their names there.
    """
    module = analysis.module
    for name, setting in module.settings.items() if module.set_here else ():
        if name not in dials and not module.silent(name):
            note = f"the dials are those of {module.file.source.name}"
            home = analysis.of(setting.home)
            unknown(home, "dial", name, dials, setting.node.name.span, note=note)
