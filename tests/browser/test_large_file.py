"""A file of 200 MB: the bar moves, the tab answers, its memory stays small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from support.server import Server

from browser.conftest import OpenPage

BYTES = 200_000_000
# How long the tab may be deaf: a frame is 16 ms. Its own work would block it each time,
# a busy machine does not.
DEAF_MS = 500
TRIES = 3
# What may be sent of it only to see what it would come to.
LOOKED_AT_BYTES = 1_000_000
# The tab's heap may grow by so much; the file is ten times as large.
HEAP_BYTES = 20_000_000


# Set up before the file is chosen, and asked for once it is loaded.
WATCH = """() => {
    const seen = window.seen = { parts: new Set(), deaf: 0, heap: 0, looked: 0 };
    const asking = window.fetch;
    window.fetch = (path, options) => {
        seen.looked += options?.body?.get("csv_file").size ?? 0;
        return asking(path, options);
    };
    window.heap = performance.memory.usedJSHeapSize;
    let last = performance.now();
    setInterval(() => {
        const now = performance.now();
        seen.deaf = Math.max(seen.deaf, now - last);
        last = now;
        seen.heap = Math.max(seen.heap, performance.memory.usedJSHeapSize);
        const bar = document.querySelector("progress[value]");
        if (bar) seen.parts.add(Math.floor(bar.value * 100));
    }, 10);
}"""


def test_a_large_file_is_sent_while_the_tab_answers(
    server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    path = tmp_path / "hired_employees.csv"
    rows = write_hires(path)
    for _ in range(TRIES):
        seen = sent(server, open_page(server, "#/upload"), path, rows)
        if seen["deaf"] < DEAF_MS:
            break
        # Another file than before.
        with path.open("a") as file:
            file.write(f"{rows},One More,2021-01-03T10:00:00Z,1,1\n")
        rows += 1
    assert seen["deaf"] < DEAF_MS, seen


def sent(server: Server, page: Page, path: Path, rows: int) -> dict[str, Any]:
    """Send the file; what was seen in the tab meanwhile."""
    page.evaluate(WATCH)
    before = server.get("/loads").json()
    page.set_input_files("#files", path)
    expect(page.get_by_text("The rest is checked while it is loaded.")).to_be_visible()
    assert server.get("/loads").json() == before
    page.get_by_role("button", name="Upload 1 file").click()
    loaded = page.get_by_text(f"{rows:,} rows loaded", exact=True)
    expect(loaded).to_be_visible(timeout=300_000)
    seen: dict[str, Any] = page.evaluate(
        "({ ...window.seen, parts: [...window.seen.parts] })"
    )
    assert len(seen["parts"]) >= 3, seen
    assert 0 < seen["looked"] < LOOKED_AT_BYTES, seen
    assert seen["heap"] - page.evaluate("window.heap") < HEAP_BYTES, seen
    return seen


def write_hires(path: Path) -> int:
    """Rows until the file is large enough; how many there are."""
    rows = 0
    with path.open("w") as file:
        while file.tell() < BYTES:
            file.writelines(
                f"{n},Somebody Or Other,2021-{n % 12 + 1:02}-03T10:00:00Z,1,{n % 180}\n"
                for n in range(rows, rows + 100_000)
            )
            rows += 100_000
    return rows
