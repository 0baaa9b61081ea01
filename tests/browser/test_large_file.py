"""A file of 200 MB: the bar moves, the tab answers, its memory stays small."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect
from support.server import Server

from browser.conftest import OpenPage

BYTES = 200_000_000
# The page's work for the file is that for its bytes, the server's that for its rows.
ROW = ",Somebody" + " Or Other" * 200 + ",2021-01-03T10:00:00Z,1,1\n"
# So long the tab may work at a time, in which it is deaf: a frame is 16 ms. That is the
# processor's time, which a busy machine gives later, but not more of.
DEAF_MS = 100
# What may be sent of it only to see what it would come to.
LOOKED_AT_BYTES = 1_000_000
# The tab's heap may grow by so much; the file is ten times as large.
HEAP_BYTES = 20_000_000


# Set up before the file is chosen, and asked for once it is loaded.
WATCH = """() => {
    const seen = window.seen = { parts: new Set(), heap: 0, looked: 0 };
    const asking = window.fetch;
    window.fetch = (path, options) => {
        seen.looked += options?.body?.get("csv_file").size ?? 0;
        return asking(path, options);
    };
    window.heap = performance.memory.usedJSHeapSize;
    setInterval(() => {
        seen.heap = Math.max(seen.heap, performance.memory.usedJSHeapSize);
        const bar = document.querySelector("progress[value]");
        if (bar) seen.parts.add(Math.floor(bar.value * 100));
    }, 10);
}"""


def test_a_large_file_is_sent_while_the_tab_answers(
    server: Server, open_page: OpenPage, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "hired_employees.csv"
    rows = write_hires(path)
    page = open_page(server, "#/upload")
    page.evaluate(WATCH)
    browser.start_tracing(page=page, categories=["toplevel"])
    page.set_input_files("#files", path)
    expect(page.get_by_text("The rest is checked while it is loaded.")).to_be_visible()
    assert server.get("/loads").json() == []
    page.get_by_role("button", name="Upload 1 file").click()
    expect(page.get_by_text(f"{rows:,} rows loaded", exact=True)).to_be_visible()
    longest = longest_task(browser.stop_tracing())
    assert 0 < longest < DEAF_MS
    seen = page.evaluate("({ ...window.seen, parts: [...window.seen.parts] })")
    assert len(seen["parts"]) >= 3, seen
    assert 0 < seen["looked"] < LOOKED_AT_BYTES, seen
    assert seen["heap"] - page.evaluate("window.heap") < HEAP_BYTES, seen


def longest_task(trace: bytes) -> float:
    """Of what a page's thread does without a break: the most of the processor's time,
    in milliseconds."""
    events = json.loads(trace)["traceEvents"]
    pages = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return max(
        event["tdur"] / 1000
        for event in events
        if (event["pid"], event["tid"]) in pages and "tdur" in event
    )


def write_hires(path: Path) -> int:
    """Rows until the file is large enough; how many there are."""
    rows = BYTES // len(ROW)
    with path.open("w") as file:
        file.writelines(f"{n}{ROW}" for n in range(rows))
    assert path.stat().st_size > BYTES
    return rows
