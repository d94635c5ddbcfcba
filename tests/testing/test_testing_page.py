"""What docs/testing.md shows, runs."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_example_runs(index: int, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(EXAMPLES[index], {})
