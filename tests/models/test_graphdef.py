import contextlib

import numpy as np
import pytest
from graphdefs import constant, graphdef
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_network import SMALL, small_weights
from tensorboard.compat.proto import graph_pb2

from circuitdsl.models.files import wire
from circuitdsl.models.files.graphdef import read_graphdef
from circuitdsl.models.files.weights import read_weights
from circuitdsl.models.files.wire import WireError
from circuitdsl.text.diagnostics import InputError


@pytest.mark.parametrize("float_val", [False, True])
def test_constants_are_read_as_they_were_written(float_val):
    weights = small_weights()
    stored = read_graphdef(graphdef(weights, float_val=float_val), "graph.pb")
    assert set(stored) == set(weights)
    for name, values in weights.items():
        assert stored[name].shape == values.shape
        np.testing.assert_array_equal(stored[name].read(), values)


def test_too_few_values_repeat_the_last_as_tensorflow_does():
    graph = graph_pb2.GraphDef()
    constant(graph, "a", np.zeros((2, 3)))
    tensor = graph.node[0].attr["value"].tensor
    tensor.tensor_content = b""
    tensor.float_val.extend([1, 2])
    stored = read_graphdef(graph.SerializeToString(), "graph.pb")
    np.testing.assert_array_equal(stored["a"].read(), [[1, 2, 2], [2, 2, 2]])


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, len(payload)]) + payload


def test_values_written_one_by_one_are_read():
    # old writers repeat the field for every value; today's always pack them
    values = b"".join(b"\x2d" + np.float32(value).tobytes() for value in (1, 2, 3))
    shape = _field(2, _field(2, b"\x08\x03"))
    attribute = _field(1, b"value") + _field(2, _field(8, b"\x08\x01" + shape + values))
    node = _field(1, b"a") + _field(2, b"Const") + _field(5, attribute)
    stored = read_graphdef(_field(1, node), "graph.pb")
    np.testing.assert_array_equal(stored["a"].read(), [1, 2, 3])


def test_values_that_do_not_fill_the_shape_are_refused():
    graph = graph_pb2.GraphDef()
    constant(graph, "a", np.zeros((2, 3)))
    graph.node[0].attr["value"].tensor.tensor_content = b"\0" * 20
    with pytest.raises(WireError, match=r"20 bytes cannot be shape \[2, 3\]"):
        read_graphdef(graph.SerializeToString(), "graph.pb")["a"].read()


def test_a_truncated_graph_is_refused(tmp_path):
    path = tmp_path / "graph.pb"
    path.write_bytes(graphdef(small_weights())[:-500])
    with pytest.raises(InputError) as caught:
        read_weights(path, SMALL)
    assert caught.value.message == f"{path} is no TensorFlow GraphDef, or is damaged"
    assert "fetch it again" in caught.value.help


def test_a_graph_without_constants_is_refused():
    with pytest.raises(InputError, match="holds no float32 constants"):
        read_graphdef(graphdef({}), "graph.pb")


def test_a_shape_of_enormous_size_allocates_nothing(tmp_path):
    graph = graph_pb2.GraphDef()
    graph.ParseFromString(graphdef(small_weights()))
    node = next(node for node in graph.node if node.name == "conv2d0_w")
    node.attr["value"].tensor.tensor_shape.dim[0].size = 1 << 60
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(InputError, match=r"conv2d0_w is float32 \[1152921504606846976, 7, 3, 6\]"):
        read_weights(path, SMALL)


_SMALL_GRAPH = graphdef({"a_w": np.arange(6, dtype=np.float32).reshape(2, 3)})


def _read_all(data: bytes) -> None:
    with contextlib.suppress(InputError, WireError):
        for tensor in read_graphdef(data, "graph.pb").values():
            if np.prod([float(size) for size in tensor.shape]) < 1e6:
                tensor.read()


@settings(max_examples=300)
@given(st.binary(max_size=200))
@example(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
@example(b"\xff" * 20)
def test_arbitrary_bytes_raise_only_input_errors(data):
    _read_all(data)


@settings(max_examples=300)
@given(st.data())
def test_damaged_graphs_raise_only_input_errors(data):
    damaged = bytearray(_SMALL_GRAPH)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    _read_all(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


def test_a_graph_of_millions_of_fields_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(wire, "MOST_FIELDS", 1000)
    with pytest.raises(InputError, match="is no TensorFlow GraphDef") as raised:
        read_graphdef(bytes([10, 0]) * 1001, "bomb.pb")
    assert "fields, which no network has" in raised.value.why
