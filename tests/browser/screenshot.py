"""The pictures in README, made of the real page on the sample: `make screenshot`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import expect, sync_playwright
from support.server import Server

from browser.conftest import chromium, flags

FOLDER = Path(__file__).parents[2] / ".readme"
SIZE = {"width": 1280, "height": 800}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "warehouse").start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags())
        for theme in THEMES:
            page = browser.new_page(
                viewport=SIZE,  # type: ignore[arg-type]
                color_scheme=theme,
                locale="en-GB",
                device_scale_factor=1.5,
            )
            page.goto(server.url)
            expect(page.locator("svg.marks")).to_have_count(2)
            page.screenshot(path=FOLDER / f"overview-{theme}.png", full_page=True)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
