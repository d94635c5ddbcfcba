"""JSON files.

In: a record, nested dictionaries and lists of plain values. Out: a file of standard JSON, whole or
not at all. Numbers that JSON cannot say (a preferred angle where nothing fires) become null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from circuitdsl.text.files import write_text


def write_json(target: Path, record: Mapping[str, Any]) -> None:
    """Write a record to a file.

    Raises:
        OSError: the file can't be written.
    """
    write_text(target, json.dumps(_plain(record), indent=2, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {name: _plain(entry) for name, entry in entries.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in cast("list[Any]", value)]
    return value
