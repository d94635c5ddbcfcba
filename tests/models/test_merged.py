"""Several hand-written networks as one: the same maps, each computed once."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import circuitdsl
from circuitdsl.models.written.merged import merged, without_copies

BASE = """circ 1
from std.shapes import blob, gabor
backbone V = tiny(input=64px)
dial period : length = 8px in [4px, 16px] free
family edges [th: orient(4), ph: phase(2)] at V.conv2d0
family spots [h: hue(3)] at V.conv2d0
connect V.input -> edges { colour = luma  place = gabor(period, length=2px, width=2px)  dc = 0 }
connect V.input -> spots { colour = hue(0deg)  place = blob(sigma=2px) }
normalise edges { window = 3tap  floor = 5  pool = [edges, spots] }
"""
ABOVE = """circ 1
from std.motifs import union_of_phases
import "base.circ" as low
backbone V = tiny(input=64px)
family complex [th: orient(4)] at V.conv2d1
connect low.edges -> complex = union_of_phases()
"""
OTHER = ABOVE.replace('"base.circ" as low', '"base.circ" as low with { period = 12px }')


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("merged")
    for name, text in (("base", BASE), ("above", ABOVE), ("other", OTHER)):
        (folder / f"{name}.circ").write_text(text, encoding="utf-8")
    return {
        name: circuitdsl.build(circuitdsl.load(folder / f"{name}.circ"))
        for name in ("above", "base", "other")
    }


def test_what_files_share_is_there_once(networks) -> None:
    (one,) = merged(networks)
    names = [family.name for family in one.network.circuit.families]
    assert names == ["base.edges", "base.spots", "above.complex", "other.edges", "other.complex"]
    assert one.origins["base.edges"] == ("base", "edges")


def test_merged_families_answer_as_they_do_alone(networks) -> None:
    (one,) = merged(networks)
    images = jax.random.uniform(jax.random.key(0), (2, 64, 64, 3), maxval=255.0)
    whole = one.network(images)
    alone = networks["other"](images)
    for name, own in (("other.edges", "low.edges"), ("other.complex", "complex")):
        np.testing.assert_allclose(whole[name], alone[own], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        whole["above.complex"], networks["above"](images)["complex"], rtol=1e-5, atol=1e-5
    )


def test_a_circuit_with_the_networks_own_normalisation_stays_alone(networks, tmp_path) -> None:
    (tmp_path / "lrn.circ").write_text(
        BASE.replace("input=64px", "input=64px, normalisation=lrn"), encoding="utf-8"
    )
    lrn = circuitdsl.build(circuitdsl.load(tmp_path / "lrn.circ"))
    assert len(merged({**networks, "lrn": lrn})) == 2


def test_what_a_circuit_has_twice_is_computed_once(tmp_path) -> None:
    (tmp_path / "base.circ").write_text(BASE, encoding="utf-8")
    (tmp_path / "above.circ").write_text(ABOVE, encoding="utf-8")
    path = tmp_path / "both.circ"
    path.write_text(
        """circ 1 "The same edges, by two files."
from std.shapes import blob
from std.profiles import equal
import "base.circ" as low
import "above.circ" as high
backbone V = tiny(input=64px)
family either [th: orient(4)] at V.conv2d1
family both   [th: orient(4)] at V.conv2d2
connect low.edges    -> either { over = ph  place = blob(sigma=4px)  tune.th = equal }
connect either       -> both   { place = blob(sigma=4px)  tune.th = equal }
connect high.complex -> both   { place = blob(sigma=4px)  tune.th = equal }
""",
        encoding="utf-8",
    )
    network = circuitdsl.build(circuitdsl.load(path))
    once = without_copies(network)
    assert once.circuit.needs("both") == network.circuit.needs("both") - {
        "high.low.edges",
        "high.low.spots",
    }
    images = jax.random.uniform(jax.random.key(0), (2, 64, 64, 3), maxval=255.0)
    for name in ("both", "high.complex", "high.low.edges"):
        expected = network.activations(images, [name])[name]
        np.testing.assert_allclose(once.activations(images, [name])[name], expected, rtol=1e-5)
