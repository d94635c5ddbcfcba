"""Inside a blank network a circuit answers as it does alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import (
    DOT,
    EQUAL,
    arc,
    blob,
    bump,
    circuit,
    connect,
    constant,
    extended,
    family,
    orient,
    oriented,
    place,
    px,
    real,
    rot,
    stem,
    tap,
    tune,
)
from programs import PROGRAMS

from circuitdsl.ir.circuit import Circuit, Normalisation
from circuitdsl.ir.members.packing import overfull, pack
from circuitdsl.lowering.weights import lower
from circuitdsl.models.files.weights import read_weights, write_weights
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.models.written.inside import as_inside, departures, findings_inside, weights_inside
from circuitdsl.text.diagnostics import InputError


def through_bottlenecks() -> Circuit:
    """Two sources through one bottleneck of `tiny`, one of them through another too."""
    lines = connect("complex", "line", place(blob(tap(0.7))), tune("th", EQUAL), gain=real(0.05))
    return extended(
        oriented(),
        family("line", "conv2d2", orient(4), bias=real(3.0)),
        family("copy", "mixed3a_1x1", orient(4)),
        family("bent", "mixed3a_3x3", rot(4), gain=real(2.0), bias=real(-0.1)),
        family("curve", "mixed3b_5x5", rot(4), bias=real(0.5)),
        family("corner", "mixed3b_3x3"),
        family("pooled", "mixed3b_pool_reduce", rot(4)),
        lines,
        connect("line", "copy", DOT, tune("th", EQUAL)),
        connect("line", "bent", place(arc(px(20), px(14), tap(0.5))), tune("th", bump(60))),
        connect("bent", "curve", place(blob(tap(0.8))), tune("th", EQUAL)),
        connect("copy", "curve", place(blob(tap(0.8))), tune("th", bump(60), constant(-0.4))),
        connect("bent", "corner", place(blob(tap(0.5))), over=("th",)),
        connect("bent", "pooled", DOT, tune("th", EQUAL)),
        backbone="tiny",
        normalisation="lrn",
    )


def test_inside_is_as_alone(tmp_path) -> None:
    """Every family, to 1e-4 relative, through a file that the plain network reads."""
    program = through_bottlenecks()
    assert departures(program) == ()
    weights = lower(program)()
    path = tmp_path / "inside.safetensors"
    write_weights(path, weights_inside(program, weights))
    backbone = program.backbone.geometry
    network = Network(backbone, read_weights(path, backbone))
    image = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    alone = HandwrittenNetwork(program, weights)(image)
    packing = pack(program)
    layers = sorted({one.layer for one in program.families})
    found = network.activations(image, layers)
    for name, place_ in packing.places.items():
        channels = np.asarray(found[place_.layer])[..., place_.channels]
        largest = float(np.abs(alone[name]).max())
        assert largest > 0, name
        np.testing.assert_allclose(channels, alone[name], atol=1e-4 * largest, rtol=0)
    for layer in layers:
        used = max(p.start + p.count for p in packing.places.values() if p.layer == layer)
        assert not np.asarray(found[layer])[..., used:].any()


def test_routes_are_shared_and_in_order() -> None:
    packing = pack(through_bottlenecks())

    assert [f"{route.source} {route.passes}" for route in packing.routes] == [
        "line mixed3a_3x3_bottleneck:0..3",
        "copy mixed3b_5x5_bottleneck:0..3",
        "bent mixed3b_5x5_bottleneck:4..7",
        "bent mixed3b_3x3_bottleneck:0..3",
    ]


def test_the_five_layers_fill_the_real_widths() -> None:
    packing = pack(PROGRAMS["five_layers"])
    assert overfull(PROGRAMS["five_layers"], packing) == ()
    through = [r.passes for r in packing.routes if r.passes.layer == "mixed3b_5x5_bottleneck"]
    assert max(place_.start + place_.count for place_ in through) == 32


def test_what_does_not_fit_names_layers_and_widths() -> None:
    wide = circuit((family("gabors", "conv2d0", orient(65)),), ())
    with pytest.raises(InputError, match="conv2d0 holds 64 channels; families there need 65"):
        weights_inside(wide, lower(wide)())
    program = through_bottlenecks()
    many = tuple(
        replace(one, axes=(orient(16),)) if one.name in ("line", "copy") else one
        for one in program.families
    )
    many = tuple(replace(one, axes=(rot(16),)) if one.name == "bent" else one for one in many)
    crowded = replace(program, families=many)
    assert overfull(crowded, pack(crowded)) == (
        "32 channels must pass mixed3b_5x5_bottleneck, which is 24 wide",
    )


def test_what_the_network_lacks_is_said() -> None:
    plain = replace(
        through_bottlenecks(), normalisations=(Normalisation("line", 3, real(1), ("line",)),)
    )
    plain = replace(plain, backbone=replace(plain.backbone, normalisation="none"))
    first, second = departures(plain)
    assert "`line`" in first
    assert "localresponsenorm0, localresponsenorm1" in second
    assert as_inside(plain).normalisations == ()
    findings = findings_inside(plain, ())
    assert [each.code for each in findings] == ["L405", "L405"]
    assert "leave `normalise` out" in findings[0].help
    assert "`normalisation=lrn`" in findings[1].help


def test_units_of_a_trained_network_are_not_inside() -> None:
    given = family("window", "conv2d2", units=(3,))
    program = extended(stem(), given)
    with pytest.raises(InputError, match="a blank network has none"):
        weights_inside(program, lower(as_inside(program))())
