"""The compiler held against the reference interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from itertools import islice

import numpy as np
import pytest
import rounding
import stepwise
from agreement import SIZE, TOLERANCE, apart, disagreement, shown
from conftest import ROOT
from drawn import different_circuits
from hypothesis import Phase, given, settings
from programs import PROGRAMS, SIZES

from circuitdsl.checking import check_source
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.ir.writing.text import dump_ir, to_source
from circuitdsl.lowering.weights import lower
from circuitdsl.reference import interpret_weights
from circuitdsl.testing.strategies import Drawn, circuits
from circuitdsl.text.source import Source

STRUCTURES = 200
SEED = 0


@cache
def random_circuits() -> tuple[Circuit, ...]:
    """Circuits that differ by more than their numbers."""
    return tuple(islice(different_circuits(SEED), STRUCTURES))


@pytest.mark.parametrize("name", PROGRAMS)
def test_compiler_agrees_on_the_table(name: str) -> None:
    apart = disagreement(PROGRAMS[name], SIZES[name], compiled=True)
    assert apart.none, apart


@pytest.mark.parametrize("number", range(STRUCTURES))
def test_compiler_agrees_on_200_random_circuits(number: int, record_property) -> None:
    """Weights and responses. The compiler's networks are done step by step here."""
    circuit = random_circuits()[number]
    apart = disagreement(circuit)
    record_property("agreement", (apart.kernels, apart.responses))
    assert apart.none, f"{apart}\n{to_source(circuit)}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_traced_dials_give_the_kernels_of_the_table(name: str) -> None:
    """NumPy computes kernels where dials are numbers, JAX the same ones where they are traced."""
    program = expand_motifs(PROGRAMS[name])
    assert apart(stepwise.lowered(program), interpret_weights(program)) <= TOLERANCE


@pytest.mark.parametrize("number", range(STRUCTURES))
def test_traced_dials_give_the_kernels_of_random_circuits(number: int) -> None:
    circuit = expand_motifs(random_circuits()[number])
    assert apart(stepwise.lowered(circuit), interpret_weights(circuit)) <= TOLERANCE


@settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(circuits(most=8))
def test_compiled_networks_agree_on_random_circuits(drawn: Drawn) -> None:
    """Through XLA, as users run them."""
    apart = disagreement(drawn.circuit, SIZE, compiled=True)
    assert apart.none, apart


@settings(max_examples=100)
@given(circuits())
def test_random_circuits_are_sound_and_print_as_they_are(drawn: Drawn) -> None:
    """By construction: none is thrown away."""
    result = check_source(Source("drawn.circ", to_source(drawn.circuit)))
    assert result.errors == ()
    assert result.circuit == drawn.circuit


def test_compiler_agrees_away_from_the_defaults() -> None:
    dials = {"wavelength": 4.7, "bow": 11.0, "radius": 111.0, "opposed": 0.25}
    program = PROGRAMS["five_layers"]
    expected = interpret_weights(program, dials)
    assert apart(dict(lower(program)(dials)), expected) <= TOLERANCE


def test_random_circuits_are_the_same_in_every_process() -> None:
    """Here other modules are imported, whose numbers Hypothesis would put among its draws."""
    printed = (
        "from itertools import islice; from drawn import different_circuits;"
        "from circuitdsl.ir.writing.text import dump_ir;"
        f"print(*map(dump_ir, islice(different_circuits({SEED}), 3)), sep='\\n')"
    )
    search = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    alone = subprocess.run(
        [sys.executable, "-c", printed],
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    dumps = [dump_ir(circuit) for circuit in random_circuits()[:3]]
    assert alone.stdout == "\n".join(dumps) + "\n"


@pytest.mark.parametrize("name", ["five_layers", "five_layers_normalised"])
def test_the_bound_of_rounding_is_no_licence(name: str) -> None:
    """An error of one part in ten thousand, far more than rounding leaves, is seen."""
    program = PROGRAMS[name]
    image, given = shown(program, SIZE)
    expected = interpret_weights(program)
    weights = {name: np.asarray(array) for name, array in lower(program)().items()}
    answers = stepwise.responses(program, weights, image, given)
    assert max(rounding.of_bound(program, expected, weights, image, answers).values()) < 1
    for family, response in answers.items():
        wrong = answers | {family: response * np.float32(1 + 1e-4)}
        assert rounding.of_bound(program, expected, weights, image, wrong)[family] > 1
