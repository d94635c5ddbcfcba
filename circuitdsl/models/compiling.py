"""Programs of forward passes, compiled with the faster of XLA's matrix products.

In: a function of arrays. Out: the same, compiled. Where XLA has two ways to multiply on a CPU,
its own kernels take 0.6 to 0.8 of the time of the library that it prefers (YNN, jaxlib 0.10.2; 32
images through InceptionV1, two AVX-512 cores).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import jax
from jax.core import Tracer

Inputs = ParamSpec("Inputs")
Result = TypeVar("Result")

_OWN_PRODUCTS = {"xla_cpu_experimental_ynn_fusion_type": ""}


def compiled(
    *, static: tuple[str, ...] = ()
) -> Callable[[Callable[Inputs, Result]], Callable[Inputs, Result]]:
    """`jax.jit` for the program of a forward pass; within another program it is a part of that.

    Args:
        static: Names of arguments that are no arrays.
    """

    def decorate(function: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
        within: Any = jax.jit(function, static_argnames=static)

        @cache
        def alone() -> Any:
            return jax.jit(function, static_argnames=static, compiler_options=_options())

        @wraps(function)
        def call(*args: Inputs.args, **keywords: Inputs.kwargs) -> Result:
            leaves = jax.tree.leaves((args, keywords))
            traced = any(isinstance(leaf, Tracer) for leaf in leaves)
            # JAX takes options for whole programs only
            return (within if traced else alone())(*args, **keywords)

        return call

    return decorate


@cache
def _options() -> dict[str, Any] | None:
    """What to tell XLA; None where it doesn't know the choice."""
    try:
        jax.jit(lambda: 0, compiler_options=_OWN_PRODUCTS)()
    except jax.errors.JaxRuntimeError:
        return None
    return _OWN_PRODUCTS
