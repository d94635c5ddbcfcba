"""What the outputs of networks stand for.

In: the name of a list of labels, as backbones have it. Out: WordNet ids and names, in order of the
outputs.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

Class = tuple[str, str]
"""A WordNet id, "" for an output that stands for nothing, and a name to show."""


LISTS = ("imagenet", "imagenet-1008")
"""The lists that there are."""


def classes(list_name: str) -> tuple[Class, ...]:
    """The outputs of a list: `imagenet-1008` as TensorFlow has them, or `imagenet`."""
    return _imagenet_1008() if list_name == "imagenet-1008" else _imagenet()


@cache
def _imagenet_1008() -> tuple[Class, ...]:
    """The outputs of TensorFlow's InceptionV1.

    Both training runs have 1,008 outputs in one order: an unused one, the 1,000 classes of the
    challenge, and 7 that no image of the challenge has. The label list in `inception5h.zip` gives
    the same names in the same order, without ids.
    """
    text = files("circuitdsl.models").joinpath("imagenet_classes.txt").read_text(encoding="utf-8")
    pairs = [line.split(" ", 1) for line in text.splitlines()]
    return tuple((wordnet_id.strip("-"), name) for wordnet_id, name in pairs)


@cache
def _imagenet() -> tuple[Class, ...]:
    """The 1,000 classes of the challenge in order of their WordNet ids, as nearly all have them."""
    return tuple(sorted(_imagenet_1008()[1:1001]))
