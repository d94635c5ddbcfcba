"""`--model FILE.py:NAME`: networks that a file of the user gives, and files that give none."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.text.diagnostics import InputError

FILE = """import jax
import jax.numpy as jnp
from functools import partial

import circuitdsl
from beside import KERNEL


def edges(weights, x):
    return jax.nn.relu(jax.lax.conv_general_dilated(
        x, weights["edges"], (2, 2), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    ))


def network():
    model = partial(edges, {"edges": KERNEL})
    return circuitdsl.adapt(model, jnp.zeros((1, 32, 32, 3)), name="mine")


def nothing():
    return 3


def failing():
    return 1 / 0


ready = network()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "beside.py").write_text(
        "import numpy as np\nKERNEL = np.eye(12).reshape(2, 2, 3, 12)\n"
    )
    (folder / "nets.py").write_text(FILE)
    (folder / "broken.py").write_text("x = 1\ny = (\n")
    (folder / "raising.py").write_text("x = 1\nraise ValueError('no weights')\n")
    return folder / "nets.py"


@pytest.mark.parametrize("name", ["network", "ready"])
def test_a_file_gives_a_network(file: Path, name: str) -> None:
    network = circuitdsl.load_network(f"{file}:{name}")
    assert (network.name, network.backbone.layers[-1].name) == ("mine", "edges")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nets.py", "does not say which of its functions gives a network"),
        ("none.py:network", "there is no file"),
        ("nets.py:netwrok", "has no `netwrok`"),
        ("nets.py:nothing", "`nothing` of .* gives a value of type `int`, not a network"),
        ("nets.py:failing", r"`failing\(\)` fails at line 25: ZeroDivisionError: division by zero"),
        ("broken.py:network", "fails at line 2: SyntaxError"),
        ("raising.py:network", "fails at line 2: ValueError: no weights"),
    ],
)
def test_files_that_give_none_are_one_message(file: Path, model: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        circuitdsl.load_network(str(file.parent / model))


def test_commands_take_it(file: Path, tmp_path: Path) -> None:
    other = ["--weights", str(tmp_path / "w.npz")]
    command = ["find", "lines", "--model", f"{file}:network", "--layer", "edges"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "of mine" in " ".join(done.output.split())
    refused = CliRunner().invoke(app, [*command, *other])
    assert (refused.exit_code, "has weights of its own" in refused.output) == (2, True)
