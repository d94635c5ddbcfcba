"""Motif expansion: Circuit -> Circuit in which every connection carries its whole wiring.

A connection's own attributes go before those of its motif; profiles are merged axis by axis. The
spans of a motif's parts stay those of the motif's text, and the connection keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from circuitdsl.ir.circuit import (
    Circuit,
    Colour,
    Connection,
    Norm,
    ProfileTerm,
    Shape,
    Template,
    TemplateTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import Scalar, substitute

Bindings = Mapping[str, Scalar]


def expand_motifs(circuit: Circuit) -> Circuit:
    """The same circuit without motifs.

    Raises:
        KeyError: a connection uses a motif that the circuit lacks (the checker excludes it).
    """
    motifs = {motif.name: motif for motif in circuit.motifs}

    def expanded(connection: Connection) -> Connection:
        if connection.motif is None:
            return connection
        bindings = dict(connection.motif.bindings)
        pattern = bind(motifs[connection.motif.name].wiring, bindings)
        return replace(connection, motif=None, wiring=merge(connection.wiring, pattern))

    return replace(circuit, connections=tuple(map(expanded, circuit.connections)), motifs=())


def merge(own: Wiring, pattern: Wiring) -> Wiring:
    """`own` completed by `pattern`."""
    tuned = {tune.axis for tune in own.tunes}
    return Wiring(
        place=own.place if own.place is not None else pattern.place,
        tunes=own.tunes + tuple(tune for tune in pattern.tunes if tune.axis not in tuned),
        over=own.over if own.over is not None else pattern.over,
        colour=own.colour if own.colour is not None else pattern.colour,
        dc=own.dc if own.dc is not None else pattern.dc,
        norm=own.norm if own.norm is not None else pattern.norm,
        gain=own.gain if own.gain is not None else pattern.gain,
    )


def bind(wiring: Wiring, bindings: Bindings) -> Wiring:
    """The wiring with a motif's formals replaced by what they are bound to."""

    def scalar(expression: Scalar | None) -> Scalar | None:
        return None if expression is None else substitute(expression, bindings)

    return Wiring(
        place=None if wiring.place is None else _bind_template(wiring.place, bindings),
        tunes=tuple(_bind_tune(tune, bindings) for tune in wiring.tunes),
        over=wiring.over,
        colour=None if wiring.colour is None else _bind_colour(wiring.colour, bindings),
        dc=scalar(wiring.dc),
        norm=None if wiring.norm is None else _bind_norm(wiring.norm, bindings),
        gain=scalar(wiring.gain),
    )


def _bind_template(template: Template, bindings: Bindings) -> Template:
    def argument(value: Scalar | tuple[Scalar, ...]) -> Scalar | tuple[Scalar, ...]:
        if isinstance(value, tuple):
            return tuple(substitute(part, bindings) for part in value)
        return substitute(value, bindings)

    def shape(old: Shape) -> Shape:
        arguments = tuple((k, argument(v)) for k, v in old.arguments)
        return replace(old, arguments=arguments, turn=substitute(old.turn, bindings))

    terms = tuple(
        TemplateTerm(substitute(term.weight, bindings), shape(term.shape))
        for term in template.terms
    )
    return replace(template, terms=terms)


def _bind_tune(tune: Tune, bindings: Bindings) -> Tune:
    def term(old: ProfileTerm) -> ProfileTerm:
        arguments = tuple((k, substitute(v, bindings)) for k, v in old.arguments)
        weight, inner = substitute(old.weight, bindings), tuple(map(term, old.inner))
        return replace(old, weight=weight, arguments=arguments, inner=inner)

    return replace(tune, terms=tuple(map(term, tune.terms)))


def _bind_colour(colour: Colour, bindings: Bindings) -> Colour:
    hue, against = (substitute(h, bindings) for h in (colour.hue_deg, colour.against_deg))
    return replace(colour, hue_deg=hue, against_deg=against)


def _bind_norm(norm: Norm, bindings: Bindings) -> Norm:
    return replace(
        norm, mass=substitute(norm.mass, bindings), balance=substitute(norm.balance, bindings)
    )
