import pytest

from circuitdsl.ir.backbones import BACKBONES, GeometryError, same_padding

INCEPTION, TINY = BACKBONES["inceptionv1"], BACKBONES["tiny"]

# stride, offset and receptive field in pixels at 224, reckoned by hand for TensorFlow's SAME
TABLE = (
    ("conv2d0", 2, 1, 7, 112),
    ("maxpool0", 4, 3, 11, 56),
    ("conv2d1", 4, 3, 11, 56),
    ("conv2d2", 4, 3, 19, 56),
    ("maxpool1", 8, 7, 27, 28),
    ("mixed3a_1x1", 8, 7, 27, 28),
    ("mixed3a_3x3", 8, 7, 43, 28),
    ("mixed3a_5x5", 8, 7, 59, 28),
    ("mixed3b_1x1", 8, 7, 59, 28),
    ("mixed4a_1x1", 16, 15, 107, 14),
    ("mixed5b_1x1", 32, 31, 587, 7),
)


@pytest.mark.parametrize(("layer", "stride", "offset", "field", "size"), TABLE)
def test_where_layers_sample(layer: str, stride: int, offset: float, field: int, size: int) -> None:
    sampling = INCEPTION.sampling(layer)
    assert (sampling.stride, sampling.offset, sampling.size) == (stride, offset, size)
    assert sampling.receptive_field == field


@pytest.mark.parametrize("layer", [row[0] for row in TABLE if row[0] in TINY.by_name])
@pytest.mark.parametrize("side", [60, 97, 224])
def test_tiny_has_the_same_geometry(layer: str, side: int) -> None:
    assert TINY.sampling(layer, side) == INCEPTION.sampling(layer, side)


def test_field_through_the_5x5_branch_counts_the_widest_source() -> None:
    assert INCEPTION.sampling("mixed3b_5x5").receptive_field == 91  # through mixed3a_5x5
    assert INCEPTION.sampling("mixed3b_5x5").offset == 7


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (224, 7, 2, (112, 2, 3)),
        (112, 3, 2, (56, 0, 1)),
        (75, 7, 2, (38, 3, 3)),
        (61, 3, 2, (31, 1, 1)),
        (28, 5, 1, (28, 2, 2)),
        (28, 1, 1, (28, 0, 0)),
        (5, 1, 2, (3, 0, 0)),
    ],
)
def test_same_padding(size: int, kernel: int, stride: int, expected: tuple[int, int, int]) -> None:
    assert same_padding(size, kernel, stride) == expected


def test_odd_inputs_move_the_offset() -> None:
    assert INCEPTION.sampling("conv2d0", 75).offset == 0
    assert INCEPTION.sampling("conv2d0", 75).size == 38


@pytest.mark.parametrize(
    ("source", "target", "steps"),
    [
        ("input", "conv2d0", []),
        ("conv2d0", "conv2d1", ["maxpool0", "localresponsenorm0"]),
        ("conv2d1", "conv2d2", []),
        ("conv2d2", "mixed3a_1x1", ["localresponsenorm1", "maxpool1"]),
        ("conv2d2", "mixed3a_pool_reduce", ["localresponsenorm1", "maxpool1", "mixed3a_pool"]),
        ("mixed3a_1x1", "mixed3b_5x5", []),
        ("mixed3a_5x5", "mixed3b_pool_reduce", ["mixed3b_pool"]),
        ("mixed3a", "mixed3b_1x1", []),
        ("mixed3b_1x1", "mixed4a_3x3", ["maxpool4"]),
        ("mixed3a_5x5_bottleneck", "mixed3a_5x5", []),
    ],
)
def test_the_way_between_layers(source: str, target: str, steps: list[str]) -> None:
    assert [layer.name for layer in INCEPTION.between(source, target)] == steps


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("conv2d2", "mixed3b_5x5", "lies between"),
        ("input", "conv2d1", "conv2d0 lies between"),
        ("mixed3b_1x1", "mixed3a_3x3", "edges point forward"),
        ("mixed3a_1x1", "mixed3a_3x3", "another branch"),
        ("conv2d0", "conv2d0", "edges point forward"),
    ],
)
def test_no_way_between_layers(source: str, target: str, words: str) -> None:
    with pytest.raises(GeometryError, match=words):
        INCEPTION.between(source, target)


def test_units_of_a_concatenation_by_branch() -> None:
    assert INCEPTION.branch_of("mixed3b", 379) == ("mixed3b_5x5", 59)
    assert INCEPTION.branch_of("mixed3b", 0) == ("mixed3b_1x1", 0)
    assert INCEPTION.branch_of("mixed3b", 479) == ("mixed3b_pool_reduce", 63)
    assert INCEPTION.branch_of("conv2d0", 63) == ("conv2d0", 63)
    for unit in (480, -1):
        with pytest.raises(GeometryError, match="has 480 units"):
            INCEPTION.branch_of("mixed3b", unit)


def test_widths_add_up() -> None:
    assert [INCEPTION.by_name[f"mixed{block}"].width for block in ("3a", "3b", "4a", "5b")] == [
        256,
        480,
        508,
        1024,
    ]
    shapes = INCEPTION.parameter_shapes
    assert shapes["mixed3b_5x5_w"] == (5, 5, 32, 96)
    assert shapes["mixed3a_pool_reduce_w"] == (1, 1, 192, 32)
    assert shapes["softmax2_w"] == (1024, 1008)
