"""A real Chromium and a page in it that may not ask anybody else for anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    expect,
    sync_playwright,
)
from support.server import Server, serving

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDE, NARROW = {"width": 1600, "height": 900}, {"width": 360, "height": 740}

# The builder runs behind everything else that the machine does.
PATIENCE_SECONDS = 300

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags())
        yield browser
        browser.close()


def flags() -> list[str]:
    # As root, which CI often is, Chromium runs without its sandbox or not at all.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [*as_root, "--disable-dev-shm-usage"]


def chromium() -> str:
    found = os.environ.get("BROWSER") or next(
        filter(None, map(shutil.which, NAMES)), ""
    )
    assert found, "No Chromium is installed; install one, or name it in BROWSER."
    return found


class StatsReader:
    """What a page complains of, and whom it asks; nothing of either may be."""

    def __init__(self, context: BrowserContext, own: str) -> None:
        self.defects: list[str] = []
        self.expected: tuple[str, ...] = ()
        context.on("console", lambda m: self._told(m.type, m.text))
        context.on("weberror", lambda e: self.defects.append(str(e.error)))
        context.on("request", lambda r: self._asked(r.url, own))

    def _told(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.defects.append(text)

    def _asked(self, url: str, own: str) -> None:
        if not url.startswith((own, "blob:", "data:")):
            self.defects.append(f"asked {url}")

    def unexpected(self) -> list[str]:
        return [
            text
            for text in self.defects
            if not any(part in text for part in self.expected)
        ]


def hold_first(page: Page, address: str) -> list[Route]:
    """The first request to such an address, once it is made, for the test to answer;
    those after it go on. It stays routed: a route that ends with its first request
    (`times=1`) is taken away while that is answered, and the page may never see how."""
    held: list[Route] = []
    page.route(address, lambda route: route.continue_() if held else held.append(route))
    return held


@pytest.fixture(scope="module")
def shared(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server on the sample for the tests of a module.

    They look at nothing but what they have loaded themselves. The first build of a new
    server takes seconds, one of a load like the loads before it next to none.
    """
    with serving(sample_warehouse, tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Opens a page of a server. At the end it has asked nobody else and complained of
    nothing, but for what holds an `expected` text."""
    opened: list[tuple[BrowserContext, StatsReader]] = []

    def opening(
        server: Server,
        path: str = "",
        expected: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        chosen = {"viewport": WIDE, "locale": "en-GB", "color_scheme": "light"}
        context = browser.new_context(**chosen | options)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        watch = StatsReader(context, server.url)
        watch.expected = expected
        opened.append((context, watch))
        page = context.new_page()
        page.goto(f"{server.url}/{path}")
        return page

    yield opening
    for context, watch in opened:
        context.close()
        assert watch.unexpected() == []
