"""For tests of circuits: symmetry of kernels and of responses, and strategies that draw circuits.

`residuals` and `assert_kernels_equivariant` look at weights, `assert_responses_equivariant` and
`assert_invariant` at what a network answers, `circuitdsl.testing.strategies` draws random circuits,
families, group elements and figures for Hypothesis. Names are loaded when they are first used, so
that asking for kernels loads no JAX, and only strategies load Hypothesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuitdsl.ir.members.groups import Element
    from circuitdsl.measure.equivariance import Residual, assert_kernels_equivariant, residuals
    from circuitdsl.testing.figures import Figure, Stroke, random_figure
    from circuitdsl.testing.responses import (
        ResponseErrors,
        assert_invariant,
        assert_responses_equivariant,
        response_errors,
    )

__all__ = [
    "Element",
    "Figure",
    "Residual",
    "ResponseErrors",
    "Stroke",
    "assert_invariant",
    "assert_kernels_equivariant",
    "assert_responses_equivariant",
    "random_figure",
    "residuals",
    "response_errors",
]

_HOME = {
    "Element": "circuitdsl.ir.members.groups",
    "Figure": "circuitdsl.testing.figures",
    "Residual": "circuitdsl.measure.equivariance",
    "ResponseErrors": "circuitdsl.testing.responses",
    "Stroke": "circuitdsl.testing.figures",
    "assert_invariant": "circuitdsl.testing.responses",
    "assert_kernels_equivariant": "circuitdsl.measure.equivariance",
    "assert_responses_equivariant": "circuitdsl.testing.responses",
    "random_figure": "circuitdsl.testing.figures",
    "residuals": "circuitdsl.measure.equivariance",
    "response_errors": "circuitdsl.testing.responses",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
