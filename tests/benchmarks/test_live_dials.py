"""The benchmark of a notebook's dials says how long an answer takes."""

import re
import sys
from pathlib import Path

import dials
import pytest

TEXT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=32px)
dial wavelength : length = 6px in [4px, 9px] free
family bars [th: orient(4)] at V.conv2d0
connect V.input -> bars { place = gabor(wavelength, length=2px, width=2px) }
"""


def test_the_benchmark_prints_two_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("anywidget")
    file = tmp_path / "bars.circ"
    file.write_text(TEXT)
    monkeypatch.setattr(sys, "argv", ["dials.py", str(file)])
    monkeypatch.setattr(dials, "VALUES", 4)
    dials.main()
    assert re.fullmatch(r"median \d+ ms, at most \d+ ms\n", capsys.readouterr().out)
