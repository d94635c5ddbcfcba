from builders import bump, constant, mass, px, real, tap, tune
from programs import PROGRAMS, TILING

from circuitdsl.ir.circuit import Norm, Wiring
from circuitdsl.ir.expressions import Apply, DialValue, dials_of, evaluate, substitute
from circuitdsl.ir.motifs import expand_motifs, merge


def test_own_attributes_go_before_the_motif() -> None:
    pattern = TILING.wiring
    own = Wiring(tunes=(tune("ph", constant(1)),), norm=Norm("l2"), gain=real(3))
    merged = merge(own, pattern)
    assert merged.place == pattern.place
    assert merged.norm == Norm("l2")
    assert merged.gain == real(3)
    assert [one.axis for one in merged.tunes] == ["ph", "th"]


def test_profiles_are_merged_by_axis() -> None:
    own = Wiring(tunes=(tune("th", bump(90)),), over=())
    merged = merge(own, Wiring(tunes=(tune("th", bump(10)), tune("ph", bump(5))), over=("ph",)))
    assert merged.tunes == (tune("th", bump(90)), tune("ph", bump(5)))
    assert merged.over == ()  # an empty list is an answer


def test_expansion_binds_every_formal() -> None:
    expanded = expand_motifs(PROGRAMS["five_layers"])
    assert expanded.motifs == ()
    assert all(connection.motif is None for connection in expanded.connections)
    early = next(c for c in expanded.connections if c.target == "early").wiring
    assert early.place is not None
    assert dict(early.place.terms[0].shape.arguments) == {
        "radius": DialValue("bow", "px"),
        "span": px(24),
        "width": tap(0.5),
        "at": (px(0), px(0)),
    }
    tangents = next(c for c in expanded.connections if c.name == "tangents").wiring
    assert tangents.norm == mass(0.25, 0.9)
    assert tangents.tunes == (tune("th", bump(25), constant(-0.3), frame="tangent"),)


def test_expansion_leaves_others_alone() -> None:
    circuit = PROGRAMS["oriented"]
    assert expand_motifs(circuit) == circuit
    assert expand_motifs(expand_motifs(PROGRAMS["placed"])) == expand_motifs(PROGRAMS["placed"])


def test_expressions() -> None:
    size = DialValue("size", "px")
    twice = Apply("+", (Apply("*", (real(2), size), "px"), tap(0.5)), "px")
    assert evaluate(twice, {"size": 3.0}, tap_px=8.0) == 10.0
    assert dials_of(twice) == {"size"}
    bound = substitute(twice, {"size": px(1)})
    assert (evaluate(bound, {}, tap_px=4.0), dials_of(bound)) == (4.0, frozenset())
    assert evaluate(Apply("neg", (Apply("^", (real(3), real(2)), "real"),), "real"), {}) == -9.0
