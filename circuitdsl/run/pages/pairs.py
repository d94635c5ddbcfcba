"""What trained units read of the counterparts of the families that a hand-written family reads.

In: a family beside units of a trained network, the families that it reads beside theirs. Out:
`Wiring`: kernels of each pair of families, trained and hand-written in one order, how much each is
one kernel turned, the shares of the families, and groups of channels that are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.families import FamilyComparison, MemberScore
from circuitdsl.compare.score import Comparison
from circuitdsl.ir.circuit import INPUT, Circuit, Family
from circuitdsl.ir.members.angles import apart_deg
from circuitdsl.ir.members.axes import Axis
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.models.network import Network
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.seeing.weights import before_block, padded, weights_into
from circuitdsl.visualizing.expanded import SHARE, Expanded
from circuitdsl.visualizing.factors import Factors, factors
from circuitdsl.visualizing.turned import Turned, turned
from circuitdsl.visualizing.wiring import Wires

Floats = NDArray[np.float64]

FACTORS = 2
"""Groups of channels that kernels are factored into."""


@dataclass(frozen=True)
class Placed:
    """A trained unit and the member that it stands beside.

    Attributes:
        unit: Such as `mixed3a:62`.
        member: The member's place in its family.
        name: The member, as the language writes it.
        angle_deg: What the unit prefers along the family's rotation; the member's own angle where
            that was not measured; 0 for a family that does not turn.
    """

    unit: str
    member: int
    name: str
    angle_deg: float

    @property
    def number(self) -> int:
        """The unit's number in its layer."""
        return int(self.unit.rpartition(":")[2])


@dataclass(frozen=True, eq=False)
class Pair:
    """Kernels between two families.

    Attributes:
        source: The family that is read.
        sources: Its trained units and members, in the order of the members.
        targets: Likewise of the family that reads.
        trained: Expanded weights, `[row, column, source, target]`.
        written: The sum of the circuit's connections, in the same order and window.
        most: The largest magnitude that any channel of the layer has in a target, `[target]`.
        trained_turned: The trained kernels in the frames of their targets; None where one of the
            families does not turn.
        written_turned: Those of the circuit.
    """

    source: str
    sources: tuple[Placed, ...]
    targets: tuple[Placed, ...]
    trained: Floats
    written: Floats
    most: Floats
    trained_turned: Turned | None
    written_turned: Turned | None

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Which pairs have at least 30 % of the target's largest magnitude, `[source, target]`."""
        return np.sqrt(np.square(self.trained).sum(axis=(0, 1))) >= SHARE * self.most


@dataclass(frozen=True, eq=False)
class Wiring:
    """What trained units read, beside what a hand-written family reads.

    Attributes:
        targets: The units and their members.
        pairs: By each family that the hand-written one reads, the kernels, or why there are none.
        shares: For each unit, the share of all magnitude of the layer that the counterparts of each
            family have, by family.
        written_shares: The same of the circuit, for a member in the mean.
        sources: Expanded weights from the layer whose channels are factored.
        groups: Those channels in groups that are read alike.
    """

    targets: tuple[Placed, ...]
    pairs: Mapping[str, Pair | Lacking]
    shares: tuple[Mapping[str, float], ...]
    written_shares: Mapping[str, float]
    sources: Expanded
    groups: Factors


def sources_of(circuit: Circuit, family: str) -> tuple[Family, ...]:
    """The families that a family reads, in the order of its connections."""
    names = dict.fromkeys(one.source for one in circuit.into(family) if one.source != INPUT)
    return tuple(circuit.by_name[name] for name in names)


def placed(family: Family, found: Comparison | FamilyComparison) -> tuple[Placed, ...]:
    """The units of a comparison, each beside one member, in the order of the members."""
    if isinstance(found, Comparison):
        preferred = [(one.original, one.original_tuning.preferred_deg) for one in found.units]
        return turned_to(family, preferred)
    numbers = {family.member_name(number): number for number in range(family.size)}
    best: dict[str, MemberScore] = {}
    for one in sorted(found.units, key=lambda one: -one.figure.r):
        best.setdefault(one.original, one)
    made = [
        Placed(unit, numbers[one.hand], one.hand, _preferred(family, one))
        for unit, one in best.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.member, one.angle_deg)))


def tuned(family: Family, found: FoundFamily, count: int) -> tuple[Placed, ...]:
    """The best units that a finder found, each beside the member of the nearest angle."""
    return turned_to(
        family,
        [(f"{found.layer}:{u.unit}", u.tuning.preferred_deg) for u in found.best(count)],
    )


def turned_to(family: Family, preferred: Iterable[tuple[str, float]]) -> tuple[Placed, ...]:
    """Units beside the members nearest to the angles that they prefer, in the order of angles."""
    axis = family.rotation
    made: list[Placed] = []
    for unit, angle in preferred:
        if not isnan(angle):
            member = 0 if axis is None else _nearest(axis, angle)
            made.append(Placed(unit, member, family.member_name(member), angle))
    return tuple(sorted(made, key=lambda one: one.angle_deg))


def _preferred(family: Family, one: MemberScore) -> float:
    """What a unit prefers along the family's rotation; the member's angle if not measured."""
    axis = family.rotation
    for tuning in one.original_axes:
        if axis is not None and tuning.axis == axis.name and not isnan(tuning.preferred):
            return tuning.preferred
    names = [family.member_name(number) for number in range(family.size)]
    return _angle(family, names.index(one.hand))


