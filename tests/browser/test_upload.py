"""Uploading: chosen, looked at, sent, built; and what is told of it."""

from __future__ import annotations

import base64
import gzip
import itertools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from support.server import Server, wait_until

from browser.conftest import OpenPage, hold_first

# A file that was loaded before is not loaded again.
NUMBERS = itertools.count(100, 10)
DEPARTMENTS = "id,department\n1,Sales\n2,Legal\n3,\nx,Research\n"
JOBS = "1,Clerk\n2,Baker\n"
HIRES = (
    "1,Ann,2021-02-03T10:00:00Z,1,1\n"
    "2,Bob,2021-05-03T10:00:00Z,1,2\n"
    "3,Cid,2021-05-04T10:00:00Z,2,2\n"
    "4,Dan,yesterday,2,2\n"
)


@pytest.fixture
def page(shared: Server, open_page: OpenPage) -> Page:
    return open_page(shared, "#/upload")


@pytest.fixture
def jobs() -> str:
    """Two rows that no other test loads."""
    number = next(NUMBERS)
    return f"{number},Clerk\n{number + 1},Baker\n"


def choose(page: Page, **files: str | bytes) -> None:
    page.set_input_files(
        "#files",
        [
            {
                "name": name.replace("__", "."),
                "mimeType": "text/csv",
                "buffer": content.encode() if isinstance(content, str) else content,
            }
            for name, content in files.items()
        ],
    )


def card(page: Page, name: str) -> Locator:
    return page.locator("article.file").filter(
        has=page.get_by_role("heading", name=name)
    )


def loads(server: Server) -> list[dict[str, Any]]:
    """The newest first."""
    found: list[dict[str, Any]] = server.get("/loads").json()
    return found


def rows_loaded(server: Server, table: str) -> int:
    return int(server.get(f"/tables/{table}").json()["rows_loaded"])


def upload(page: Page, count: int) -> None:
    noun = "file" if count == 1 else "files"
    page.get_by_role("button", name=f"Upload {count} {noun}").click()


def test_a_file_is_shown_before_anything_of_it_is_stored(
    page: Page, shared: Server
) -> None:
    before = len(loads(shared))
    choose(page, hires2021__csv=HIRES, departments__csv=DEPARTMENTS)
    hires = card(page, "hires2021.csv")
    expect(hires.get_by_label("Table", exact=True)).to_have_value("hired_employees")
    expect(hires).to_contain_text("chosen by its rows")
    expect(hires).to_contain_text("3 fit")
    expect(hires).to_contain_text("No header")
    expect(hires.get_by_role("columnheader", name="datetime")).to_contain_text(
        "date and time"
    )
    expect(hires.get_by_role("row").filter(has_text="Ann")).to_contain_text("2021")
    problem = hires.get_by_role("row").filter(has_text="yesterday")
    expect(problem).to_contain_text("datetime must be a date and time")
    departments = card(page, "departments.csv")
    expect(departments).to_contain_text("The first line is a header.")
    expect(departments).to_contain_text("chosen by its header")
    expect(departments).to_contain_text("2 do not")
    assert len(loads(shared)) == before


