"""What a user brings, as a function of its weights and of images.

In: a Flax NNX or linen module, any pytree that can be called (Equinox), a function, or a partial
application of one of these. Out: an `Opened`, whose weights go by their paths in the module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np
from flax import linen, nnx

from circuitdsl.text.diagnostics import InputError

Path = tuple[str, ...]

_VALUE = "value"
"""The last key of an NNX variable's path."""


@dataclass(frozen=True)
class Opened:
    """A model as a function of arrays.

    Attributes:
        name: The name of its class or function.
        run: From the weights and the images to what the model gives.
        paths: Where each weight stands in the model.
        weights: The weights.
        closure: Arrays of modules that a function refers to, with their paths.
    """

    name: str
    run: Callable[[list[Any], Any], Any]
    paths: tuple[Path, ...]
    weights: list[Any]
    closure: tuple[tuple[Path, Any], ...] = ()

    def path_of(self, constant: Any) -> Path:
        """The path of an array that a function closes over; () if it has none."""
        return next((path for path, array in self.closure if array is constant), ())


def opened(model: Callable[..., Any]) -> Opened:
    """What a user brought.

    Raises:
        InputError: a linen module without variables, or weights that are not finite.
    """
    if not callable(model):
        raise InputError(
            f"a value of type `{type(model).__name__}` is no model",
            help="give a module or a function of images",
        )
    found = _opened(model)
    for path, weight in zip(found.paths, found.weights, strict=True):
        _check_finite(found.name, path, weight)
    for path, weight in found.closure:
        _check_finite(found.name, path, weight)
    return found


def _opened(model: Callable[..., Any]) -> Opened:
    if isinstance(model, partial):
        return _partial(model)
    if isinstance(model, linen.Module):
        return _linen(model)
    owner = model.__self__ if inspect.ismethod(model) else model
    if inspect.isroutine(model) and not _arrays(owner):
        return _function(model)
    method = model.__func__ if inspect.ismethod(model) else type(model).__call__
    return _nnx(owner, method) if isinstance(owner, nnx.Module) else _tree(owner, method)


def _nnx(module: nnx.Module, method: Callable[..., Any]) -> Opened:
    graph, state = nnx.split(module)
    paths, weights, structure = _leaves(state)

    def run(values: list[Any], images: Any, **options: Any) -> Any:
        merged = nnx.merge(graph, jax.tree_util.tree_unflatten(structure, values))
        return method(merged, images, **options)

    return Opened(type(module).__name__, run, paths, weights)


def _linen(module: linen.Module) -> Opened:
    name = type(module).__name__
    if module.scope is None:
        raise InputError(
            f"{name} is a linen module without variables",
            help="bind them to it: `module.bind(variables)`",
        )
    plain, variables = module.unbind()
    paths, weights, structure = _leaves(variables)

    def run(values: list[Any], images: Any, **options: Any) -> Any:
        tree = jax.tree_util.tree_unflatten(structure, values)
        return plain.apply(tree, images, **options)

    # the first key is the collection: params, batch_stats
    return Opened(name, run, tuple(path[1:] for path in paths), weights)


def _tree(module: Any, method: Callable[..., Any]) -> Opened:
    """Any callable whose arrays are leaves of a pytree, as Equinox' modules are."""
    flat, structure = jax.tree_util.tree_flatten_with_path(module)
    at = [index for index, (_, leaf) in enumerate(flat) if _is_array(leaf)]

    def run(values: list[Any], images: Any, **options: Any) -> Any:
        leaves = [leaf for _, leaf in flat]
        for index, value in zip(at, values, strict=True):
            leaves[index] = value
        return method(jax.tree_util.tree_unflatten(structure, leaves), images, **options)

    paths = tuple(_path(flat[index][0]) for index in at)
    return Opened(type(module).__name__, run, paths, [flat[index][1] for index in at])


def _partial(model: partial[Any]) -> Opened:
    """A module with options, or a function whose first arguments are trees of weights."""
    if not model.args:
        inner = _opened(model.func)
        return replace(inner, run=partial(inner.run, **model.keywords))
    arguments = (model.args, model.keywords)
    name = getattr(model.func, "__name__", type(model.func).__name__)

    def call(tree: tuple[tuple[Any, ...], dict[str, Any]], images: Any) -> Any:
        return model.func(*tree[0], images, **tree[1])

    found = _tree(arguments, call)
    # places among the arguments say nothing of a layer
    return replace(found, name=name, paths=tuple(path[2:] for path in found.paths))


def _function(function: Callable[..., Any]) -> Opened:
    def run(values: list[Any], images: Any, **options: Any) -> Any:
        del values
        return function(images, **options)

    name = getattr(function, "__name__", type(function).__name__)
    return Opened(name.strip("<>"), run, (), [], tuple(_closed_over(function)))


def _closed_over(function: Callable[..., Any]) -> Iterator[tuple[Path, Any]]:
    """The arrays of modules and trees that a function refers to."""
    if not inspect.isfunction(function):
        return
    seen = inspect.getclosurevars(function)
    for value in (*seen.nonlocals.values(), *seen.globals.values()):
        if isinstance(value, nnx.Module):
            paths, weights, _ = _leaves(nnx.state(value))
        elif isinstance(value, linen.Module) and value.scope is not None:
            paths, weights, _ = _leaves(value.variables)
            paths = tuple(path[1:] for path in paths)
        elif _arrays(value):
            flat = jax.tree_util.tree_flatten_with_path(value)[0]
            paths, weights = tuple(_path(path) for path, _ in flat), [leaf for _, leaf in flat]
        else:
            continue
        yield from zip(paths, weights, strict=True)


def _leaves(tree: Any) -> tuple[tuple[Path, ...], list[Any], Any]:
    flat, structure = jax.tree_util.tree_flatten_with_path(tree)
    return tuple(_path(path) for path, _ in flat), [leaf for _, leaf in flat], structure


def _path(keys: tuple[Any, ...]) -> Path:
    parts = [
        str(next(getattr(key, kind) for kind in ("key", "name", "idx") if hasattr(key, kind)))
        for key in keys
    ]
    return tuple(parts[:-1] if parts and parts[-1] == _VALUE else parts)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)


def _arrays(value: Any) -> bool:
    try:
        return any(_is_array(leaf) for leaf in jax.tree_util.tree_leaves(value))
    except (TypeError, ValueError):  # keys of a dictionary that have no order
        return False


def _check_finite(name: str, path: Path, weight: Any) -> None:
    if not _is_array(weight) or not jax.numpy.issubdtype(weight.dtype, np.floating):
        return
    if not np.isfinite(np.asarray(weight)).all():
        raise InputError(
            f"{name} has weights that are not finite, in `{'.'.join(path)}`",
            help="give a network whose training did not fail",
        )
