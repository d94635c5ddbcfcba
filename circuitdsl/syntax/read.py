"""Files into sources."""

from __future__ import annotations

import re
from pathlib import Path

from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import read_as_input
from circuitdsl.text.source import Source

LARGEST = 1_000_000
"""Bytes of a circuit file; the parser refuses longer texts too."""


_ALONE = re.compile(r"\r(?!\n)")
"""A carriage return that is a line's end by itself."""


def read_source(path: str | Path, name: str | None = None) -> Source:
    """Read a circuit file.

    Args:
        path: The file.
        name: What messages call it; by default the path as given.

    Raises:
        InputError: it can't be read, or is no UTF-8 text.
    """
    file = Path(path)
    label = str(path) if name is None else name
    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            raise InputError(f"{label} is no regular file.", help="Check the path.")
        read_as_input(file)
        with file.open("rb") as stream:
            # one byte more than is legal is enough for the parser to refuse it, even from a device
            data = stream.read(4 * LARGEST + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"cannot read {label}: {reason[0].lower()}{reason[1:]}.", help="Check the path."
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(data) > 4 * LARGEST:
            text = data.decode("utf-8-sig", errors="replace")
        else:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{label} is no UTF-8 text: byte {error.start} (line {line}) does not fit.",
                help="Save the file as UTF-8.",
            ) from error
    # a text of an old Mac, whose comments would never end; offsets stay what they were
    return Source(label, _ALONE.sub("\n", text), file)
