"""The style of a page: the rules that it needs and no others."""

from __future__ import annotations

import re

from circuitdsl.reporting.templating import framed, needed_rules, policy_hash, whole_file

STYLE = """
body { margin: 0; font: 16px/1.5 system-ui }
.a .b, .c { color: var(--ink) }
@media print { .c { margin: 0 } .d { margin: 1px } }
@media print { .d { margin: 1px } }
"""


def test_rules_for_other_classes_are_left_out() -> None:
    page = '<p class="c x">'
    kept = needed_rules(STYLE, page)
    assert kept == (
        "body{margin:0;font:16px/1.5 system-ui}.c{color:var(--ink)}@media print{.c{margin:0}}"
    )


def test_a_page_with_all_classes_has_the_whole_style() -> None:
    style = whole_file("style.css", "page.css")
    names = {
        name
        for head in re.findall(r"[^{}]+(?={)", style)
        for name in re.findall(r"\.([a-z-]+)", head)
    }
    whole = needed_rules(style, f'<p class="{" ".join(names)}">')
    assert re.sub(r"\s", "", whole) == re.sub(r"\s", "", style)


def test_the_policy_is_that_of_the_style() -> None:
    page = framed("blocks_page.html.j2", title="t", blocks=[])
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert f"style-src '{policy_hash(style)}'" in page
    assert ".verdicts" not in style and "body{" in style
