"""The tutorials, run as a new user would: from an empty folder, with the wheel and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

PAGES = ("tutorials/detector", "tutorials/edit", "tutorials/compare", "own_images")
PROGRAM = """
import json, os, pathlib, sys
for name, code in json.loads(pathlib.Path("pages.json").read_text()).items():
    folder = pathlib.Path(name.replace("/", "_"))
    folder.mkdir()
    os.chdir(folder)
    print("#", name)
    exec(compile(code, name, "exec"), {"__name__": name})
    os.chdir("..")
"""


def code_of(page: str) -> str:
    """The code of a page, cell after cell."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return "\n".join(
        re.findall(r"```(?:{code-cell} ipython3|python)\n(.*?)```", text, flags=re.DOTALL)
    )


@pytest.fixture(scope="module")
def printed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each page prints."""
    import json

    folder, package = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package)
    pages = {page: code_of(page) for page in PAGES}
    (folder / "pages.json").write_text(json.dumps(pages), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(package), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    parts = re.split(r"^# (.*)$", done.stdout, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_a_detector_fails_its_claims_and_then_meets_them(printed: dict[str, str]) -> None:
    lines = printed["tutorials/detector"].splitlines()
    verdicts = [line.split()[0] for line in lines if line.startswith(("True", "False"))]
    assert verdicts == ["False", "False", "True", "True", "True", "True"]


def test_an_edit_has_controls(printed: dict[str, str]) -> None:
    text = printed["tutorials/edit"]
    assert text.count("random   arcs") == 3
    assert "curves   arcs" in text


def test_a_comparison_has_rows(printed: dict[str, str]) -> None:
    text = printed["tutorials/compare"]
    assert "line against conv2d2 of tiny" in text
    assert text.count("permuted") == 5


def test_a_circuit_runs_on_an_image(printed: dict[str, str]) -> None:
    assert printed["own_images"].strip() == "line[th=0deg]"


def test_every_page_has_its_place_on_the_site() -> None:
    """The site is built with warnings as errors, and a page outside of its index is one."""
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text(encoding="utf-8")
    named = re.findall(r"^([a-z_]+(?:/[a-z_]+)?)$", index, flags=re.MULTILINE)
    pages = {path.stem for path in docs.glob("*.md")} - {"index"}
    pages |= {f"tutorials/{path.stem}" for path in (docs / "tutorials").glob("*.md")}
    assert {name for name in named if not name.startswith("reference/")} == pages
