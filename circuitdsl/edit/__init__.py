"""Changing trained networks: units and edges by name, edits, sweeps, edited weights.

from circuitdsl.edit import Ablate, edit, select

curves = select(network.backbone, "mixed3b[379, 406, 385]").expect(3)
no_curves = edit(network, [Ablate(curves)])
"""

from circuitdsl.edit.apply import EditedNetwork, edit
from circuitdsl.edit.baselines import matched_splice, means, nearest_members, recorded
from circuitdsl.edit.fold import fold
from circuitdsl.edit.select import edges, select, select_family
from circuitdsl.edit.verbs import (
    Ablate,
    Patch,
    ReplaceEdges,
    Scale,
    ScaleEdges,
    Splice,
    Where,
    drop,
    negate,
    negate_edges,
)

__all__ = [
    "Ablate",
    "EditedNetwork",
    "Patch",
    "ReplaceEdges",
    "Scale",
    "ScaleEdges",
    "Splice",
    "Where",
    "drop",
    "edges",
    "edit",
    "fold",
    "matched_splice",
    "means",
    "nearest_members",
    "negate",
    "negate_edges",
    "recorded",
    "select",
    "select_family",
]
