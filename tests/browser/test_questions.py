"""What a file needs a word for is asked on its card, and remembered for the next."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from support.server import Server

from browser.conftest import NARROW, OpenPage
from browser.test_looks import accessible
from browser.test_upload import card, choose, upload

TABLE = "hired_employees"
HEADER = "Nr.;Mitarbeiter;Eintritt;Abteilung;Stelle;Bemerkung\r\n"
MEANT = {
    "Nr.": "id",
    "Mitarbeiter": "name",
    "Eintritt": "datetime",
    "Abteilung": "department_id",
    "Stelle": "job_id",
}
REFUSED = ("400", "422")


def export(number: int, header: str = HEADER) -> bytes:
    """What Excel writes in German."""
    rows = f"{number}1;Jürgen;27.07.2021;1;2;neu\r\n{number}2;Zoë;03.08.2021;2;1;\r\n"
    return (header + rows).encode("cp1252")


@pytest.fixture
def page(shared: Server, open_page: OpenPage) -> Iterator[Page]:
    yield open_page(shared, "#/upload", expected=REFUSED)
    forget_all(shared)


def forget_all(server: Server) -> None:
    for known in server.get(f"/tables/{TABLE}").json()["readings"]:
        server.delete(f"/tables/{TABLE}/readings/{known['reading_id']}")


def choose_table(one: Locator, table: str = TABLE) -> None:
    one.get_by_label("Table", exact=True).select_option(table)


def answer(one: Locator) -> None:
    one.get_by_role("button", name="Read it so").click()


def map_columns(one: Locator, meant: dict[str, str] = MEANT) -> None:
    for name, column in meant.items():
        one.get_by_label(name, exact=True).select_option(column)
    answer(one)


def answer_all(page: Page, name: str) -> Locator:
    one = card(page, name)
    one.get_by_role("radio", name="Windows-1252").check()
    answer(one)
    expect(one).to_contain_text("Please choose the table")
    choose_table(one)
    map_columns(one)
    expect(one).to_contain_text("2 fit")
    return one


def test_an_export_in_german_is_asked_about_once(page: Page, shared: Server) -> None:
    choose(page, Juli__csv=export(1))
    one = card(page, "Juli.csv")
    expect(one.get_by_role("group")).to_contain_text("In which of these")
    expect(one.get_by_role("radio", name="Windows-1252")).to_be_visible()
    expect(one).to_contain_text("Jürgen")
    button = page.get_by_role("button", name="Answer first")
    expect(button).to_be_disabled()
    answer_all(page, "Juli.csv")
    expect(one).to_contain_text("Read as Windows-1252 with semicolons; days first")
    expect(one).to_contain_text("column Bemerkung passed over")
    expect(one.get_by_label("Read the next file")).to_be_checked()
    upload(page, 1)
    expect(one).to_contain_text("2 rows loaded")
    known = shared.get(f"/tables/{TABLE}").json()["readings"][0]
    assert known["said"]["columns"]["Eintritt"] == "datetime"

    choose(page, August__csv=export(2))
    following = card(page, "August.csv")
    expect(following).to_contain_text("2 fit")
    expect(following).to_contain_text("Read as last time (")
    upload(page, 1)
    expect(following).to_contain_text("2 rows loaded")
    newest = shared.get("/loads").json()[0]
    assert newest["reading"]["remembered"] == known["reading_id"]
    page.get_by_role("link", name=f"load {newest['load_id']}").click()
    expect(page.locator(".facts")).to_contain_text("Windows-1252 with semicolons")


def test_what_is_taken_back_is_asked_again(page: Page, shared: Server) -> None:
    choose(page, one__csv=export(3))
    answer_all(page, "one.csv")
    upload(page, 1)
    expect(card(page, "one.csv")).to_contain_text("2 rows loaded")
    choose(page, two__csv=export(4))
    two = card(page, "two.csv")
    two.get_by_role("button", name="Ask again").click()
    expect(two.get_by_role("radio", name="Windows-1252")).to_be_visible()
    assert shared.get(f"/tables/{TABLE}").json()["readings"] == []
    two.get_by_role("radio", name="Windows-1252").check()
    answer(two)
    map_columns(two)
    upload(page, 1)
    expect(two).to_contain_text("2 rows loaded")
    page.get_by_role("link", name="Tables", exact=True).click()
    known = page.get_by_role("region", name=f"Remembered readings of {TABLE}")
    expect(known).to_contain_text("Mitarbeiter as name")
    known.get_by_role("button", name="Take back").click()
    expect(page.locator(".toast")).to_contain_text("Taken back")
    expect(known).to_have_count(0)


def test_a_file_that_waits_is_not_asked_what_is_remembered_meanwhile(
    page: Page,
) -> None:
    choose(page, first__csv=export(5), second__csv=export(6))
    expect(card(page, "second.csv").get_by_role("radio").first).to_be_visible()
    answer_all(page, "first.csv")
    upload(page, 1)
    expect(card(page, "second.csv")).to_contain_text("Read as last time")


def test_what_is_not_to_be_remembered_is_asked_again(
    page: Page, shared: Server
) -> None:
    choose(page, one__csv=export(7))
    answer_all(page, "one.csv").get_by_label("Read the next file").uncheck()
    upload(page, 1)
    expect(card(page, "one.csv")).to_contain_text("2 rows loaded")
    assert shared.get(f"/tables/{TABLE}").json()["readings"] == []


def test_an_export_is_mapped_by_keyboard_alone(page: Page, shared: Server) -> None:
    choose(page, Liste__csv=export(8))
    press, focused = page.keyboard.press, page.locator(":focus")
    one = card(page, "Liste.csv")
    expect(one.get_by_role("radio").first).to_be_visible()
    page.locator("#files").focus()
    for _ in range(20):
        press("Tab")
        if focused.get_attribute("type") == "radio":
            break
    press("Space")
    press("Enter")
    expect(one.get_by_label("Table", exact=True)).to_be_focused()
    page.keyboard.type("hired")
    expect(one.get_by_label("Nr.", exact=True)).to_be_visible()
    while focused.get_attribute("id") != one.get_by_label("Nr.").get_attribute("id"):
        press("Tab")
    for column in MEANT.values():
        page.keyboard.type(column)
        press("Tab")
    expect(one.get_by_label("Bemerkung", exact=True)).to_be_focused()
    expect(one).to_contain_text("All that is needed is there.")
    press("Tab")
    press("Enter")
    expect(one).to_contain_text("2 fit")
    expect(focused).to_contain_text("2 fit")
    for _ in range(20):
        press("Tab")
        if focused.inner_text() == "Upload 1 file":
            break
    press("Enter")
    expect(one).to_contain_text("2 rows loaded")


def test_what_only_the_whole_of_a_large_file_tells_is_asked_when_it_is_sent(
    page: Page, shared: Server
) -> None:
    rows = b"".join(b"%d,%s\n" % (n, b"x" * 990) for n in range(9_000))
    choose(page, departments__csv=rows + b"9000,B\xfcro\n")
    one = card(page, "departments.csv")
    expect(one).to_contain_text("The rest is checked while it is loaded.")
    upload(page, 1)
    one.get_by_role("radio", name="Windows-1252").check()
    expect(one).to_contain_text("Büro")
    answer(one)
    expect(one).to_contain_text("The rest is checked while it is loaded.")
    upload(page, 1)
    expect(one).to_contain_text("9,001 rows loaded")
    shared.delete(f"/loads/{shared.get('/loads').json()[0]['load_id']}")


def test_columns_that_are_missing_or_twice_there_are_named(page: Page) -> None:
    choose(page, departments__csv="Nr;id;Name\n1;2;Sales\n")
    one = card(page, "departments.csv")
    expect(one.get_by_label("id", exact=True)).to_have_value("id")
    expect(one).to_contain_text("Still missing: department.")
    answer(one)
    expect(one.get_by_label("Nr", exact=True)).to_be_focused()
    one.get_by_label("Nr", exact=True).select_option("id")
    expect(one).to_contain_text("id is chosen twice.")
    one.get_by_label("id", exact=True).select_option("")
    map_columns(one, {"Name": "department"})
    expect(one).to_contain_text("1 fit")
    expect(one).to_contain_text("column id passed over")
    one.get_by_role("button", name="Start over").click()
    expect(one).to_contain_text("Still missing: department.")


@pytest.mark.parametrize(
    ("order", "day"), [("Day first", "3 Apr"), ("Month first", "4 Mar")]
)
def test_a_day_that_reads_either_way_is_asked(page: Page, order: str, day: str) -> None:
    choose(page, x__csv="1,Ann,03/04/2021,1,1\n")
    one = card(page, "x.csv")
    expect(one.get_by_label("Table", exact=True)).to_have_value(TABLE)
    expect(one.get_by_role("group", name="Which day is 03/04/2021?")).to_be_visible()
    expect(one).to_contain_text("03/04/2021 is 3 April 2021")
    expect(one).to_contain_text("03/04/2021 is 4 March 2021")
    answer(one)
    expect(one.get_by_role("radio").first).to_be_focused()
    one.get_by_role("radio", name=order).check()
    answer(one)
    expect(one.get_by_role("cell", name=day)).to_be_visible()
    expect(one.get_by_label("Read the next file")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_questions_keep_nobody_out_on_a_narrow_screen(
    shared: Server, open_page: OpenPage, scheme: str
) -> None:
    page = open_page(shared, "#/upload", REFUSED, viewport=NARROW, color_scheme=scheme)
    header = HEADER.replace("Bemerkung", "Bemerkung_" * 9)
    choose(page, x__csv=export(9, header), y__csv="1,Ann,03/04/2021,1,1\n")
    one = card(page, "x.csv")
    expect(card(page, "y.csv").get_by_role("radio").first).to_be_visible()
    accessible(page)
    one.get_by_role("radio", name="Windows-1252").check()
    answer(one)
    choose_table(one)
    expect(one.get_by_label("Nr.", exact=True)).to_be_visible()
    accessible(page)
    map_columns(one)
    expect(one).to_contain_text("2 fit")
    accessible(page)
    shared.post(
        "/upload_csv",
        files={"csv_file": export(9, header)},
        data={
            "table_name": TABLE,
            "encoding": "windows-1252",
            "columns": json.dumps(MEANT),
            "remember": "true",
        },
    )
    choose(page, z__csv=export(10, header))
    expect(card(page, "z.csv")).to_contain_text("Read as last time")
    accessible(page)
    page.goto(f"{shared.url}/#/tables")
    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    accessible(page)
    forget_all(shared)
