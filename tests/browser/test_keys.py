"""Keys: asked for once, where they are needed, and kept for the session alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.server import Server, serving

from browser.conftest import OpenPage, hold_first

WRITER, READER = "w" * 24, "r" * 24
CSV = [{"name": "jobs.csv", "mimeType": "text/csv", "buffer": b"1,Clerk\n"}]


@pytest.fixture(scope="module")
def keyed(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One for all of these tests; what a page knows of a key ends with the page."""
    folder = tmp_path_factory.mktemp("keyed")
    keys = {"API_KEYS": f"hr:{WRITER}", "READ_KEYS": f"bi:{READER}"}
    with serving(sample_warehouse, folder, **keys) as server:
        yield server


def give(page: Page, key: str) -> None:
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_label("Key", exact=True).fill(key)
    dialog.get_by_role("button", name="Use this key").click()


def test_metrics_need_no_key_and_uploading_asks_once(
    keyed: Server, open_page: OpenPage
) -> None:
    page = open_page(keyed, expected=("401",))
    expect(page.locator("svg.marks").first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Upload", exact=True).click()
    page.set_input_files("#files", CSV)
    give(page, WRITER)
    expect(page.get_by_text("1 fit")).to_be_visible()
    page.get_by_role("button", name="Upload 1 file").click()
    expect(page.get_by_text("1 row loaded", exact=True)).to_be_visible()
    page.get_by_role("link", name="Loads", exact=True).click()
    ours = page.get_by_role("row").filter(has_text="jobs.csv")
    sender = ours.get_by_role("cell", name="hr", exact=True)
    expect(sender).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(sender).to_be_visible()
    kept = page.evaluate("[localStorage.length, document.cookie]")
    assert kept == [0, ""], "nothing outlives the session"


def test_a_wrong_key_is_told_and_another_asked_for(
    keyed: Server, open_page: OpenPage
) -> None:
    page = open_page(keyed, "#/builds", expected=("401",))
    give(page, "x" * 24)
    expect(page.get_by_role("dialog")).to_contain_text("key")
    give(page, READER)
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_key_that_may_not_write_is_told_so(
    keyed: Server, open_page: OpenPage
) -> None:
    page = open_page(keyed, "#/builds", expected=("401", "403"))
    give(page, READER)
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Build now").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("may only read")
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_have_count(0)


def test_a_refusal_that_comes_after_the_key_asks_for_none(
    keyed: Server, open_page: OpenPage
) -> None:
    page = open_page(keyed, "#/upload", expected=("401",))
    held = hold_first(page, "**/upload_csv")
    with page.expect_request("**/upload_csv"):
        page.set_input_files("#files", CSV)
    page.get_by_role("link", name="Builds", exact=True).click()
    give(page, WRITER)
    expect(page.locator("tbody tr").first).to_be_visible()
    with page.expect_response(lambda it: it.ok and it.url.endswith("/upload_csv")):
        held[0].fulfill(status=401, json={"code": "key_required"})
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(page.get_by_text("1 fit")).to_be_visible()


def test_downloads_carry_the_key(keyed: Server, open_page: OpenPage) -> None:
    sent = keyed.post(
        "/upload_csv",
        files={"csv_file": b"1,Clerk\n2,\n"},
        data={"table_name": "jobs"},
        headers={"X-API-Key": WRITER, "Prefer": "respond-async"},
    )
    page = open_page(keyed, f"#/loads/{sent.json()['load_id']}", expected=("401",))
    give(page, READER)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the rejects").click()
    assert "2,,2," in Path(download.value.path()).read_text()


def test_a_key_can_be_forgotten(keyed: Server, open_page: OpenPage) -> None:
    page = open_page(keyed, "#/builds", expected=("401",))
    give(page, READER)
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Forget the API key").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("This needs an API key", exact=True)).to_be_visible()


def test_without_a_key_a_failed_build_is_told_but_not_its_rows(
    keyed: Server, open_page: OpenPage
) -> None:
    page = open_page(keyed, expected=("401",))
    expect(page.locator("svg.marks").first).to_be_visible()
    page.route(
        "**/status",
        lambda route: route.fulfill(
            json=keyed.get("/status").json()
            | {
                "last_build": {
                    "build_id": 99,
                    "status": "failed",
                    "finished_at": "2026-01-01T00:00:00Z",
                    "failures": [
                        {"name": "not_null_x", "kind": "test", "file": "x.yml"}
                    ],
                }
            }
        ),
    )
    banner = page.get_by_role("region", name="Notices")
    expect(banner).to_contain_text("not_null_x failed. x.yml")
    expect(page.get_by_role("dialog")).to_have_count(0)
