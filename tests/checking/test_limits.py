"""Every file ends: what would not is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from corpus import TEXTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuitdsl.checking import check_source, findings, loads
from circuitdsl.checking.findings import MOST_COMPARED, Findings
from circuitdsl.ir.tables.profiles import aliased_part, finest
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes import dot
from std.profiles import bump
backbone V = inceptionv1()
"""


def codes(text: str) -> set[str]:
    return {d.code for d in check_source(Source("a.circ", HEAD + text)).errors}


@pytest.mark.parametrize(
    "text",
    [
        "family a [th: rot(1000000000)] at V.conv2d0",
        "family a [th: rot(100), ph: phase(100)] at V.conv2d0",
        f"family a [th: rot(angles=[{'1deg,' * 5000}1deg])] at V.conv2d0",
        "let a = 1e999",
        "dial p : real = 1\nlet a = " + " + ".join(["p"] * 200),
        "dial p : real = 1\nlet a0 = p + 1\n"
        + "\n".join(f"let a{i + 1} = a{i} + a{i}" for i in range(40)),
        "fn f0(x) = x + x\n"
        + "\n".join(f"fn f{i + 1}(x) = f{i}(f{i}(x))" for i in range(40))
        + "\nlet a = f40(1)",
        "fn f0(x) = x + x\n"
        + "\n".join(f"fn f{i + 1}(x) = f{i}(x) + f{i}(x)" for i in range(30))
        + "\nlet a = f30(dot())",
        "\n".join(f"let a{i} = a{i + 1}" for i in range(5000)) + "\nlet a5000 = 1",
        "stimulus s = arcs(radius=linear(2px, 9px, 4000), th=every(1deg))",
        "stimulus s = noise(n=1000000)",
    ],
)
def test_beyond_the_limits(text: str) -> None:
    assert codes(text) & {"E113", "E304", "E308"}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"let a{i + 1} = a{i}" for i in range(3000)) + "\nlet a0 = 1",
        "family a [th: rot(4096)] at V.conv2d0",
        "\n".join(f"dial p{i} : real = {i}" for i in range(2000)),
    ],
)
def test_within_the_limits(text: str) -> None:
    assert codes(text) <= {"E113"} if "a0 = 1" in text else codes(text) == set()


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_files_give_a_circuit_or_diagnostics(text: str, data: st.DataObject) -> None:
    words = text.split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(words) - 1))
        words[index] = data.draw(
            st.sampled_from(words)
            | st.sampled_from(["0px", "1e300", "-1", "equal", "dot()", "(1px, 2tap)", "th", "[]"])
        )
    result = check_source(Source("a.circ", " ".join(words)))
    assert result.circuit is None or not result.errors


@pytest.mark.parametrize(
    ("width", "count", "period", "share"),
    [(25.0, 16, 180.0, 0.015), (25.0, 8, 180.0, 0.32), (45.0, 16, 360.0, 0.031)],
)
def test_aliased_part(width: float, count: int, period: float, share: float) -> None:
    assert aliased_part(width, count, period) == pytest.approx(share, rel=0.05)


def test_aliased_part_is_the_ratio_of_bessel_functions() -> None:
    import math

    from scipy.special import ive

    # odd numbers of members ask for half of an order
    for width, count in (
        (10.0, 16),
        (30.0, 12),
        (60.0, 4),
        (60.0, 5),
        (170.0, 5),
        (25.0, 9),
        (90.0, 512),
    ):
        kappa = math.log(2) / (1 - math.cos(math.radians(width)))
        assert aliased_part(width, count, 180.0) == pytest.approx(
            ive(count / 2, kappa) / ive(0, kappa), rel=1e-9 if count % 2 == 0 else 1e-5, abs=1e-12
        )


@pytest.mark.parametrize("kind", ["orient", "rot"])
@pytest.mark.parametrize("members", [4, 5, 9, 16, 64])
def test_the_finest_bump_is_where_the_warning_of_aliasing_begins(members: int, kind: str) -> None:
    period = "" if kind == "orient" else ", period=360deg"
    for less, codes in ((0.0, []), (0.01, ["L401"])):
        result = check_source(
            Source(
                "a.circ",
                "circ 1\nfrom std.shapes import blob, dot\nfrom std.profiles import bump, finest\n"
                f"backbone V = inceptionv1()\nfamily a [th: {kind}({members})] at V.conv2d0\n"
                f"family b [th: {kind}({members})] at V.conv2d1\n"
                "connect V.input -> a { place = blob(sigma=2px) }\nconnect a -> b {\n"
                "  place = dot()\n"
                f"  tune.th = bump(finest({members}{period}) - {less}deg)\n}}\n",
            )
        )
        assert [d.code for d in result.diagnostics] == codes


def test_a_dial_ranges_from_the_finest_bump_on() -> None:
    text = "circ 1\nfrom std.profiles import finest\ndial w = 25deg in [finest(16), 60deg]\n"
    (dial,) = loads(text + "backbone V = inceptionv1()\nfamily a at V.conv2d0\n").dials
    assert dial.low == finest(16, 180.0)
    assert finest(16, 360.0) == pytest.approx(2 * finest(16, 180.0), abs=0.02)


def test_hints_compare_no_more_names_than_a_check_affords() -> None:
    compared = 0

    def names() -> Iterator[str]:
        nonlocal compared
        for number in range(5000):
            compared += 1
            yield f"name{number}"

    check = Findings()
    assert check.nearest("nam7", names()) == "name7"
    hints = [check.nearest("nam7", names()) for _ in range(200)]
    assert compared == MOST_COMPARED
    assert hints[-1] is None


def test_unknown_names_of_a_long_file_read_few_known_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many unknown names is looked up among many known ones."""
    compared = 0

    def near(name: str, known: Iterable[str]) -> None:
        nonlocal compared
        compared += len(list(known))

    monkeypatch.setattr(findings, "nearest", near)
    lines = [f"let known{n} = unknown{n}" for n in range(1000)]
    result = check_source(Source("long.circ", "\n".join(["circ 1", *lines])))
    assert len(result.errors) == 1000
    assert compared <= MOST_COMPARED < 1000 * 1000
