"""`stimulus`: generators and their settings, held to the table of `ir.tables.generators`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import missing, too_many, unknown
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.activity import is_empty, part_names, parts
from circuitdsl.checking.stimuli.folders import folder_of
from circuitdsl.checking.stimuli.reading import Reader
from circuitdsl.checking.stimuli.strokes import figure_parts
from circuitdsl.checking.values.arguments import settings_written
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, STROKES, Part, Setting, Stimulus
from circuitdsl.ir.tables.generators import GENERATORS, GROUNDS, MOST_IMAGES, settings_of
from circuitdsl.ir.tables.setting_kinds import SettingKind
from circuitdsl.syntax import nodes

COMPOSED = (ACTIVITY, STROKES)
"""Generators whose sets have parts under names of their own."""


@question
def stimulus(analysis: Analysis, name: str) -> Stimulus | None:
    """A `stimulus` declaration; None if it is faulty."""
    node = analysis.module.stimuli[name]
    generator = node.value.name.text
    if generator not in GENERATORS:
        span = node.value.name.span
        unknown(analysis, "generator", generator, GENERATORS, span, table=True)
        return None
    names = (*GENERATORS[generator], *(part_names(node) if generator in COMPOSED else ()))
    if "ground" in GENERATORS[generator]:
        names = (*names, PHOTOGRAPHS)
    arguments = settings_written(node, names, analysis)
    values = None if arguments is None else _settings(analysis, arguments, generator)
    if arguments is None or values is None:
        return None
    built = Stimulus(analysis.module.prefix + name, generator, values, span=node.span)
    if generator in COMPOSED:
        scene = _scene(analysis, node, arguments, built)
        if scene is None:
            return None
        built = replace(built, parts=scene)
    if "ground" in GENERATORS[generator]:
        grounded = _on_ground(analysis, node, arguments, built)
        if grounded is None:
            return None
        built = grounded
    count = _images(built)
    if count > MOST_IMAGES:
        what, number_of_images, help_ = f"`{name}`", f"{count:,.0f} images", "Shorten its lists."
        too_many(analysis, what, number_of_images, MOST_IMAGES, node.name.span, help=help_)
        return None
    return built


def _settings(
    analysis: Analysis, arguments: Mapping[str, nodes.Expression], generator: str
) -> tuple[tuple[str, Setting], ...] | None:
    """The settings that are given; None after reporting what is wrong with one."""
    settings: list[tuple[str, Setting]] = []
    sound = True
    for name, kind in GENERATORS[generator].items():
        if name not in arguments:
            continue
        reader = Reader(Evaluator(analysis), name, kind, generator)
        values = reader.values(arguments[name])
        if values is None:
            sound = False
        else:
            settings.append((name, Setting(values, kind.unit)))
    return tuple(settings) if sound else None


def _scene(
    analysis: Analysis,
    node: nodes.Stimulus,
    arguments: Mapping[str, nodes.Expression],
    built: Stimulus,
) -> tuple[Part, ...] | None:
    """The parts of a set; None after reporting what is wrong with them."""
    activity = built.generator == ACTIVITY
    written = {name: arguments[name] for name in part_names(node)}
    if not written:
        if is_empty(node):
            requirement = "a part that " + ("puts activity on a family" if activity else "is drawn")
            example = "window = spot(window, at=(0px, 16px))" if activity else "bar = line(24px)"
            help_ = f"Add one, such as `{example}`."
            missing(analysis, f"`{node.name.text}`", requirement, node.name.span, help=help_)
        return None

    def levels(part: str, node: nodes.Expression) -> tuple[float, ...] | None:
        most = math.inf if activity else 1.0
        kind = SettingKind("real", (1.0,), "how strong the part is", many=True, high=most)
        return Reader(Evaluator(analysis), part, kind, built.generator).values(node)

    half_px = settings_of(built)["size"][0] / 2
    if activity:
        return parts(analysis, written, levels, half_px)
    return figure_parts(analysis, node.name, written, levels, half_px)


def _on_ground(
    analysis: Analysis,
    node: nodes.Stimulus,
    arguments: Mapping[str, nodes.Expression],
    built: Stimulus,
) -> Stimulus | None:
    """The set with the folder of its photographs, if it asks for some; None if that is faulty."""
    has_photographs = GROUNDS.index("photograph") in settings_of(built)["ground"]
    argument = arguments.get(PHOTOGRAPHS)
    if has_photographs is (argument is not None):
        if argument is None:
            return built
        help_ = "Put the folder beside the file, or below."
        folder = folder_of(analysis, argument, f"`{PHOTOGRAPHS}`", help_)
        return None if folder is None else replace(built, folder=folder)
    if argument is None:
        requirement, help_ = "a folder", f'Add `{PHOTOGRAPHS} = "FOLDER"`.'
        missing(analysis, "`ground = photograph`", requirement, node.span, help=help_)
    else:
        requirement = "`ground = photograph`, without which it changes nothing"
        missing(analysis, f"`{PHOTOGRAPHS}`", requirement, argument.span)
    return None


def _images(built: Stimulus) -> float:
    settings = settings_of(built)
    per_setting = math.prod(len(values) for values in settings.values())
    return per_setting * settings["n"][0] if "n" in settings else per_setting
