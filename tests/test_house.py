"""The rules of the house: who imports whom, what a light import loads, what ships."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from conftest import ROOT

import circuitdsl
from circuitdsl.syntax.read import read_source
from circuitdsl.syntax.size import size_of
from circuitdsl.text.resources import circuits_folder, grammar_file

PACKAGE = ROOT / "circuitdsl"
MODULES = sorted(PACKAGE.rglob("*.py"))
CIRCUITS = sorted((ROOT / "circuits_src").rglob("*.circ"))

ORDER = (
    ("text",),
    ("syntax", "ir"),
    ("reference",),
    ("checking",),
    ("builder",),
    ("compiling",),
    ("lowering",),
    ("models",),
    ("stimuli",),
    ("measure",),
    ("editing",),
    ("compare",),
    ("fitting",),
    ("visualizing",),
    ("pipeline",),
    ("run",),
    ("testing",),
    ("reporting",),
    ("highlighting", "lsp", "notebook"),
    ("cli",),
    ("__init__", "__main__"),
)
"""The parts of the package; imports go only to earlier lines."""

INNER_ORDER = {
    "checking": (
        ("findings",),
        ("scope",),
        ("analysis",),
        ("messages",),
        ("values",),
        ("names",),
        ("stimuli",),
        ("connections",),
        ("families",),
        ("circuits",),
        ("edits",),
        ("circuit",),
        ("load",),
        ("__init__",),
    ),
}
"""The parts of packages that have folders of their own; imports go only to earlier lines."""

RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}

FIRST_ALLOWED = {
    "numpy": "reference",
    "scipy": "lowering",
    "safetensors": "lowering",
    "jax": "compiling",
    "flax": "models",
    "optax": "models",
    "h5py": "models",
    "PIL": "models",
    "rich": "reporting",
    "pygments": "highlighting",
    "pygls": "lsp",
    "lsprotocol": "lsp",
    "typer": "cli",
    "hypothesis": "testing",
    "pytest": "testing",
}
"""Where in the order a library may first appear."""

ONLY_IN = {
    "lark": "syntax/parse.py",
    "matplotlib": "reporting/",
    "plotly": "reporting/",
    "jinja2": "reporting/",
    "tensorboard": "models/",
    "hypothesis": ("testing/parts.py", "testing/strategies.py"),
    "pytest": "testing/plugin.py",
    "anywidget": "notebook.py",
    "traitlets": "notebook.py",
}
UNSAFE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    return name_of(path).split("/", maxsplit=1)[0].removesuffix(".py")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


@pytest.fixture(scope="module", autouse=True)
def _trees_are_let_go() -> Iterator[None]:
    yield
    trees.cache_clear()


@cache
def imports() -> tuple[tuple[Path, str, str], ...]:
    """File, `file:line` and dotted name of every import, wherever it stands in the file."""
    return tuple(_imports())


def _imports() -> Iterator[tuple[Path, str, str]]:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "circuitdsl":
                names = [f"circuitdsl.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = ["." * node.level + (node.module or "")]
            else:
                continue
            for name in names:
                yield path, f"{name_of(path)}:{node.lineno}", name


def texts_of(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings of a file that are no docstrings."""
    documents = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in documents:
            yield node


@pytest.mark.parametrize(
    ("words", "homes"),
    [
        # tuning curves are anything's, curves a kind of units
        (r"(?<!tuning )\bcurves\b|\bcurve (detector|neuron|unit)", ("measure/finders/",)),
        (
            r"inception|\bmixed\d|\bconv2d\d",
            (
                "ir/backbones/",
                "models/registry.py",
                "models/files/",  # formats go by the names of the files that have them
                "measure/finders/",  # what was published is of one network
                "cli/",  # help texts give examples
                "testing/strategies.py",  # circuits to test with
            ),
        ),
    ],
)
def test_nothing_else_knows_one_kind_or_one_network(words: str, homes: tuple[str, ...]) -> None:
    found = [
        f"{name_of(path)}:{text.lineno}: {text.value}"
        for path, tree in trees()
        if not name_of(path).startswith(homes)
        for text in texts_of(tree)
        # what stands between backticks is an example
        if re.search(words, re.sub(r"`[^`]*`", "", str(text.value)), re.IGNORECASE)
    ]
    assert found == []


