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
    from circuitdsl.testing.figures import Figure, Stroke, random_figure
    from circuitdsl.testing.kernels import Residual, assert_kernels_equivariant, residuals
    from circuitdsl.testing.responses import (
        ResponseErrors,
        assert_invariant,
        assert_responses_equivariant,
        response_errors,
    )

__all__ = [
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
    "Figure": "figures",
    "Residual": "kernels",
    "ResponseErrors": "responses",
    "Stroke": "figures",
    "assert_invariant": "responses",
    "assert_kernels_equivariant": "kernels",
    "assert_responses_equivariant": "responses",
    "random_figure": "figures",
    "residuals": "kernels",
    "response_errors": "responses",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
