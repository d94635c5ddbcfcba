"""Rules of connections: axes, profiles, frames and attributes that fit both ends."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.messages import listed, missing, with_hint
from circuitdsl.ir.circuit import Family, ProfileTerm, Tune
from circuitdsl.ir.members.axes import PERIOD_DEG, Axis
from circuitdsl.ir.tables.profiles import PROFILES, primitives
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.text.diagnostics import Label
from circuitdsl.text.source import NOWHERE, Span

_DIRECTED = tuple(name for name, row in SHAPES.items() if row.directed)
"""Shapes whose points have a tangent."""


_CARRIERS = tuple(name for name, row in SHAPES.items() if row.carrier is not None)


def _pairing(tune: Tune) -> list[ProfileTerm]:
    """The parts of a profile that compare members by number."""
    return [term for term in primitives(tune.terms) if PROFILES[term.name].reads == "index"]


def fits(joined: Joined, analysis: Analysis) -> None:
    """Report everything about a connection that does not fit its two ends."""
    _present(joined, analysis)
    _summed(joined, analysis)
    _tuned(joined, analysis)
    for tune in joined.wiring.tunes:
        _of_the_axis(joined, tune, analysis)
        _frame(joined, tune, analysis)
        _paired(joined, tune, analysis)
    _of_the_image(joined, analysis)


def _written(joined: Joined, name: str) -> Span:
    """Where an attribute was written, else the connection's head."""
    block = joined.node.block
    for attribute in () if block is None else block.attributes:
        if attribute.name.text == name:
            return attribute.span
    return joined.head


def _present(joined: Joined, analysis: Analysis) -> None:
    if joined.wiring.place is None and not joined.mentioned & {"place", "*"}:
        what = f"this connection into `{joined.target.name}`"
        help_ = "Say where its weights lie, such as `place = dot()`."
        missing(analysis, what, "`place`", joined.head, help=help_)


def _axis_span(family: Family, axis: str) -> Span:
    own_axis = family.axis(axis)
    return NOWHERE if own_axis is None else own_axis.span


def _axis_label(joined: Joined, family: Family, axis: str) -> tuple[Label, ...]:
    span = _axis_span(family, axis)
    if span.source is not joined.connection.span.source:
        return ()
    own_axis = family.axis(axis)
    return () if own_axis is None else (Label(span, described(own_axis)),)


def described(axis: Axis) -> str:
    """How many members an axis has, and where."""
    if axis.at_deg is not None:
        return f"{axis.count} members, unevenly spaced"
    if axis.kind == "flip":
        return "2 members, left and right"
    if axis.kind == "cases":
        return f"{axis.count} cases"
    if axis.kind == "scale":
        return f"{axis.count} members, each {axis.ratio:g} times the one before"
    return f"{axis.count} members, every {axis.period_deg / axis.count:g}deg"


def _summed(joined: Joined, analysis: Analysis) -> None:
    """`over` names axes of the source that the target lacks."""
    over = joined.wiring.over or ()
    source = joined.source
    span, also = joined.at(_written(joined, "over"))
    for name in over:
        if source is None or source.axis(name) is None:
            _no_axis(joined, name, span, also, analysis)
        elif joined.target.axis(name) is not None:
            analysis.error(
                "E402",
                f"`over = {name}`, but `{joined.target.name}` also has `{name}`",
                span,
                also=(*also, *_axis_label(joined, joined.target, name)),
                note="an axis is summed over only where the target lacks it",
                help=f"Remove `over`, and give the axis a profile: `tune.{name} = ...`.",
            )
    if joined.mentioned & {"*"} or ("over" in joined.mentioned and joined.wiring.over is None):
        return
    for axis in () if source is None else source.axes:
        if joined.target.axis(axis.name) is None and axis.name not in over and source is not None:
            analysis.error(
                "E401",
                f"`{joined.target.name}` has no axis `{axis.name}`; "
                f"add `over = {axis.name}` to sum it",
                joined.head,
                also=_axis_label(joined, source, axis.name),
                note="what is lost on the way is named",
            )


def _no_axis(
    joined: Joined, name: str, span: Span, also: tuple[Label, ...], analysis: Analysis
) -> None:
    names = () if joined.source is None else [axis.name for axis in joined.source.axes]
    message = f"{joined.source_name} has no axis `{name}`"
    message, fixes = with_hint(analysis, message, name, names, span)
    analysis.error("E201", message, span, also=also, fixes=fixes)


def _tuned(joined: Joined, analysis: Analysis) -> None:
    """Every shared axis has a profile, and every profile an axis of the source."""
    source, target = joined.source, joined.target
    tuned = {tune.axis for tune in joined.wiring.tunes}
    for tune in joined.wiring.tunes:
        if source is None or source.axis(tune.axis) is None:
            _no_axis(joined, tune.axis, *joined.at(tune.span), analysis)
    if source is None or "*" in joined.mentioned:
        return
    for axis in source.axes:
        other = target.axis(axis.name)
        if other is None:
            continue
        if axis.kind != other.kind and not (axis.turns_plane and other.turns_plane):
            analysis.error(
                "E409",
                f"`{axis.name}` is a `{axis.kind}` axis of `{source.name}`, "
                f"but a `{other.kind}` axis of `{target.name}`",
                joined.head,
                also=_axis_label(joined, source, axis.name),
                help="Name axes alike only where they mean the same.",
            )
        elif axis.name not in tuned and not joined.mentioned & {f"tune.{axis.name}", "tune"}:
            analysis.error(
                "E403",
                f"no `tune.{axis.name}`: name a profile, or `equal`",
                joined.head,
                note=f"both families have the axis `{axis.name}`",
            )


