"""Tables of what the standard library declares, in the words of its own comments.

In: the files of the library. Out: Markdown tables, and a page whose tables are up to date. The
formula of a shape thus stands in one place, above its declaration.
"""

from __future__ import annotations

import re

from circuitdsl.checking.names.standard import comment_above, standard_file
from circuitdsl.syntax import nodes

_TABLE = re.compile(r"(<!-- (std\.\w+): generated -->\n).*?(<!-- end -->)", flags=re.DOTALL)


def with_library_tables(page: str) -> str:
    """A page with the tables of the library written anew.

    Args:
        page: Markdown; a table stands between `<!-- std.NAME: generated -->` and `<!-- end -->`.
    """
    return _TABLE.sub(lambda found: f"{found[1]}{library_table(found[2])}{found[3]}", page)


def library_table(name: str) -> str:
    """What a file of the library declares, a row each: the call, and the comment above it.

    Args:
        name: Such as `std.shapes`.
    """
    file = standard_file(name)
    rows = [
        f"| `{_call(item)}` | {comment_above(file, item).replace('|', chr(92) + '|')} |\n"
        for item in file.items
        if isinstance(item, nodes.Function | nodes.Motif)
    ]
    return "".join(("| declared | what it is |\n", "|---|---|\n", *rows))


def _call(item: nodes.Function | nodes.Motif) -> str:
    formals = (
        formal.name.text + ("" if formal.default is None else f"={formal.default.span.text}")
        for formal in item.formals
    )
    return f"{item.name.text}({', '.join(formals)})"
