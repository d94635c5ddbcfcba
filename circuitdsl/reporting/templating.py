"""The templates of pages and pictures.

In: a template's name and values. Out: text in which every value is escaped. A template that names a
value that is not there is refused.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
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
    """A page: a template in the frame, with our style and script, and a policy for them alone."""
    style, script = whole_file("style.css", "page.css"), whole_file("mark.js")
    return rendered(
        template,
        style=style,
        style_hash=policy_hash(style),
        script=script,
        script_hash=policy_hash(script),
        **values,
    )


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
    environment.filters["in_single_quotes"] = in_single_quotes
    return environment
