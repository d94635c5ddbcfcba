"""The pages of the codes: why each is wrong, and what to do.

In: a code. Out: its page, from `codes.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent, wrap

from circuitdsl.text.diagnostics import CODES, InputError, suggestion


@dataclass(frozen=True)
class Page:
    """What there is to say about a code.

    Attributes:
        code: The code.
        title: A few words.
        text: Why it is wrong, and what to do.
        wrong: A file that shows it; empty where checking cannot.
        right: The same file as it should be.
    """

    code: str
    title: str
    text: str
    wrong: str = ""
    right: str = ""


def page(code: str) -> Page:
    """The page of a code.

    Raises:
        InputError: there is no such code.
    """
    entry = _pages().get(code.upper())
    if entry is None:
        hint = suggestion(code.upper(), CODES)
        raise InputError(
            f"there is no diagnostic `{code}`.",
            why=hint[:1].upper() + hint[1:],
            help=f"Codes run from {min(CODES)} to {max(CODES)}.",
        )
    return entry


def explain(code: str) -> str:
    """The page of a code as plain text.

    Raises:
        InputError: there is no such code.
    """
    entry = page(code)
    parts = [f"{entry.code}: {entry.title}", "\n".join(wrap(entry.text, 88))]
    for name, example in (("Wrong", entry.wrong), ("Right", entry.right)):
        if example:
            parts.append(f"{name}:\n\n{indent(example, '    ')}".rstrip())
    return "\n\n".join(parts) + "\n"


@cache
def _pages() -> dict[str, Page]:
    text = Path(__file__).with_name("codes.md").read_text(encoding="utf-8")
    pages: dict[str, Page] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        code, _, body = section.partition("\n")
        words = body.split("```circ", 1)[0].strip()
        examples = re.findall(r"```circ\n(.*?)```", body, flags=re.DOTALL)
        wrong, right = examples if examples else ("", "")
        pages[code.strip()] = Page(code.strip(), CODES[code.strip()], words, wrong, right)
    return pages
