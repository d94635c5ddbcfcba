"""The finder of lines: on filters of known orientation, on `tiny`, and on a real network."""

from __future__ import annotations

import numpy as np
import pytest
from small_network import SMALL, small_weights

import circuitdsl
from circuitdsl.ir.members.angles import apart_deg, largest_gap_deg
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

WRITTEN = (0.0, 30.0, 75.0, 120.0, 165.0)
STEP_DEG = 5.0
"""Between the orientations that are shown; the filters have seven taps, and are no finer."""


def bars() -> Network:
    """A network whose first units are bars at known orientations, and one flat unit."""
    at = np.arange(7) - 3.0
    x, y = at[None, :], -at[:, None]
    kernel = np.full((7, 7, 3, 6), 1e-3, np.float32)
    for unit, angle in enumerate(np.deg2rad(WRITTEN)):
        across = y * np.cos(angle) - x * np.sin(angle)
        along = x * np.cos(angle) + y * np.sin(angle)
        bar = np.exp(-(across**2) / 2) * np.exp(-(along**2) / 8)
        kernel[..., unit] = (bar - bar.mean())[..., None]
    weights = small_weights() | {"conv2d0_w": kernel, "conv2d0_b": np.zeros(6, np.float32)}
    return Network(SMALL, weights)


def test_written_orientations_are_found() -> None:
    found = circuitdsl.find("lines", bars(), "conv2d0")
    assert {unit.unit for unit in found.units[:5]} == set(range(5))
    for unit in found.units[:5]:
        tuning = unit.tuning
        assert apart_deg(tuning.preferred_deg, WRITTEN[unit.unit], 180.0) < STEP_DEG
        assert 0 <= tuning.preferred_deg < 180
    assert "bulge_deg" not in found.record()["units"][0]


def test_lines_of_tiny_are_declared_as_a_family(tmp_path) -> None:
    found = circuitdsl.find("lines", "tiny", "conv2d2")
    best = found.units[:6]
    assert min(unit.tuning.selectivity for unit in best) > 0.5
    declared = circuitdsl.loads(circuitdsl.to_source(found.circuit(6)))
    (family,) = declared.families
    assert (family.name, family.axes[0].kind, family.size) == ("lines", "orient", 6)
    assert family.axes[0].angles_deg == tuple(sorted(family.axes[0].angles_deg))


def test_published_grids_are_of_curves_alone(tmp_path) -> None:
    with pytest.raises(InputError, match="no finder `line`\n  = help: did you mean `lines`"):
        circuitdsl.find("line", "tiny", "conv2d2")
    grids = tmp_path / "grids.npz"
    np.savez(grids, units=np.array([379]), outline=np.zeros((1, 80, 720)))
    with pytest.raises(InputError, match="grids of lines were published"):
        circuitdsl.find("lines", "tiny", "conv2d2", grid=grids)


@pytest.mark.network
def test_lines_of_inceptionv1_caffe2(caffe2_weights) -> None:
    """Its third convolution has line detectors at every orientation."""
    found = circuitdsl.find("lines", "inceptionv1-caffe2", "conv2d2", weights=caffe2_weights)
    best = found.best(10)
    assert min(unit.tuning.selectivity for unit in best) > 0.7
    assert max(unit.tuning.echo for unit in best) < 0.1  # across their orientation
    gap = largest_gap_deg([unit.tuning.preferred_deg for unit in best], 180.0)
    assert gap < 90
