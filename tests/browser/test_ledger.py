"""Loads, builds and tables: what came in, what became of it, what it has to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.held_builder import held_builder
from support.server import Server, serving

from browser.conftest import OpenPage, hold_first

PUBLISHED = re.compile("published")


@pytest.fixture(scope="module")
def loaded(shared: Server) -> Server:
    """Two loads: departments with a reject, and hires that there are no jobs for."""
    shared.upload("departments", b"1,Sales\n2,Legal\n3,\n", name="mine.csv")
    shared.batch("hired_employees", [[1, "Ann", "2021-02-03T10:00:00Z", 1, 9]])
    return shared


def test_an_empty_ledger_says_where_to_begin(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server, "#/loads")
    expect(page.get_by_text("Nothing was loaded yet")).to_be_visible()


def test_a_load_is_undone_and_brought_back(loaded: Server, open_page: OpenPage) -> None:
    newest = loaded.get("/loads").json()[0]["load_id"]
    page = open_page(loaded, "#/loads")
    expect(page.get_by_text("mine.csv")).to_be_visible()
    page.get_by_role("button", name="Undo load 1").click()
    told = page.locator(".toast")
    expect(told).to_contain_text("Load 1 is undone; the numbers are")
    first = page.get_by_text(f"undone by {newest + 1}")
    expect(first).to_be_visible()
    assert loaded.get("/tables/departments").json()["rows_loaded"] == 0
    page.get_by_role("button", name="Bring it back").click()
    expect(told).to_contain_text("Load 1 counts again")
    expect(first).to_have_count(0)
    assert loaded.get("/tables/departments").json()["rows_loaded"] == 2
    page.get_by_role("button", name="Undo load 1").click()
    second = page.get_by_text(f"undone by {newest + 3}")
    expect(second).to_be_visible()
    page.get_by_role("button", name="Bring back load 1").click()
    expect(second).to_have_count(0)
    modes = [load["mode"] for load in loaded.get("/loads").json()]
    assert modes[:4] == ["redo", "undo", "redo", "undo"]


def test_of_two_readings_at_once_the_newer_is_shown(
    loaded: Server, open_page: OpenPage
) -> None:
    page = open_page(loaded, "#/loads")
    shown = page.get_by_text("mine.csv")
    expect(shown).to_be_visible()
    held = hold_first(page, "**/loads?limit=*")
    page.evaluate(
        "for (const _ of '12') document.dispatchEvent(new CustomEvent('key'))"
    )
    # Longer than a reading may take before the page says that it is at it.
    page.wait_for_timeout(2000)
    expect(shown).to_be_visible()
    with page.expect_response("**/loads?limit=*"):
        held[0].fulfill(json=[])
    page.wait_for_timeout(100)
    expect(shown).to_be_visible()
    expect(page.get_by_text("Nothing was loaded yet")).to_have_count(0)


def test_a_load_that_somebody_else_sends_appears_by_itself(
    loaded: Server, open_page: OpenPage
) -> None:
    before = len(loaded.get("/loads").json())
    page = open_page(loaded, "#/loads")
    expect(page.locator("tbody tr")).to_have_count(before)
    sent = loaded.batch("jobs", [[8, "Clerk"]], prefer="respond-async")
    assert sent.status_code == 202
    expect(page.locator("tbody tr")).to_have_count(before + 1)


def test_a_load_shows_its_rejects_and_its_build(
    loaded: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(loaded, "#/loads/1")
    expect(page.get_by_text("3 received, 2 loaded, 1 rejected")).to_be_visible()
    expect(
        page.get_by_role("row").filter(has_text="department is required")
    ).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the rejects").click()
    download.value.save_as(tmp_path / "mend.csv")
    assert (tmp_path / "mend.csv").read_text().startswith("id,department,_line")
    page.get_by_role("link", name=re.compile(r"build \d+")).click()
    expect(page.get_by_role("heading", name=re.compile(r"Build \d+"))).to_be_visible()


def test_a_build_tells_what_is_new_in_it_how_long_it_took_and_its_warnings(
    loaded: Server, open_page: OpenPage
) -> None:
    page = open_page(loaded, "#/builds")
    build_id = loaded.get("/loads/2").json()["build"]["build_id"]
    number = page.get_by_role("link", name=str(build_id), exact=True)
    of_its_own = page.locator("td:first-child").filter(has=number)
    one = page.locator("tbody tr").filter(has=of_its_own)
    expect(one).to_contain_text("load 2")
    expect(one).to_contain_text("warning")
    one.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Warnings")).to_be_visible()
    expect(page.locator(".failure.warn").first).to_contain_text("job_id")
    models = page.get_by_role("region", name=re.compile("Models of build"))
    expect(
        models.get_by_role("row").filter(has_text="quarterly_hires")
    ).to_contain_text("ms")


def test_a_build_can_be_asked_for(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "#/builds")
    expect(page.locator("tbody tr").first).to_be_visible()
    before = server.get("/builds").json()[0]["build_id"]
    page.get_by_role("button", name="Build now").click()
    expect(page.get_by_role("link", name=str(before + 1), exact=True)).to_be_visible()


def test_tables_tell_their_contract_and_give_a_template(
    loaded: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(loaded, "#/tables")
    one = page.locator("article").filter(
        has=page.get_by_role("heading", name="hired_employees")
    )
    expect(one).to_contain_text("1 row in 1 load")
    expect(one.get_by_role("row").filter(has_text="datetime")).to_contain_text(
        "ISO 8601"
    )
    expect(one).to_contain_text("A later row with the same id replaces the earlier one")
    with page.expect_download() as download:
        one.get_by_role("button", name="Download a CSV template").click()
    assert download.value.suggested_filename == "hired_employees.csv"
    download.value.save_as(tmp_path / "template.csv")
    template = (tmp_path / "template.csv").read_text()
    assert template.strip() == "id,name,datetime,department_id,job_id"


def test_older_loads_are_shown_when_asked_for_and_stay_shown(
    sample_warehouse: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    with serving(sample_warehouse, tmp_path) as server, held_builder(server):
        for n in range(1, 53):
            server.batch("jobs", [[n, "Clerk"]], prefer="respond-async")
        page = open_page(server, "#/loads")
        expect(page.locator("tbody tr")).to_have_count(50)
        page.get_by_role("button", name="Show older ones").click()
        expect(page.locator("tbody tr")).to_have_count(52)
        server.batch("jobs", [[53, "Baker"]], prefer="respond-async")
        expect(page.get_by_role("link", name="53", exact=True)).to_be_visible()
        expect(page.locator("tbody tr")).to_have_count(52)
        page.close()
