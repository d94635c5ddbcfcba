"""The part of a connection that decides how it is computed, and the numbers that takes.

In: a connection without motif. Out: `ConnectionForm`, hashable, in which every scalar is a *slot*,
and the scalar expression of each slot. Connections that differ in numbers alone share a form, and
so the program that JAX traces where their dials are traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from circuitdsl.ir.circuit import (
    INPUT,
    Circuit,
    Colour,
    Connection,
    Frame,
    Norm,
    NormKind,
    ProfileTerm,
    Template,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import ONE, ZERO, ZERO_ANGLE, Scalar, dials_of, evaluate
from circuitdsl.ir.members.symmetry import displacement, mirror_deg
from circuitdsl.ir.tables.profiles import PROFILES, primitives
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.lowering.plan import End, Pairing, Tuned
from circuitdsl.text.diagnostics import InputError

_HUGE = 1e30
"""Numbers beyond this overflow float32 before long."""


@dataclass(frozen=True)
class ShapeForm:
    """A shape; `weight`, `arguments` and `turn`, where it is turned, are slots."""

    name: str
    weight: int
    arguments: tuple[tuple[str, tuple[int, ...]], ...]
    turn: int | None = None


@dataclass(frozen=True)
class ProfileForm:
    """A profile; `weight` and `arguments` are slots. A rectified one has `inner` terms."""

    name: str
    weight: int
    arguments: tuple[tuple[str, int], ...]
    inner: tuple[ProfileForm, ...] = ()


@dataclass(frozen=True)
class TuneForm:
    """A profile along one axis and what it is relative to."""

    terms: tuple[ProfileForm, ...]
    frame: Frame
    period_deg: float


@dataclass(frozen=True)
class ConnectionForm:
    """A connection; `dc`, `gain`, `mass`, `balance`, `hue_deg` and `against_deg` are slots.

    Attributes:
        colour: None where the source is a family.
        hues_deg: By how much each target member turns the colour; empty if none does.
        displaced: Slots of where the template's origin lies, right and up of the middle tap; None
            where it lies there.
        orbits: The elements that each source member stands for, where it stands for several.
    """

    shapes: tuple[ShapeForm, ...]
    tunes: tuple[TuneForm, ...]
    dc: int | None
    gain: int
    norm: NormKind
    mass: int
    balance: int
    colour: str | None
    hue_deg: int
    against_deg: int
    hues_deg: tuple[float, ...] = ()
    displaced: tuple[int, int] | None = None
    orbits: tuple[tuple[int, ...], ...] = ()


@dataclass
class Slots:
    """The scalar expressions of a form, in order of their slots."""

    expressions: list[tuple[Scalar, float]] = field(default_factory=list[tuple[Scalar, float]])

    def add(self, expression: Scalar | None, tap_px: float = float("nan")) -> int:
        """The slot of a new expression; one that is not there is 0."""
        self.expressions.append((ZERO if expression is None else expression, tap_px))
        return len(self.expressions) - 1

    def values(self, dials: Mapping[str, Any]) -> list[Any]:
        """The value of every slot; see `value_of`."""
        return [value_of(expression, dials, tap_px) for expression, tap_px in self.expressions]


def value_of(expression: Scalar, dials: Mapping[str, Any], tap_px: float = float("nan")) -> Any:
    """The value of an expression that float32 can hold: lengths in px, angles in degrees.

    Args:
        expression: What to evaluate.
        dials: Python numbers or traced arrays; what depends on the latter is not checked.
        tap_px: Pixels from one tap to the next where the expression stands.

    Raises:
        InputError: it has no finite value at these dials.
    """
    try:
        value = evaluate(expression, dials, tap_px)
    except ArithmeticError:
        value = float("nan")
    if isinstance(value, complex) or (isinstance(value, int | float) and not abs(value) < _HUGE):
        text = " ".join(expression.span.text.split()) or "an expression"
        at = ", ".join(f"{name} = {dials[name]}" for name in sorted(dials_of(expression)))
        raise InputError(
            f"{expression.span}: `{text}` has no finite value" + (f" at {at}" if at else ""),
            help="change the expression, or the dials that it reads",
        )
    return value


def connection_form(
    circuit: Circuit, connection: Connection
) -> tuple[ConnectionForm, Slots, Pairing]:
    """Split a connection into its form, its numbers, and its geometry.

    Args:
        circuit: What it belongs to.
        connection: Checked, without motif.

    Raises:
        ValueError: the connection does not say where its weights lie.
    """
    slots = Slots()
    pair = pairing(circuit, connection)
    form = _form(connection, pair, slots)
    by = displacement(circuit, connection)
    return (
        replace(
            form,
            orbits=_orbits(circuit, connection),
            displaced=None if by is None else (slots.add(by[0]), slots.add(by[1])),
        ),
        slots,
        pair,
    )


def scalar_arrays(circuit: Circuit) -> dict[str, Scalar]:
    """The expressions of `FAMILY.gain`, `FAMILY.bias` and `FAMILY.floor` of a circuit."""
    scalars: dict[str, Scalar] = {}
    for family in circuit.families:
        # calibration finds both; until then the family is as its kernels make it
        gain, bias = (ONE, None) if family.calibrate else (family.gain, family.bias)
        scalars[f"{family.name}.gain"] = gain
        scalars[f"{family.name}.bias"] = ZERO if bias is None else bias
    return scalars | {f"{n.family}.floor": n.floor for n in circuit.normalisations}


def scalars_of(connection: Connection) -> list[Scalar]:
    """Every scalar expression of a connection without motif."""
    slots = Slots()
    wiring = connection.wiring
    _shapes(_place(connection), slots, 1.0)
    for tune in wiring.tunes:
        _terms(tune.terms, slots, 1.0)
    norm = wiring.norm or Norm("none")
    colour = wiring.colour or Colour("luma")
    optional = (wiring.dc, wiring.gain, norm.mass, norm.balance)
    optional = (*optional, colour.hue_deg, colour.against_deg)
    return [e for e, _ in slots.expressions] + [e for e in optional if e is not None]


def pairing(circuit: Circuit, connection: Connection) -> Pairing:
    """What the axes, the layers and the tuning of a connection say about its kernel."""
    wiring = connection.wiring
    source = () if connection.source == INPUT else circuit.by_name[connection.source].axes
    target = circuit.by_name[connection.target]
    geometry = circuit.backbone.geometry
    layer = geometry.by_name[target.layer]
    shapes = [term.shape for term in _place(connection).terms]
    rows = [SHAPES[shape.name] for shape in shapes]
    tap_px = geometry.sampling(layer.inputs[0], circuit.backbone.input_px).stride

    def tuned(tune: Tune) -> Tuned:
        axes = [axis for axis in (*source, *target.axes) if axis.name == tune.axis]
        profiles = [PROFILES[term.name] for term in primitives(tune.terms)]
        return Tuned(
            axis=tune.axis,
            period_deg=min((axis.period_deg for axis in axes), default=360.0),
            continuous=any(row.continuous for row in profiles),
            indexed=any(row.reads == "index" for row in profiles),
            radial=tune.frame == "radial",
        )

    return Pairing(
        source=End(source),
        target=End(target.axes, target.members if target.identify else None),
        tuned=tuple(map(tuned, wiring.tunes)),
        over=wiring.over or (),
        phased=any(row.carrier is not None for row in rows),
        isotropic=all(SHAPES[shape.name].is_round(dict(shape.arguments)) for shape in shapes),
        kernel=layer.kernel,
        tap_px=float(tap_px),
        mirror_deg=mirror_deg(circuit, connection.source) if target.acting("flip") else 0.0,
        displaced=displacement(circuit, connection) is not None,
    )


def _orbits(circuit: Circuit, connection: Connection) -> tuple[tuple[int, ...], ...]:
    """The elements of each source member, by number, where members stand for several."""
    family = circuit.by_name.get(connection.source)
    if family is None or not family.identify:
        return ()
    number = {element: index for index, element in enumerate(family.elements)}
    return tuple(tuple(number[element] for element in orbit) for orbit in family.orbits)


def _hues_deg(pair: Pairing) -> tuple[float, ...]:
    """The hue of each target member, where the target has that axis."""
    name = next((axis.name for axis in pair.target.axes if axis.kind == "hue"), "")
    hues_deg = pair.target.values(name)
    return () if hues_deg is None else tuple(map(float, hues_deg))


def _place(connection: Connection) -> Template:
    if connection.wiring.place is None:
        raise ValueError(f"connection {connection.name} has no place")
    return connection.wiring.place


def _form(connection: Connection, pair: Pairing, slots: Slots) -> ConnectionForm:
    wiring, tap_px = connection.wiring, pair.tap_px
    norm = wiring.norm or Norm("none")
    colour = None if connection.source != INPUT else wiring.colour or Colour("luma")
    return ConnectionForm(
        shapes=_shapes(_place(connection), slots, tap_px),
        tunes=_tunes(wiring, pair, slots, tap_px),
        dc=None if wiring.dc is None else slots.add(wiring.dc, tap_px),
        gain=slots.add(ONE if wiring.gain is None else wiring.gain, tap_px),
        norm=norm.kind,
        mass=slots.add(norm.mass, tap_px),
        balance=slots.add(norm.balance, tap_px),
        colour=None if colour is None else colour.kind,
        hue_deg=slots.add(None if colour is None else colour.hue_deg),
        against_deg=slots.add(None if colour is None else colour.against_deg),
        hues_deg=() if colour is None or colour.kind == "luma" else _hues_deg(pair),
    )


def _shapes(template: Template, slots: Slots, tap_px: float) -> tuple[ShapeForm, ...]:
    def argument(value: Scalar | tuple[Scalar, ...]) -> tuple[int, ...]:
        parts = value if isinstance(value, tuple) else (value,)
        return tuple(slots.add(part, tap_px) for part in parts)

    return tuple(
        ShapeForm(
            name=term.shape.name,
            weight=slots.add(term.weight, tap_px),
            arguments=tuple(
                (name, argument(value))
                for name, value in (
                    SHAPES[term.shape.name].defaults | dict(term.shape.arguments)
                ).items()
            ),
            turn=None if term.shape.turn == ZERO_ANGLE else slots.add(term.shape.turn),
        )
        for term in template.terms
    )


def _tunes(wiring: Wiring, pair: Pairing, slots: Slots, tap_px: float) -> tuple[TuneForm, ...]:
    return tuple(
        TuneForm(_terms(tune.terms, slots, tap_px), tune.frame, tuned.period_deg)
        for tune, tuned in zip(wiring.tunes, pair.tuned, strict=True)
    )


def _terms(terms: tuple[ProfileTerm, ...], slots: Slots, tap_px: float) -> tuple[ProfileForm, ...]:
    def arguments(term: ProfileTerm) -> tuple[tuple[str, int], ...]:
        row = PROFILES.get(term.name)
        given = ({} if row is None else row.defaults) | dict(term.arguments)
        return tuple((name, slots.add(value, tap_px)) for name, value in given.items())

    return tuple(
        ProfileForm(
            term.name,
            slots.add(term.weight, tap_px),
            arguments(term),
            _terms(term.inner, slots, tap_px),
        )
        for term in terms
    )
