"""Published facts about a model's neurons, shipped with the package.

In: nothing but the package's own data. Out: the angles that the curve neurons of `inceptionv1`
prefer, in the language's convention; the source is named in the file.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from circuitdsl.ir.members.angles import tangent_deg

CURVES_MODEL, CURVES_LAYER = "inceptionv1", "mixed3b"
"""Whose curve neurons were published."""


@cache
def published_curves_deg() -> MappingProxyType[int, float]:
    """The tangent angle that each published curve neuron prefers, by its number in the layer."""
    data = files("circuitdsl.models").joinpath("inceptionv1-curves.json")
    bulges = json.loads(data.read_text(encoding="utf-8"))["preferred_bulge_deg"]
    return MappingProxyType({int(unit): tangent_deg(float(bulges[unit])) for unit in bulges})
