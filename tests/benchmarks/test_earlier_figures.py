"""Earlier figures of families in several networks, and the page that measures them again."""

from __future__ import annotations

import re

from conftest import ROOT
from earlier_figures import EARLIER, NETWORKS, earlier, table


def test_every_family_has_a_layer_and_a_figure_of_every_network() -> None:
    assert earlier("curve", "vgg16") == ("conv3_3", 0.61)
    for family in EARLIER:
        for model in NETWORKS:
            layer, figure = earlier(family, model)
            assert layer and 0 < figure < 1


def test_the_table_of_the_page_has_the_earlier_figures() -> None:
    page = (ROOT / "docs" / "universality.md").read_text(encoding="utf-8")
    cells = {(family, model): 0.5 for family in EARLIER for model in NETWORKS}
    without_sets = re.compile(r" \(0\.\d\d to 0\.\d\d\)")
    expected = without_sets.sub("", table([cells, cells]))
    assert expected in without_sets.sub("", page)