def _of_the_axis(joined: Joined, tune: Tune, analysis: Analysis) -> None:
    """A profile over angles needs an axis that counts angles; one over octaves, one of scales."""
    source = joined.source
    axis = None if source is None else source.axis(tune.axis)
    if source is None or axis is None:
        return
    what = {"flip": "sides", "cases": "cases", "scale": "octaves"}.get(axis.kind, "angles")
    help_ = {
        "octaves": "Write `octaves(1)`: one octave wide at half of its height.",
        "angles": "Write `bump(30deg)`.",
    }.get(what, "Use `same` and `other`.")
    for term in primitives(tune.terms):
        row = PROFILES[term.name]
        wants = row.reads
        if row.continuous and wants != what:
            span, also = joined.at(term.span)
            analysis.error(
                "E305",
                f"a profile over {wants} cannot tune `{axis.name}`, which counts {what}",
                span,
                also=(*also, *_axis_label(joined, source, axis.name)),
                help=help_,
            )
    if tune.frame in ("tangent", "radial") and not axis.turns_plane:
        span, also = joined.at(tune.span)
        message = f"`@ {tune.frame}` is a direction in the plane, and `{axis.name}` counts none"
        analysis.error("E306", message, span, also=also, help=f"Remove `@ {tune.frame}`.")


def _frame(joined: Joined, tune: Tune, analysis: Analysis) -> None:
    """`@ tangent` and `@ radial` need a template whose points have a direction."""
    span, also = joined.at(tune.span)
    if tune.frame != "frame" and _pairing(tune):
        name = _pairing(tune)[0].name
        analysis.error(
            "E306", f"`{name}` pairs members, so `@ {tune.frame}` has no meaning", span, also=also
        )
    if joined.wiring.place is None:
        return
    shapes = {term.shape.name for term in joined.wiring.place.terms}
    if tune.frame == "tangent":
        bad = sorted(shapes - set(_DIRECTED))
        if bad:
            analysis.error(
                "E306",
                f"`@ tangent` needs a curved template; `{bad[0]}` has no tangent",
                span,
                also=also,
                help=f"Use {' or '.join(f'`{name}`' for name in _DIRECTED)}.",
            )
    elif tune.frame == "radial" and (points := [s for s in shapes if not SHAPES[s].extended]):
        analysis.error(
            "E306",
            f"`@ radial` needs a template with an extent; `{points[0]}` has none",
            span,
            also=also,
            help="Use `ring` or `blob`.",
        )


def _paired(joined: Joined, tune: Tune, analysis: Analysis) -> None:
    """`equal`, `same` and `other` compare members by number."""
    source, target = joined.source, joined.target
    pairing = _pairing(tune)
    names = [term.name for term in pairing]
    if not names or source is None:
        return
    a, b = source.axis(tune.axis), target.axis(tune.axis)
    span, also = joined.at(pairing[0].span)
    if a is None:
        return
    if b is None:
        message = f"`{names[0]}` pairs members, but `{target.name}` has no axis `{tune.axis}`"
        analysis.error("E404", message, span, also=also)
        return
    labels = (
        *also,
        *_axis_label(joined, source, tune.axis),
        *_axis_label(joined, target, tune.axis),
    )
    one_kind = a.kind == b.kind == "cases"
    of_two = all(PROFILES[name].needs == "cases" for name in names)
    if of_two and (a.count, b.count) != (2, 2) and not one_kind:
        analysis.error(
            "E404",
            f"`{names[0]}` is for axes of two members; "
            f"`{source.name}` has {a.count}, `{target.name}` {b.count}",
            span,
            also=labels,
        )
    elif a.count != b.count:
        analysis.error(
            "E404",
            f"`{source.name}` has {a.count} members along `{tune.axis}`, `{target.name}` has "
            f"{b.count}, and `{names[0]}` cannot pair them",
            span,
            label="pairs members one to one",
            also=labels,
            help=f"Use {a.count} members in both"
            + (", or a `bump`." if a.kind in PERIOD_DEG else "."),
        )
    elif a.kind != b.kind or a.values != b.values:
        analysis.error(
            "E404",
            f"`{names[0]}` pairs members of `{source.name}` and `{target.name}` "
            "that stand at different angles",
            span,
            label="pairs members one to one",
            also=labels,
            help="Give both axes the same angles, or use a `bump`.",
        )


def _of_the_image(joined: Joined, analysis: Analysis) -> None:
    """`colour` is for the image, `dc` for gratings."""
    wiring = joined.wiring
    if wiring.colour is not None and joined.source is not None:
        span, also = joined.at(wiring.colour.span)
        analysis.error(
            "E202",
            "`colour` says what is read of the image; "
            f"this connection reads `{joined.source.name}`",
            span,
            also=also,
            help="Remove it.",
        )
    hue = joined.target.acting("hue")
    silent = wiring.colour is None and not joined.mentioned & {"colour", "*"}
    if joined.source is None and hue is not None and silent:
        missing(
            analysis,
            f"this connection into `{joined.target.name}`, with its hue axis `{hue.name}`,",
            "`colour`",
            joined.head,
            also=_axis_label(joined, joined.target, hue.name),
            help="Add `colour = hue(0deg)`; `colour = luma` if this connection sees no colour.",
        )
    if wiring.dc is not None and wiring.place is not None:
        names = [term.shape.name for term in wiring.place.terms]
        other = [name for name in names if SHAPES[name].carrier is None]
        if other:
            span, also = joined.at(_written(joined, "dc"))
            analysis.error(
                "E202",
                f"`dc` is for {listed(_CARRIERS)} templates; found `{other[0]}`",
                span,
                also=also,
                help="Remove it; `norm = mass(1, balance=1)` makes weights sum to 0.",
            )
