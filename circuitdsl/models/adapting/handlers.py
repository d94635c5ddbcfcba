"""What is made of each primitive over maps."""

from __future__ import annotations

from circuitdsl.models.adapting import elementwise, positions, windows
from circuitdsl.models.adapting.reading import Handler

HANDLERS: dict[str, Handler] = {
    "add": elementwise.added,
    "add_any": elementwise.added,
    "sub": elementwise.subtracted,
    "mul": elementwise.multiplied,
    "div": elementwise.divided,
    "neg": elementwise.negated,
    "max": elementwise.greater,
    "min": elementwise.less,
    "clamp": elementwise.clamped,
    "gt": elementwise.compared,
    "ge": elementwise.compared,
    "select_n": elementwise.chosen,
    "exp": elementwise.exponential,
    "log": elementwise.logarithm,
    "transpose": elementwise.moved,
    "reshape": elementwise.moved,
    "squeeze": elementwise.moved,
    "broadcast_in_dim": elementwise.moved,
    "expand_dims": elementwise.moved,
    "copy": elementwise.same,
    "stop_gradient": elementwise.same,
    "convert_element_type": elementwise.same,
    "optimization_barrier": elementwise.same,
    "conv_general_dilated": windows.convolved,
    "dot_general": windows.multiplied_out,
    "reduce_window_max": windows.pooled,
    "reduce_window_sum": windows.pooled,
    "pad": windows.padded,
    "reduce_sum": windows.summed,
    "reduce_max": windows.greatest,
    "concatenate": positions.joined,
    "rev": positions.turned_round,
    "slice": positions.cut,
}
