"""A network of the user's own, by a file and a name in it: `my_nets.py:network`.

In: such a text. Out: the `Network` that the file's function gives, as `circuitdsl.adapt` makes one.
The file is run as Python runs it, with its folder to import from.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError, suggestion

_HELP = (
    "write `def network(): return circuitdsl.adapt(module, example)` and give --model {}:network"
)


def own_network(name: str) -> Network:
    """The network that a function of a file gives.

    Args:
        name: `FILE.py:NAME`; NAME takes nothing and returns a network, or is one.

    Raises:
        InputError: there is no such file or name, the file fails, or it gives no network.
    """
    file, _, attribute = name.rpartition(":")
    help_ = _HELP.format(file or name)
    if not file:
        raise InputError(f"{name} does not say which of its functions gives a network", help=help_)
    path = Path(file)
    if not path.is_file():
        raise InputError(f"there is no file {path}", help=help_)
    module = _run(path)
    if not hasattr(module, attribute):
        near = suggestion(attribute, [key for key in vars(module) if not key.startswith("_")])
        raise InputError(f"{path} has no `{attribute}`", help=near or help_)
    value = getattr(module, attribute)
    if not isinstance(value, Network) and callable(value):
        try:
            value = value()
        except InputError:
            raise
        except Exception as error:
            raise _failed(path, f"`{attribute}()`", error) from error
    if not isinstance(value, Network):
        kind = type(value).__name__
        raise InputError(
            f"`{attribute}` of {path} gives a value of type `{kind}`, not a network", help=help_
        )
    return value


def _run(path: Path) -> ModuleType:
    """The file as a module.

    Raises:
        InputError: it cannot be run to its end.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is no file of Python", help="give one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.absolute().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _failed(path, str(path), error) from error
    finally:
        sys.path.remove(folder)
    return module


def _failed(path: Path, what: str, error: Exception) -> InputError:
    """What went wrong in a user's file, and at which of its lines."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path.absolute() or frame.filename == str(path)
    ]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    at = line or (lines[-1] if lines else None)
    where = "" if at is None else f" at line {at}"
    return InputError(
        f"{what} fails{where}: {type(error).__name__}: {error}".rstrip(": "),
        help=f"run it alone first: python {path}",
    )
