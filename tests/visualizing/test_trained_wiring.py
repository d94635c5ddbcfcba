"""What the weights of a real network say: high-low frequency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from circuitdsl import load, load_network
from circuitdsl.measure.tunings.along_axes import responses_of
from circuitdsl.measure.tunings.bands import band_responses, fineness
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.stimuli.render import rows
from circuitdsl.visualizing.aims import units
from circuitdsl.visualizing.expanded import expanded
from circuitdsl.visualizing.factors import factors, side_of


@pytest.fixture(scope="module")
def network(caffe2_weights: Path) -> Network:
    return load_network("inceptionv1-caffe2", caffe2_weights)


@pytest.mark.network
def test_high_low_units_read_fine_ahead_and_coarse_behind(network: Network) -> None:
    circuit = load(ROOT / "circuits_src" / "high_low.circ")
    (textures,) = (one for one in circuit.stimuli if one.name.endswith("textures"))
    responses = responses_of(trained(network, "mixed3a"), textures)
    towards = np.exp(1j * np.deg2rad(rows(textures)["th"]))
    total = responses.sum(axis=0)
    mean = (responses * towards[:, None]).sum(axis=0) / (total + np.median(total))
    best = np.argsort(-np.abs(mean))[:4]
    weights = expanded(network, "conv2d2", units(network, [f"mixed3a:{unit}" for unit in best]))
    found = factors(weights.kernel, 2)
    assert found.explained > 0.6
    fine = fineness(band_responses(trained(network, "conv2d2"), (5.0, 24.0)))
    of_factor = found.channels @ fine / found.channels.sum(axis=1)
    high, low = int(of_factor.argmax()), int(of_factor.argmin())
    assert of_factor[high] > 0.3
    assert of_factor[low] < -0.3
    ahead = np.stack([mean[best].real, mean[best].imag], axis=-1) / np.abs(mean[best])[:, None]
    along = (side_of(found.maps) * ahead).sum(axis=-1)
    assert (along[high] > 1).all()
    assert (along[low] < -1).all()