def test_an_upload_with_rejects_ends_in_counts_reasons_and_new_numbers(
    server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(server, "#/upload")
    choose(page, departments__csv=DEPARTMENTS, jobs__csv=JOBS, hires__csv=HIRES)
    upload(page, 3)
    expect(card(page, "jobs.csv")).to_contain_text("2 rows loaded")
    hires = card(page, "hires.csv")
    expect(hires).to_contain_text("3 rows loaded")
    expect(hires).to_contain_text("1 row rejected")
    expect(hires.get_by_role("row").filter(has_text="yesterday")).to_contain_text("4")
    changes = page.locator(".changes")
    expect(changes).to_contain_text("The sample is gone")
    expect(changes.get_by_role("row").filter(has_text="Legal").first).to_be_visible()
    expect(page.get_by_text("These are sample numbers.")).to_have_count(0)
    rows = server.rows("employees_per_department")
    assert {(row["department"], row["job"], row["Q2"]) for row in rows} == {
        ("Sales", "Clerk", 0),
        ("Sales", "Baker", 1),
        ("Legal", "Baker", 1),
    }
    with page.expect_download() as download:
        hires.get_by_role("button", name="Download the rejects").click()
    download.value.save_as(tmp_path / "mend.csv")
    mended = (tmp_path / "mend.csv").read_text()
    assert "4,Dan,yesterday,2,2,4," in mended
    choose(page, mended__csv=mended.replace("yesterday", "2021-09-01"))
    upload(page, 1)
    expect(card(page, "mended.csv")).to_contain_text("1 row loaded")
    changed = page.locator(".changes .moved").filter(has_text="Baker").first
    expect(changed.locator("del")).to_have_text("0")
    expect(changed.locator("ins")).to_have_text("1")


def test_a_file_that_fits_two_tables_is_not_sent_before_somebody_says_which(
    page: Page, shared: Server, jobs: str
) -> None:
    choose(page, list__csv=jobs)
    one = card(page, "list.csv")
    expect(one).to_contain_text("the rows fit departments and jobs")
    expect(page.get_by_role("button", name="Choose a table first")).to_be_disabled()
    one.get_by_label("Table", exact=True).select_option("jobs")
    expect(one).to_contain_text("2 fit")
    upload(page, 1)
    expect(one).to_contain_text("2 rows loaded")
    newest = loads(shared)[0]
    assert (newest["table"], newest["file_name"]) == ("jobs", "list.csv")


def test_a_table_can_be_chosen_in_place_of_that_of_the_name(page: Page) -> None:
    choose(page, departments__csv="1,Clerk\n")
    one = card(page, "departments.csv")
    expect(one.get_by_label("Table", exact=True)).to_have_value("departments")
    one.get_by_label("Table", exact=True).select_option("jobs")
    expect(one.get_by_role("columnheader", name="job")).to_be_visible()


def test_rows_copied_from_a_spreadsheet_are_taken(page: Page, shared: Server) -> None:
    before = rows_loaded(shared, "departments")
    page.get_by_text("Or paste rows").click()
    page.get_by_label("Rows", exact=True).fill(
        'id\tdepartment\n7\t"Food, Drink"\n8\tSports\n'
    )
    page.get_by_role("button", name="Look at these rows").click()
    expect(card(page, "pasted rows.csv")).to_contain_text("2 fit")
    upload(page, 1)
    expect(card(page, "pasted rows.csv")).to_contain_text("2 rows loaded")
    assert rows_loaded(shared, "departments") == before + 2


def test_a_dropped_gzip_is_looked_into(page: Page) -> None:
    packed = list(gzip.compress(DEPARTMENTS.encode()))
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "d.csv.gz"));
            return transfer;
        }""",
        packed,
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": transfer})
    expect(card(page, "d.csv.gz").get_by_label("Table", exact=True)).to_have_value(
        "departments"
    )
    expect(card(page, "d.csv.gz")).to_contain_text("2 fit")


def test_a_file_of_nothing_usable_is_refused_with_the_reason_and_not_sent(
    shared: Server, open_page: OpenPage
) -> None:
    page = open_page(shared, "#/upload", expected=("422", "400"))
    choose(page, departments__csv="<html></html>", jobs__csv="1,\n")
    expect(card(page, "departments.csv")).to_contain_text("is an HTML page")
    expect(card(page, "jobs.csv")).to_contain_text("job is required but empty")
    expect(page.get_by_role("button", name="Upload")).to_have_count(0)
    card(page, "jobs.csv").get_by_role("button", name="Remove jobs.csv").click()
    expect(card(page, "jobs.csv")).to_have_count(0)


def test_the_whole_table_can_be_replaced_and_that_be_undone(
    page: Page, shared: Server
) -> None:
    sent = [[1, "Sales"], [2, "Legal"]]
    shared.batch("departments", sent, prefer="respond-async")
    before = rows_loaded(shared, "departments")
    choose(page, departments__csv="3,Only\n")
    one = card(page, "departments.csv")
    one.get_by_label("Rows", exact=True).select_option("replace")
    upload(page, 1)
    expect(one).to_contain_text("1 row loaded")
    assert rows_loaded(shared, "departments") == 1 < before
    one.get_by_role("button", name="Undo this load").click()
    expect(one.get_by_text("undone", exact=True)).to_be_visible()
    assert rows_loaded(shared, "departments") == before


def test_the_same_file_again_is_not_counted_twice(
    page: Page, shared: Server, jobs: str
) -> None:
    before = len(loads(shared))
    for _ in range(2):
        choose(page, jobs__csv=jobs)
        expect(card(page, "jobs.csv").last).to_contain_text("2 fit")
        upload(page, 1)
        expect(page.get_by_role("button", name="Upload")).to_have_count(0)
    expect(page.get_by_text("Loaded before")).to_be_visible()
    assert len(loads(shared)) == before + 1


def test_an_upload_whose_answer_was_lost_is_tried_again_and_loaded_once(
    shared: Server, open_page: OpenPage, jobs: str
) -> None:
    before = len(loads(shared))
    page = open_page(shared, "#/upload", expected=("net::",))
    choose(page, jobs__csv=jobs)
    expect(card(page, "jobs.csv")).to_contain_text("2 fit")
    keys = []

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/upload_csv", lose_the_answer)
    upload(page, 1)
    expect(card(page, "jobs.csv")).to_contain_text("cannot be reached")
    card(page, "jobs.csv").get_by_role("button", name="Try again").click()
    expect(card(page, "jobs.csv")).to_contain_text("2 rows loaded")
    assert len(keys) == 2 and len(set(keys)) == 1
    assert len(loads(shared)) == before + 1


def test_nothing_is_sent_before_it_was_looked_at(page: Page, jobs: str) -> None:
    held = hold_first(page, "**/upload_csv")
    with page.expect_request("**/upload_csv"):
        choose(page, jobs__csv=jobs)
    button = page.locator(".actions button").first
    expect(button).to_have_text("Looking at the rows …")
    expect(button).to_be_disabled()
    held[0].fallback()
    expect(button).to_have_text("Upload 1 file")
    expect(button).to_be_enabled()
    expect(card(page, "jobs.csv")).to_contain_text("2 fit")


def test_sending_goes_on_while_other_pages_are_looked_at(
    page: Page, shared: Server, jobs: str
) -> None:
    before = len(loads(shared))
    choose(page, jobs__csv=jobs)
    upload(page, 1)
    page.get_by_role("link", name="Tables", exact=True).click()
    wait_until(lambda: len(loads(shared)) == before + 1)
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(card(page, "jobs.csv")).to_contain_text("2 rows loaded")


def test_a_file_on_its_way_shows_how_far_it_is(page: Page, jobs: str) -> None:
    choose(page, jobs__csv=jobs)
    expect(card(page, "jobs.csv")).to_contain_text("2 fit")
    page.evaluate(
        """() => {
            window.seen = new Set();
            const look = () => document.querySelectorAll(".steps .now")
                .forEach((step) => window.seen.add(step.textContent));
            const all = { subtree: true, childList: true, attributes: true };
            new MutationObserver(look).observe(document.body, all);
        }"""
    )
    upload(page, 1)
    expect(card(page, "jobs.csv")).to_contain_text("2 rows loaded")
    seen = page.evaluate("[...window.seen]")
    assert seen[-2:] == ["Checking", "Building"]


def test_the_table_is_that_which_the_file_fits_or_is_named_after(page: Page) -> None:
    cases = [
        ("x.csv", "job,id\nClerk,1\n", "jobs"),
        ("jobs.csv", "ID,Department\n1,Sales\n", "departments"),
        ("x.csv", "id,department,_line,_reasons\n3,,3,why\n", "departments"),
        ("Jobs 2021.csv", "1,Clerk\n", "jobs"),
        ("Job.csv", "Nummer;Beruf\n1;Clerk\n", "jobs"),
        ("x.csv", "1,Ann,2021-02-03T10:00:00Z,1,1\n", "hired_employees"),
        ("x.csv", "1,Ann,03/02/2021,1,1\n", "hired_employees"),
        ("hired employees.csv", "", "hired_employees"),
        ("no jobs.csv", "1,Clerk\n", None),
        ("x.csv", "a;b\n", None),
    ]
    found = page.evaluate(
        """async (cases) => {
            const { tableOf } = await import("/assets/fitting.js");
            const { tryOut } = await import("/assets/send.js");
            return Promise.all(cases.map(async ([name, text]) => {
                const { tables } = await tryOut(new Blob([text]), name, { said: {} });
                return tableOf(tables, name).table ?? null;
            }));
        }""",
        [case[:2] for case in cases],
    )
    assert found == [case[2] for case in cases]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_head_of_a_large_file_ends_with_a_row(
    page: Page, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    rows = [f'{n},"a ""b""\n{secrets.token_hex(30)}"\r\n' for n in range(20_000)]
    text = "".join(rows)
    head = page.evaluate(
        """async (text) => {
            const { headOf } = await import("/assets/head.js");
            const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt());
            const head = await headOf(new File([bytes], "x.csv"));
            return [...new Uint8Array(await head.arrayBuffer())];
        }""",
        base64.b64encode(pack(text.encode(encoding))).decode(),
    )
    read = bytes(head).decode(encoding)
    assert read == "".join(rows[: read.count("\r\n")])
    assert (1 << 18) - 500 < len(head) <= 1 << 18


def test_a_row_never_becomes_markup(page: Page) -> None:
    choose(page, departments__csv='1,"<img src=x onerror=alert(1)>"\n2,<b>bold</b>\n')
    one = card(page, "departments.csv")
    expect(one.get_by_role("cell").filter(has_text="<b>bold</b>")).to_be_visible()
    assert one.locator("img, b").count() == 0
