"""The templates of pages and pictures.

In: a template's name and values. Out: text in which every value is escaped. A template that names a
value that is not there is refused.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"


def rendered(template: str, **values: Any) -> str:
    """A template with its values filled in."""
    return _environment().get_template(template).render(values)


def framed(template: str, **values: Any) -> str:
    """A page: a template in the frame, with our style and script, and a policy for them alone.

    The style has only rules for classes that the page has: a notebook holds a page for each cell.
    """
    script = _short_script(whole_file("mark.js"))
    hashes = {"script": script, "script_hash": policy_hash(script)}
    blank = {"style": _STYLE, "style_hash": _STYLE_HASH}
    page = rendered(template, **blank, **hashes, **values)
    style = needed_rules(whole_file("style.css", "page.css"), page)
    head, body = page.split("</head>", maxsplit=1)
    head = head.replace(_STYLE_HASH, policy_hash(style)).replace(_STYLE, style)
    return f"{head}</head>{body}"


_STYLE, _STYLE_HASH = "/* style */", "hash-of-style"
"""What stands in the head of a page before its style is known."""

_CLASS = re.compile(r"\.([a-z][a-z-]*)")
_MARKING = {"band", "under", "marked"}
"""Classes that the script gives."""


def needed_rules(style: str, page: str) -> str:
    """The rules of a style whose classes occur in a page, without blanks that mean nothing.

    Args:
        style: Rules, and rules inside of `@media`.
        page: The page.
    """
    names = {name for value in re.findall(r'class="([^"]*)"', page) for name in value.split()}
    tight = re.sub(r"\s*([{};,])\s*|(?<=:)\s+", lambda match: match[1] or "", style).strip()
    return _kept(tight, names | _MARKING)


def _kept(rules: str, names: Collection[str]) -> str:
    kept: list[str] = []
    for head, body in _rules(rules):
        if head.startswith("@"):
            inner = _kept(body, names)
            kept += [f"{head}{{{inner}}}"] if inner else []
            continue
        selectors = [
            one for one in head.split(",") if all(name in names for name in _CLASS.findall(one))
        ]
        kept += [f"{','.join(selectors)}{{{body}}}"] if selectors else []
    return "".join(kept)


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Each rule of a style: what stands before its brackets, and what in them."""
    start = depth = opened = 0
    for at, letter in enumerate(text):
        if letter == "{":
            depth += 1
            opened = at if depth == 1 else opened
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield text[start:opened], text[opened + 1 : at]
                start = at + 1


def _short_script(script: str) -> Markup:
    """A script without comments and indentation."""
    lines = (line.strip() for line in script.splitlines())
    return Markup("\n".join(line for line in lines if not line.startswith("//")))


def whole_file(*names: str) -> Markup:
    """Our own style or script, which goes into a page as it is."""
    texts = [(_FOLDER / name).read_text(encoding="utf-8") for name in names]
    return Markup("".join(texts))


def policy_hash(content: str) -> str:
    """How a content security policy names the one inline style or script that it allows."""
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode("ascii")


def point(place: Iterable[float]) -> str:
    """Coordinates as SVG writes them."""
    return ",".join(f"{number:.1f}" for number in place)


def in_single_quotes(page: str) -> Markup:
    """A page as the value of an attribute in single quotes, in the fewest letters.

    Nothing else needs to be escaped there, and pages are full of double quotes and brackets: with
    these escaped, a notebook is a fifth larger.
    """
    return Markup(str(page).replace("&", "&amp;").replace("'", "&#39;"))


def number_of(things: Collection[object], one: str, many: str) -> str:
    """How many things there are, and the noun that goes with the number."""
    return f"{len(things)} {one if len(things) == 1 else many}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["point"] = point
    shared: Any = environment.globals  # typed by the functions that jinja2 has itself
    shared["number_of"] = number_of
    environment.filters["in_single_quotes"] = in_single_quotes
    return environment
