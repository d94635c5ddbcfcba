"""Frozen graphs written with TensorFlow's own message classes, so that reader and writer differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from tensorboard.compat.proto import graph_pb2, node_def_pb2, types_pb2


def graphdef(weights: Mapping[str, np.ndarray], *, float_val: bool = False) -> bytes:
    """A GraphDef with a `Const` node for each weight, and with what else such graphs hold."""
    graph = graph_pb2.GraphDef()
    graph.versions.producer = 8
    graph.node.append(node_def_pb2.NodeDef(name="input", op="Placeholder"))
    for name, values in weights.items():
        constant(graph, name, values, float_val=float_val)
        use = graph.node.add(name=f"{name}_use", op="Identity", device="/cpu:0")
        use.input.append(name)
        use.attr["T"].type = types_pb2.DT_FLOAT
    axis = graph.node.add(name="concat_dim", op="Const")
    axis.attr["value"].tensor.dtype = types_pb2.DT_INT32
    axis.attr["value"].tensor.int_val.append(3)
    return graph.SerializeToString()


def constant(
    graph: graph_pb2.GraphDef, name: str, values: np.ndarray, *, float_val: bool = False
) -> None:
    """Add one `Const` node, its values as raw bytes or as a list of floats."""
    node = graph.node.add(name=name, op="Const")
    node.attr["dtype"].type = types_pb2.DT_FLOAT
    tensor = node.attr["value"].tensor
    tensor.dtype = types_pb2.DT_FLOAT
    for size in values.shape:
        tensor.tensor_shape.dim.add().size = size
    if float_val:
        tensor.float_val.extend(values.ravel().tolist())
    else:
        tensor.tensor_content = values.astype("<f4").tobytes()
