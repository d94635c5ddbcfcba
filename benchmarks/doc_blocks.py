"""Run the commands of the documentation: `python benchmarks/doc_blocks.py --images DIR`.

In: the pages. Out: a line for each command: its exit status, its time and where it stands. Names
of files that a page makes up are replaced by real ones, and long commands by short ones (few
photographs, few steps). Benchmarks are not run.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = ("diagnostics.md", "gallery.md")
"""Pages that the program writes."""

SHORTER = {"--limit": "12", "--steps": "16"}
"""Options that make a command short, for the commands that have them."""

SPLICES = {"--limit": "112"}
"""The same for scripts that splice: they calibrate on 100 photographs."""

RESULTS = ("-o", "--json", "--figure", "--figures", "--shards")
"""Options that name a file or a folder to write."""

_FENCED = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:    \S[^\n]*\n)+")
_SHELL = re.compile(r"^(circuitdsl|pytest|python) ")


@dataclass(frozen=True)
class Block:
    """A block of code of a page.

    Attributes:
        page: The page, from the project's root.
        line: The line of its first line of code.
        kind: The word after the fence, such as `python`; empty for plain and indented blocks.
        text: The code.
    """

    page: str
    line: int
    kind: str
    text: str


def pages() -> list[Path]:
    """The README and the pages of the documentation, in order."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    hidden = ("_build", "reference", ".ipynb_checkpoints")
    return [
        page
        for page in found
        if page.name not in LEFT_OUT and not any(part in hidden for part in page.parts)
    ]


def blocks() -> Iterator[Block]:
    """Every block of code of every page, fenced ones first."""
    for page in pages():
        text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix()
        for match in _FENCED.finditer(text):
            line = text.count("\n", 0, match.start("text")) + 1
            yield Block(name, line, match["kind"].strip(), match["text"])
        plain = _FENCED.sub(_blank, text)
        for match in _INDENTED.finditer(plain):
            lines = [line.removeprefix("    ") for line in match[0].splitlines(keepends=True)]
            yield Block(name, plain.count("\n", 0, match.start()) + 1, "", "".join(lines))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]+", "-", match[0])


def commands() -> Iterator[tuple[Block, list[str]]]:
    """Every command of the shell that a page shows, with its block, as words."""
    for block in blocks():
        if block.kind not in ("", "bash"):
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in line.split(" && "):
                if _SHELL.match(part):
                    yield block, shlex.split(part)


def short(words: list[str], options: set[str], names: dict[str, str], folder: Path) -> list[str]:
    """A command with real files, which takes little time.

    Args:
        words: The command of a page.
        options: The options that the command has.
        names: Real files by the names that pages make up.
        folder: Where results go.
    """
    result: list[str] = []
    shorter = SHORTER | (SPLICES if any("/splice_" in word for word in words) else {})
    for before, word in zip(["", *words], words, strict=False):
        if before in shorter:
            result.append(shorter[before])
        elif before in RESULTS:
            result.append(str(folder / word))
        elif "*" in word:
            result += sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(word))
        else:
            result.append(names.get(word, word))
    for option, value in shorter.items():
        if option in options and option not in words:
            result += [option, value]
    return result


def real_files(images: Path, grid: Path | None, folder: Path) -> dict[str, str]:
    """Real files by the names that pages make up.

    Args:
        images: Labelled photographs.
        grid: Published response grids of curve detectors.
        folder: Where files may be written.
    """
    network = folder / "my_net.py"
    (code,) = (b.text for b in blocks() if b.page == "docs/networks.md" and b.kind == "python")
    network.write_text(code, encoding="utf-8")
    photograph = next(path for path in sorted(images.rglob("*")) if path.is_file())
    return {
        "DIR": str(images),
        "photographs/": str(images),
        "photograph.jpg": str(photograph),
        "my_net.py:network": f"{network}:network",
        **({} if grid is None else {"curve_grids_dev.npz": str(grid)}),
    }


def main() -> None:
    """Run the commands and print how they end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="labelled photographs")
    parser.add_argument("--grid", type=Path, help="published response grids of curve detectors")
    parser.add_argument("--page", help="the commands of one page, such as docs/seeing.md")
    parser.add_argument("--seconds", type=float, default=600, help="the most that one may take")
    chosen = parser.parse_args()
    folder = ROOT / "out"  # from where settings files can import the circuits
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        names = real_files(chosen.images.resolve(), chosen.grid, Path(scratch))
        for block, words in commands():
            if words[0] != "circuitdsl" or chosen.page not in (None, block.page):
                continue
            command = short(words, options_of(words), names, folder)
            start = time.perf_counter()
            status, last = _run(command, chosen.seconds)
            took = f"{time.perf_counter() - start:6.1f} s"
            print(status, took, f"{block.page}:{block.line}", shlex.join(words), flush=True)
            if status:
                print(f"    {last}", flush=True)


def options_of(words: list[str]) -> set[str]:
    """The options of a command, as its help lists them."""
    name = itertools.takewhile(lambda word: word in ("images", "check", "models"), words[2:])
    return set(re.findall(r"--[a-z-]+", _output([*words[:2], *name, "--help"])))


def _called(command: list[str]) -> list[str]:
    return [sys.executable, "-m", *command]


def _output(command: list[str]) -> str:
    wide = os.environ | {"COLUMNS": "200"}
    done = subprocess.run(
        _called(command), cwd=ROOT, env=wide, capture_output=True, text=True, check=False
    )
    return done.stdout


def _run(command: list[str], seconds: float) -> tuple[int, str]:
    """The exit status of a command and the end of what it says; 124 if it takes too long."""
    try:
        done = subprocess.run(
            _called(command),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"not done after {seconds:g} s"
    return done.returncode, (done.stderr or done.stdout).strip()[-600:]


if __name__ == "__main__":
    main()