def given(family: Family) -> tuple[Placed, ...]:
    """The units of a family that is made of trained units."""
    return tuple(
        Placed(
            f"{family.layer}:{number}", member, family.member_name(member), _angle(family, member)
        )
        for member, number in enumerate(family.units or ())
    )


def _nearest(axis: Axis, angle_deg: float) -> int:
    apart = [apart_deg(own, angle_deg, axis.period_deg) for own in axis.angles_deg]
    return min(range(axis.count), key=apart.__getitem__)


def _angle(family: Family, member: int) -> float:
    axis = family.rotation
    if axis is None:
        return 0.0
    return axis.angles_deg[family.members[member][family.axes.index(axis)]]


def wiring(
    network: Network,
    family: Family,
    targets: Sequence[Placed],
    sources: Mapping[str, tuple[Family, tuple[Placed, ...] | Lacking]],
    wires: Sequence[Wires],
) -> Wiring:
    """Hold what trained units read against what a family reads.

    Args:
        network: The trained network.
        family: The hand-written family.
        targets: Units of one layer beside its members.
        sources: By name, each family that it reads, with units of one layer beside its members.
        wires: The circuit's connections with their numbers.

    Raises:
        InputError: a layer of the sources does not lead to the targets.
    """
    names = [one.unit for one in targets]
    layers: dict[str, Expanded] = {}

    def read_of(layer: str) -> Expanded:
        if layer not in layers:
            layers[layer] = weights_into(network, layer, names)
        return layers[layer]

    pairs: dict[str, Pair | Lacking] = {}
    own = {wire.connection.name: wire for wire in wires if wire.connection.target == family.name}
    for name, (source, units) in sources.items():
        if isinstance(units, Lacking):
            pairs[name] = units
            continue
        kernels = [one.kernel for one in own.values() if one.connection.source == name]
        whole = read_of(units[0].unit.rpartition(":")[0])
        pairs[name] = _pair((source, units), (family, tuple(targets)), whole, kernels)
    before = read_of(before_block(network, names[0]))
    return Wiring(
        tuple(targets),
        pairs,
        _shares(pairs, layers, len(targets)),
        _written_shares(own.values()),
        before,
        factors(before.kernel, min(FACTORS, before.kernel.shape[2])),
    )


_Side = tuple[Family, tuple[Placed, ...]]


def _pair(source: _Side, target: _Side, whole: Expanded, kernels: Sequence[Floats]) -> Pair:
    """The kernels of two families, trained and hand-written, in one window."""
    (reads, sources), (family, targets) = source, target
    trained = whole.kernel[:, :, [one.number for one in sources]]
    rows, columns = (max(one.shape[axis] for one in (trained, *kernels)) for axis in (0, 1))
    members = np.ix_([one.member for one in sources], [one.member for one in targets])
    written = np.sum([padded(one, rows, columns) for one in kernels], axis=0)[:, :, *members]
    trained = padded(trained, rows, columns)
    frames: list[Turned | None] = [None, None]
    if _turns(reads, sources) and _turns(family, targets):
        angles = ([one.angle_deg for one in sources], [one.angle_deg for one in targets])
        of_members = (
            [_angle(reads, one.member) for one in sources],
            [_angle(family, one.member) for one in targets],
        )
        axis = reads.rotation
        period = 360.0 if axis is None else axis.period_deg
        frames = [
            turned(kernel, *degrees, period_deg=period)
            for kernel, degrees in ((trained, angles), (written, of_members))
        ]
    return Pair(
        reads.name,
        sources,
        targets,
        trained,
        written,
        whole.magnitudes.max(axis=0),
        *frames,
    )


def _turns(family: Family, units: Sequence[Placed]) -> bool:
    """Whether a family is told by its rotation alone, and there are several units of it."""
    axis = family.rotation
    return axis is not None and family.size == axis.count and len({u.member for u in units}) > 1


def _shares(
    pairs: Mapping[str, Pair | Lacking], layers: Mapping[str, Expanded], count: int
) -> tuple[Mapping[str, float], ...]:
    """For each target, the shares of the families; units that two families name count for both."""
    made: list[dict[str, float]] = [{} for _ in range(count)]
    for name, pair in pairs.items():
        if isinstance(pair, Lacking):
            continue
        magnitudes = layers[pair.sources[0].unit.rpartition(":")[0]].magnitudes
        numbers = sorted({one.number for one in pair.sources})
        for at, shares in enumerate(made):
            total = float(magnitudes[:, at].sum()) or 1.0
            shares[name] = float(magnitudes[numbers, at].sum()) / total
    return tuple(made)


def _written_shares(wires: Iterable[Wires]) -> dict[str, float]:
    """The share of all magnitude that each family has, over the family's members."""
    kernels: dict[str, list[Floats]] = {}
    for wire in wires:
        if wire.connection.source != INPUT:
            kernels.setdefault(wire.connection.source, []).append(wire.kernel)
    lengths = {
        name: float(sum(np.sqrt(np.square(one).sum(axis=(0, 1))).sum() for one in some))
        for name, some in kernels.items()
    }
    total = sum(lengths.values()) or 1.0
    return {name: length / total for name, length in lengths.items()}
