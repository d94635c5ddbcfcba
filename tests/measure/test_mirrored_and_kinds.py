"""Partners in a mirror and kinds of photographs, on responses that are known."""

import numpy as np

from circuitdsl.measure.agreeing.mirrored import mirrored_kernels, partners
from circuitdsl.measure.kinds import placed, two_kinds


def test_two_units_of_mirrored_things_are_a_pair_and_a_symmetric_one_is_its_own_partner():
    generator = np.random.default_rng(0)
    left, right, middle = generator.random((3, 200))
    silent = np.zeros(200)
    plain = np.stack([left, middle, right, silent], axis=1)
    mirrored = np.stack([right, middle, left, silent], axis=1)
    found = partners(plain, mirrored)
    assert found.of[:3].tolist() == [2, 1, 0]
    assert found.pairs() == ((0, 2),)
    assert found.r[1] == found.own[1] and found.own[0] < 0.3
    assert found.r[3] == 0


def test_a_kernel_is_held_against_the_mirror_image_of_another():
    generator = np.random.default_rng(1)
    of = np.array([1, 0, 2])
    first = generator.normal(size=(3, 5, 3))
    second = first[:, ::-1][:, :, of]
    turned, straight = mirrored_kernels(np.stack([first, second], axis=-1), of)
    assert turned > 0.999
    assert abs(straight) < 0.5


def test_the_photographs_of_a_unit_for_two_things_fall_into_two_kinds():
    generator = np.random.default_rng(2)
    outputs = generator.normal(size=(60, 20))
    outputs[:8, 0] += 20
    outputs[8:14, 5] += 20
    responses = np.r_[np.full(14, 5.0), generator.random(46)]
    kinds = two_kinds(responses, placed(outputs), strongest=14)
    assert kinds is not None
    assert {tuple(sorted(part)) for part in kinds.members} == {
        tuple(range(8)),
        tuple(range(8, 14)),
    }
    assert kinds.apart > 0.5
    assert two_kinds(responses, placed(outputs), strongest=14, least=7) is None
