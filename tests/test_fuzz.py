"""Whatever a file holds, there is a result or there are diagnostics: 2,000 examples.

`python benchmarks/fuzz.py --examples N` runs as many as asked, and watches time and memory.
"""

from __future__ import annotations

import pytest
from fuzzing import KINDS, judge
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from circuitdsl.checking import check_source
from circuitdsl.text.source import Source

EXAMPLES = {"arbitrary": 750, "mutated": 1100, "generated": 150}


@pytest.mark.parametrize("kind", KINDS)
def test_any_file_gives_a_result_or_diagnostics(kind: str) -> None:
    @settings(
        max_examples=EXAMPLES[kind],
        # a smaller example is not worth the minutes that it may take
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(KINDS[kind])
    def examples(data: bytes) -> None:
        judge(data)

    examples()


HEAD = "circ 1\nbackbone V = inceptionv1()\n"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("circ 1\nlet a = " + "(" * 10_000 + "1" + ")" * 10_000, "E107", "nested more than"),
        ("circ 1\nlet a = " + "f(" * 10_000 + "1" + ")" * 10_000, "E107", "nested more than"),
        (HEAD + "family a [th: rot(1000000000)] at V.conv2d0", "E113", "1,000,000,000 members"),
        ('circ 1\nimport "/etc/passwd" as x', "E209", "outside the folder"),
        ('circ 1\nimport "../x.circ" as x', "E209", "outside the folder"),
        (
            HEAD + f"family a [th: rot(angles=[{'1deg, ' * 1_000_000}2deg])] at V.conv2d0",
            "E113",
            "a file may have 1,000,000 characters",
        ),
        (
            HEAD + f"family a [th: rot(angles=[{'1deg,' * 150_000}2deg])] at V.conv2d0",
            "E113",
            "a list of more than",
        ),
    ],
    ids=["nested", "nested-calls", "members", "absolute", "climbing", "angles", "fewer-angles"],
)
def test_what_could_go_on_for_ever_is_refused(text: str, code: str, words: str) -> None:
    found = check_source(Source("a.circ", text)).errors
    assert any(d.code == code and words in d.message for d in found), found


@given(st.integers(65, 400))
@settings(max_examples=5)
def test_depth_is_refused_at_any_depth(depth: int) -> None:
    text = "circ 1\nlet a = " + "(" * depth + "1" + ")" * depth
    assert {d.code for d in check_source(Source("a.circ", text)).errors} == {"E107"}
