"""Which images count for which member: settings in the frames of members."""

from __future__ import annotations

import numpy as np
import pytest

from circuitdsl.checking import loads
from circuitdsl.measure.tunings.of_families import Answered

TEXT = """circ 1
from std.shapes import half
backbone V = inceptionv1()
family edge [{0}] at V.conv2d0
connect V.input -> edge {{ colour = hue(0deg)  place = half(1px) }}
stimulus s = {1}
"""


def values(axes: str, stimulus: str, settings: dict[str, float], name: str) -> list[list[float]]:
    """The values of a setting among the images that count, by member."""
    circuit = loads(TEXT.format(axes, stimulus))
    family, shown = circuit.by_name["edge"], circuit.stimuli[0]
    empty = Answered(family, shown, np.zeros((0, 0)), settings)
    images = len(empty.table[name])
    answered = Answered(family, shown, np.zeros((images, family.size)), settings)
    kept = answered.counting(turned=True)
    return [
        sorted({round(float(value), 2) for value in answered.table[name][kept[:, member]]})
        for member in range(family.size)
    ]


@pytest.mark.parametrize(
    ("axes", "stimulus", "settings", "name", "wanted"),
    [
        ("h: hue(3)", "spots(hue=every(60deg))", {"hue": 0}, "hue", [[0], [120], [240]]),
        ("h: hue(3)", "spots(hue=every(60deg))", {"hue": 180}, "hue", [[180], [300], [60]]),
        ("th: rot(4)", "spots(hue=every(60deg))", {"hue": 60}, "hue", [[60]] * 4),
        ("th: rot(4)", "figures(th=every(90deg))", {"th": 90}, "th", [[90], [180], [270], [0]]),
        (
            "th: rot(2), side: flip",
            "figures(th=every(90deg), flip=[left, right])",
            {"th": 90},
            "th",
            [[90], [270], [270], [90]],
        ),
        (
            "th: rot(2), side: flip",
            "borders(th=every(45deg))",
            {"th": 45},
            "th",
            [[45], [135], [225], [315]],
        ),
        ("side: flip", "figures(flip=[left, right])", {"flip": 0}, "flip", [[0], [1]]),
        ("side: flip", "figures(flip=[left, right])", {"flip": 1}, "flip", [[1], [0]]),
        ("r: scale(2, ratio=1.5)", "figures(scale=[1, 1.5])", {"scale": 1}, "scale", [[1], [1.5]]),
        (
            "r: scale(2, ratio=1.5)",
            "figures(kind=ring, radius=[8px, 12px])",
            {"radius": 8},
            "radius",
            [[8], [12]],
        ),
    ],
)
def test_settings_follow_the_frame_of_each_member(axes, stimulus, settings, name, wanted) -> None:
    assert values(axes, stimulus, settings, name) == wanted
