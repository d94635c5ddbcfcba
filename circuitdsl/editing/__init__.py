"""Changing trained networks: units and edges by name, edits, sweeps, edited weights.

from circuitdsl.editing import Ablate, edit, select

curves = select(network.backbone, "mixed3b[379, 406, 385]").expect(3)
no_curves = edit(network, [Ablate(curves)])
"""

from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.baselines import matched_splice, means, nearest_members, recorded
from circuitdsl.editing.fold import fold
from circuitdsl.editing.select import edges, select, select_family
from circuitdsl.editing.verbs import (
    Ablate,
    Patch,
    ReplaceEdges,
    Scale,
    ScaleEdges,
    Splice,
    StandIns,
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
    "StandIns",
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
