"""Gain and offset of a family, solved from its stimuli."""

from dataclasses import replace

import numpy as np
import pytest
from builders import LUMA, arc, circuit, connect, family, mass, place, px, real, rot, tap

from circuitdsl.ir.circuit import INPUT, Calibration, Circuit, Stimulus
from circuitdsl.ir.stimuli import Setting
from circuitdsl.measure.calibration import calibrate
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.render import batches, centre_of
from circuitdsl.text.diagnostics import DiagnosticError

CURVES = Stimulus(
    "curves",
    "arcs",
    (
        ("radius", Setting((4.0,), "px")),
        ("th", Setting((0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0), "angle")),
        ("contrast", Setting((1.0,), "real")),
        ("stroke", Setting((1.5,), "px")),
        ("size", Setting((24.0,), "px")),
    ),
)
NOISE = Stimulus(
    "noise",
    "noise",
    (
        ("n", Setting((6.0,), "int")),
        ("contrast", Setting((0.05,), "real")),
        ("size", Setting((24.0,), "px")),
    ),
)


def arcs(calibrate: Calibration, gain: float = 1.0) -> Circuit:
    """Bright arcs in conv2d0."""
    shape = place(arc(px(4), px(6), tap(0.8)))
    members = replace(family("arcs", "conv2d0", rot(4)), calibrate=calibrate)
    wires = connect(INPUT, "arcs", shape, colour=LUMA, norm=mass(1, 1), gain=real(gain))
    return circuit((members,), (wires,), stimuli=(CURVES, NOISE))


def measured(network, stimulus):
    centre = centre_of(stimulus, network.backbone, "conv2d0")
    parts = [
        network.pre_activations(images, ["arcs"])["arcs"] for images in batches(stimulus, centre)
    ]
    return np.concatenate(parts), centre.index


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_the_peak_becomes_1_and_the_quantile_0(quantile):
    network = calibrate(build(arcs(Calibration("curves", "noise", quantile))))
    shown, at = measured(network, CURVES)
    assert shown[:, at, at].max(axis=0).mean() == pytest.approx(1, abs=1e-4)
    noisy, _ = measured(network, NOISE)
    assert np.quantile(noisy, quantile) == pytest.approx(0, abs=1e-4)


def test_it_undoes_any_scale_of_the_weights():
    asked = Calibration("curves", "noise", 0.9)
    first, second = (calibrate(build(arcs(asked, gain))) for gain in (1.0, 37.0))
    assert measured(first, CURVES)[0] == pytest.approx(measured(second, CURVES)[0], abs=1e-3)


def test_families_without_calibrate_keep_their_gain():
    declared = arcs(Calibration("curves", "noise", 0.9))
    (only,) = declared.families
    plain = replace(declared, families=(replace(only, calibrate=None, gain=real(3)),))
    arrays = calibrate(build(plain)).arrays
    assert (float(arrays["arcs.gain"]), float(arrays["arcs.bias"])) == (3, 0)


def test_a_family_that_prefers_the_wrong_stimuli_is_refused_at_its_line():
    with pytest.raises(DiagnosticError) as caught:
        calibrate(build(arcs(Calibration("noise", "curves", 1.0))))
    (finding,) = caught.value.diagnostics
    assert finding.code == "E602"
    assert "cannot calibrate `arcs`" in finding.message
    assert "on `noise` is not above the 1 quantile" in finding.message
