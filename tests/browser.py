"""Pages in headless Chromium: what they log, ask for, name and show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Opened:
    """A page, and what it did since it was opened.

    Attributes:
        page: Playwright's page.
        logged: Errors and warnings of its console, and exceptions.
        asked: Addresses that it asked for, besides its own.
    """

    page: Any
    logged: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe objects to: the rule, and where."""
        from axe_playwright_python.sync_playwright import Axe

        response = Axe().run(self.page).response
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in response["violations"]
            for node in rule["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return self.page.evaluate(width)

    def marked(self) -> set[str]:
        """The units that are marked, each only if it is so everywhere that it occurs."""
        return set(
            self.page.evaluate(
                """() => {
                  const units = new Map();
                  for (const each of document.querySelectorAll("[data-unit]")) {
                    const marks = units.get(each.dataset.unit) ?? [];
                    marks.push(each.classList.contains("marked"));
                    units.set(each.dataset.unit, marks);
                  }
                  return [...units].filter(([, marks]) => marks.every(Boolean)).map(([u]) => u);
                }"""
            )
        )

    def tab_stops(self, most: int) -> list[int]:
        """The place in the document of each element that Tab reaches, up to the first repeated."""
        self.page.evaluate("document.activeElement?.blur()")
        self.page.evaluate("globalThis.stops = [...document.querySelectorAll('*')]")
        places: list[int] = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            place = self.page.evaluate("stops.indexOf(document.activeElement)")
            if place in places or self.page.evaluate("document.activeElement === document.body"):
                break
            places.append(place)
        return places


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser; skips the test, saying so, where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: install the distribution's package `chromium`")
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives Chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, path: Path, *, width: int = 1280, scheme: str = "light") -> Iterator[Any]:
    """A page opened from disk."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    shown = Opened(page)

    def note(message: Any) -> None:
        if message.type in ("error", "warning"):
            shown.logged.append(message.text)

    def ask(request: Any) -> None:
        if request.url != path.as_uri() and not request.url.startswith("data:"):
            shown.asked.append(request.url)

    page.on("console", note)
    page.on("pageerror", lambda error: shown.logged.append(str(error)))
    page.on("request", ask)
    page.goto(path.as_uri())
    try:
        yield shown
    finally:
        context.close()
