"""The public names: what `circuitdsl.` offers, and that nothing takes the place of a name."""

from __future__ import annotations

import pkgutil
import re

from conftest import ROOT

import circuitdsl


def test_the_package_offers_its_public_names_alone() -> None:
    assert dir(circuitdsl) == sorted([*circuitdsl.__all__, "__version__"])


def test_no_module_has_the_name_of_something_public() -> None:
    """Importing `circuitdsl.fit` would put a module where the function `fit` was."""
    modules = {module.name for module in pkgutil.iter_modules(circuitdsl.__path__)}
    assert not modules & set(circuitdsl.__all__)


def test_the_table_of_functions_has_every_public_function() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8").split("## The functions")[1]
    named = set(re.findall(r"`(\w+)\(", page))
    functions = {name for name in circuitdsl.__all__ if name[0].islower()}
    assert named == functions
    assert all(callable(getattr(circuitdsl, name)) for name in circuitdsl.__all__)


def test_files_that_the_house_page_names_exist() -> None:
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)+\w+\.\w+|circuitdsl/__init__\.py)`", page)
    for name in named:
        if "NAME" not in name and not name.startswith("tests/"):
            places = (ROOT / name, ROOT / "circuitdsl" / name)
            assert any(path.is_file() for path in places), name
