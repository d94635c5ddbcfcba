"""The public names: what `circuitdsl.` offers, and that nothing takes the place of a name."""

from __future__ import annotations

import pkgutil

import circuitdsl


def test_the_package_offers_its_public_names_alone() -> None:
    assert dir(circuitdsl) == sorted([*circuitdsl.__all__, "__version__"])


def test_no_module_has_the_name_of_something_public() -> None:
    """Importing `circuitdsl.fit` would put a module where the function `fit` was."""
    modules = {module.name for module in pkgutil.iter_modules(circuitdsl.__path__)}
    assert not modules & set(circuitdsl.__all__)