MOST_FILES = 17
"""A folder with more is hard to find one's way in."""


def test_no_folder_is_crowded() -> None:
    folders = Counter(module.parent for module in MODULES)
    assert {folder.name: count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_no_two_files_of_tests_have_one_name() -> None:
    """Without packages pytest takes the second for the first, and reads neither."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_part_has_its_place_in_the_order() -> None:
    assert {part_of(path) for path in MODULES} <= set(RANK)


def test_imports_go_leftwards() -> None:
    wrong: list[str] = []
    for path, place, name in imports():
        top, *rest = name.split(".")
        if top == "":
            wrong.append(f"{place} imports relatively")
        if top != "circuitdsl" or name == "circuitdsl.__version__":
            continue
        part, imported = part_of(path), rest[0] if rest else "__init__"
        if imported != part and RANK.get(imported, len(ORDER)) >= RANK[part]:
            wrong.append(f"{place}: {part} must not import {imported}")
    assert wrong == []


def test_imports_inside_a_package_go_leftwards() -> None:
    wrong: list[str] = []
    for package, order in INNER_ORDER.items():
        rank = {part: place for place, parts in enumerate(order) for part in parts}
        for path, place, name in imports():
            _, imported_package, *rest = [*name.split("."), "", ""]
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            if (parts[0], imported_package) != (package, package):
                continue
            if rest[0] != parts[1] and rank.get(rest[0], len(order)) >= rank[parts[1]]:
                wrong.append(f"{place}: {parts[1]} must not import {rest[0]}")
    assert wrong == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports inside functions count, and those that only a type checker reads."""
    graph: dict[str, set[str]] = {}
    for path, tree in trees():
        names = graph.setdefault(module_of(path), set())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module != "circuitdsl":
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    known = {name: names & graph.keys() - {name} for name, names in graph.items()}
    try:
        tuple(TopologicalSorter(known).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_libraries_stay_where_they_belong() -> None:
    wrong: list[str] = []
    for path, place, name in imports():
        part, top = part_of(path), name.split(".")[0]
        allowed = (
            top not in UNSAFE  # they can run what a file says
            and name_of(path).startswith(ONLY_IN.get(top, ""))
            and RANK[part] >= RANK[FIRST_ALLOWED.get(top, "text")]
        )
        if not allowed:
            wrong.append(f"{place} imports {top}")
    assert wrong == []


def test_nothing_is_unpickled() -> None:
    wrong = [
        f"{name_of(path)}:{node.value.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert wrong == []


def test_files_and_functions_stay_short() -> None:
    """Signatures and docstrings do not count: commands need room for their options."""
    wrong: list[str] = []
    for path, tree in trees():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            wrong.append(f"{name_of(path)} has {lines} lines")
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            code = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (code[-1].end_lineno or 0) - code[0].lineno + 1 if code else 0
            if lines > 60:
                wrong.append(f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines")
    assert wrong == []


HEAVY = {"numpy", "lark", "matplotlib", "rich", "typer", *FIRST_ALLOWED}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import circuitdsl", ()),
        ("import circuitdsl.checking", ("lark",)),
        ("import circuitdsl.testing", ()),
        (
            "import circuitdsl.text.diagnostics, circuitdsl.ir.circuit, circuitdsl.text.resources",
            (),
        ),
    ],
)
def test_light_imports(statement: str, allowed: tuple[str, ...]) -> None:
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    printed = run_python(program, cwd=ROOT)
    loaded = {name.split(".")[0] for name in printed.split()}
    assert loaded & HEAVY <= set(allowed)


def run_python(program: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "pyproject.toml",
        ".pre-commit-config.yaml",
        ".ci/run",
        "grammars/circ.lark",
        "circuits_src/curves.circ",
        "circuits_src/curves_fitted.circ",
        "circuits_src/std/shapes.circ",
        "circuits_src/std/profiles.circ",
        "circuits_src/std/motifs.circ",
        "docs/language.md",
        "docs/diagnostics.md",
        "examples",
        "benchmarks",
    ],
)
def test_top_level(name: str) -> None:
    assert (ROOT / name).exists()


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# ---- the clean room --------------------------------------------------------------------------

DATA = {".safetensors", ".npz", ".npy", ".h5", ".hdf5", ".pb", ".pt", ".pth", ".ckpt", ".msgpack"}
TINY = "circuitdsl/models/tiny.safetensors"


def code_of(path: Path) -> str:
    """A circuit file without its comments and strings."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r'"""[\s\S]*?"""|"[^"\n]*"|#[^\n]*', " ", text)


def test_circuits_are_written_by_hand() -> None:
    """Short, few numbers, and no trained network named.

    Scripts in `edits` open whatever network is chosen; they find its units, and wire nothing.
    """
    assert CIRCUITS
    for path in CIRCUITS:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, path
        size = size_of(read_source(path))
        assert size.chosen + size.fitted < 150, path
        if path.parent.name == "edits":
            assert re.findall(r"\bweights\s*=.*", text) == ['weights="default", input=224px)'], path
            assert not re.search(r"^(family|connect|motif|dial)\b", text, re.MULTILINE), path
            assert not re.search(r"\d[a-e]:|mixed\w*\[", code_of(path)), path
        else:
            assert not re.search(r"\bweights\s*=", code_of(path)), path
        assert "caffe2" not in text, path


@pytest.mark.parametrize("folder", ["circuitdsl", "circuits_src"])
def test_no_trained_weights_but_those_of_tiny(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if not path.is_file() or "__pycache__" in name:
            continue
        assert path.suffix not in DATA or name == TINY, name
        assert path.stat().st_size < 2_000_000, name


def test_no_array_is_written_out_in_python() -> None:
    wrong: list[str] = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.List | ast.Tuple):
                constants = [one for one in node.elts if isinstance(one, ast.Constant)]
                if sum(isinstance(one.value, float) for one in constants) > 32:
                    wrong.append(f"{name_of(path)}:{node.lineno}")
    assert wrong == []


# ---- what ships ------------------------------------------------------------------------------


def test_wheel_carries_grammar_circuits_and_tiny(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "circuitdsl/shipped/grammars/circ.lark" in names
    for path in CIRCUITS:
        assert f"circuitdsl/shipped/{path.relative_to(ROOT).as_posix()}" in names
    assert TINY in names
    foreign = {
        name
        for name in names
        if not name.startswith(("circuitdsl/", f"circuitdsl-{circuitdsl.__version__}.dist-info/"))
    }
    assert not foreign
    assert not {name for name in names if "__pycache__" in name or "/tests/" in name}


def test_wheel_reads_its_own_copies(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = """
from circuitdsl.checking import load, loads
from circuitdsl.text.resources import circuits_folder, grammar_file
print(grammar_file(), circuits_folder(), len(load(circuits_folder() / "curves.circ").families))
print(len(loads('circ 1\\nimport "shipped/curves.circ" with { tight = 30px }').families))
"""
    printed = run_python(program, cwd=tmp_path, PYTHONPATH=str(tmp_path)).split()
    shipped = tmp_path.resolve() / "circuitdsl" / "shipped"
    assert printed[:2] == [str(shipped / "grammars" / "circ.lark"), str(shipped / "circuits_src")]
    assert int(printed[2]) == int(printed[3]) > 0


def test_checkout_is_read_first() -> None:
    if Path(circuitdsl.__file__).resolve().parent != PACKAGE:
        pytest.skip("circuitdsl is not installed from this checkout")
    assert grammar_file() == ROOT / "grammars" / "circ.lark"
    assert circuits_folder() == ROOT / "circuits_src"
