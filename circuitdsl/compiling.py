"""Programs: functions of arrays, compiled as suits what they are for.

In: a function of arrays. Out: the same, compiled. XLA is told one of three things. `FORWARD` is for
passes of whole networks, which run long: where XLA has two ways to multiply on a CPU, its own
kernels take 0.6 to 0.8 of the time of the library that it prefers (YNN, jaxlib 0.10.2; 32 images
through InceptionV1, two AVX-512 cores). `SMALL` is for programs that run a few times, of which
circuits have many: XLA's older code for fused loops takes 0.65 of the time to compile and as long
to run (five hand-written circuits, 8 images of 224 px). `UNOPTIMISED` is for programs that run for
a fraction of a millisecond. Results of the three differ by rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import jax
from jax.core import Tracer

Inputs = ParamSpec("Inputs")
Result = TypeVar("Result")
Options = Mapping[str, str | bool]

FORWARD: Options = MappingProxyType({"xla_cpu_experimental_ynn_fusion_type": ""})

SMALL: Options = MappingProxyType(
    {
        **FORWARD,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": "1",
        "xla_backend_optimization_level": "1",
        "xla_llvm_disable_expensive_passes": True,
    }
)
UNOPTIMISED: Options = MappingProxyType({**SMALL, "xla_backend_optimization_level": "0"})


def compiled(
    *, static: tuple[str, ...] = (), options: Options = FORWARD
) -> Callable[[Callable[Inputs, Result]], Callable[Inputs, Result]]:
    """`jax.jit` with what to tell XLA; within another program it is a part of that.

    Args:
        static: Names of arguments that are no arrays.
        options: What to tell XLA.
    """

    def decorate(function: Callable[Inputs, Result]) -> Callable[Inputs, Result]:
        within: Any = jax.jit(function, static_argnames=static)

        @cache
        def alone() -> Any:
            return jax.jit(function, static_argnames=static, compiler_options=known(options))

        @wraps(function)
        def call(*args: Inputs.args, **keywords: Inputs.kwargs) -> Result:
            leaves = jax.tree.leaves((args, keywords))
            traced = any(isinstance(leaf, Tracer) for leaf in leaves)
            # JAX takes options for whole programs only
            return (within if traced else alone())(*args, **keywords)

        return call

    return decorate


def known(options: Options) -> dict[str, str | bool]:
    """Those options that this XLA knows."""
    pairs = tuple(options.items())
    # mostly it knows all of them: one question instead of five
    return dict(pairs if _known(pairs) else (pair for pair in pairs if _known((pair,))))


@cache
def _known(options: tuple[tuple[str, str | bool], ...]) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options=dict(options))()
    except jax.errors.JaxRuntimeError:
        return False
    return True
