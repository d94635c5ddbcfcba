"""Pages in a browser: nothing is logged or asked for; marks, keyboard, names, contrast, widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import chromium, opened
from crosses import write_crosses

import circuitdsl


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crosses(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def drawn(folder: Path) -> Path:
    circuitdsl.draw(folder / "crosses.circ", folder / "draw.html", images=folder / "scenes")
    return folder / "draw.html"


@pytest.fixture(scope="module")
def reported(folder: Path) -> Path:
    circuitdsl.report(
        folder / "crosses.circ",
        folder / "report.html",
        model="tiny",
        images=folder / "scenes",
        steps=0,
    )
    return folder / "report.html"


@pytest.fixture(scope="module")
def magnified(folder: Path) -> Path:
    circuitdsl.microscope(
        folder / "units.html",
        ["conv2d1:1", "conv2d0:1"],
        model="tiny",
        images=folder / "scenes",
        steps=0,
    )
    return folder / "units.html"


MOST_STOPS = 60
"""Presses of Tab; each is a round trip to the browser."""

PAGES = ("drawn", "reported", "magnified")


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, browser) -> Path:
    """Each page in turn; the browser first, so that nothing is computed where there is none."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_quiet_asks_for_nothing_and_satisfies_axe(page: Path, browser, scheme) -> None:
    with opened(browser, page, scheme=scheme) as shown:
        shown.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert shown.violations() == []
        assert (shown.logged, shown.asked) == ([], [])
        assert shown.overflow() <= 0


def test_a_page_fits_a_telephone_and_paper(page: Path, browser) -> None:
    with opened(browser, page, width=390) as shown:
        assert shown.overflow() <= 0
        shown.page.emulate_media(media="print", color_scheme="dark")
        ground = "getComputedStyle(document.body).backgroundColor"
        assert shown.page.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_unit_is_marked_everywhere(page: Path, browser) -> None:
    with opened(browser, page) as shown:
        units = "[...document.querySelectorAll('li[data-unit][tabindex]')].map(e => e.dataset.unit)"
        unit = shown.page.evaluate(units)[-1]
        shown.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        first = shown.page.locator(f'li[data-unit="{unit}"][tabindex]').first
        first.focus()
        assert shown.marked() == {unit}
        first.evaluate("e => e.blur()")
        assert shown.marked() == set()
        first.click()
        first.evaluate("e => e.blur()")
        shown.page.mouse.move(1, 1)
        assert shown.marked() == {unit}
        shown.page.keyboard.press("Escape")
        assert shown.marked() == set()
        shown.page.goto(f"{page.as_uri()}#{unit}")
        assert shown.marked() == {unit}


def test_the_keyboard_reaches_everything_in_order(page: Path, browser) -> None:
    with opened(browser, page) as shown:
        reachable = shown.page.evaluate(
            "document.querySelectorAll('a[href], [tabindex=\"0\"], summary').length"
        )
        shown.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        stops = shown.tab_stops(MOST_STOPS)
        assert stops == sorted(stops)
        assert len(stops) >= min(reachable, MOST_STOPS)
