"""Every page, wide and narrow, light and dark: readable and within reach."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from support.project import copy_project
from support.server import Server, wait_until

from browser.conftest import NARROW, WIDE, OpenPage

REJECTS = b"1,Sales\n2,Legal\n3,\nx,Research\n"
STATES = {
    "overview": "",
    "table": "#/metrics/employees_per_department?view=table",
    "all years": "#/metrics/departments_above_average?year=all",
    "upload": "#/upload",
    "loads": "#/loads",
    "load": "#/loads/1",
    "builds": "#/builds",
    "build": "#/builds/2",
    "tables": "#/tables",
    "nothing": "#/nowhere",
}
LOOKS = [
    pytest.param({"viewport": size, "color_scheme": scheme}, id=f"{name}-{scheme}")
    for name, size in (("wide", WIDE), ("narrow", NARROW))
    for scheme in ("light", "dark")
]


@pytest.fixture(scope="module")
def lived_in(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with loads, rejects, an undo, warnings, and a build that fails."""
    folder = tmp_path_factory.mktemp("looks")
    project = copy_project(folder / "project")
    shutil.copytree(sample_warehouse, folder / "warehouse")
    server = Server(folder / "warehouse", project).start()
    server.upload("departments", REJECTS)
    names = ["Clerk", "A rather long name of a job, as there are", "Cook", "Driver"]
    jobs = [[n, name] for n, name in zip((1, 2, 4, 5), names, strict=True)]
    server.batch("jobs", jobs, prefer="respond-async")
    hires = [
        [n, "Ann", f"202{n % 3}-0{n % 9 + 1}-03T10:00Z", n % 2 + 1, n % 7]
        for n in range(90)
    ]
    server.batch("hired_employees", hires, prefer="respond-async")
    server.batch("jobs", [[3, "Baker"]], prefer="respond-async")
    server.delete("/loads/4")
    mart = project / "dbt_project/models/marts/quarterly_hires.sql"
    mart.write_text(
        mart.read_text().replace("hires.year,", "nullif(hires.year, 2020) as year,", 1)
    )
    wait_until(lambda: server.get("/builds").json()[0]["status"] == "failed")
    yield server
    server.stop()


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator(".waiting")).to_have_count(0)


def accessible(page: Page) -> None:
    """Nothing of what axe-core knows of is wrong, and nothing is beside the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than the screen"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("state", STATES)
def test_nothing_keeps_anybody_out(
    lived_in: Server, open_page: OpenPage, size: dict[str, int], state: str
) -> None:
    page = open_page(lived_in, STATES[state], viewport=size)
    settled(page)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true }")
    accessible(page)
    # Nothing but colours differs.
    page.emulate_media(color_scheme="dark")
    accessible(page)


@pytest.mark.parametrize("look", LOOKS)
def test_an_upload_keeps_nobody_out_at_any_step(
    lived_in: Server, open_page: OpenPage, look: dict[str, object]
) -> None:
    page = open_page(lived_in, "#/upload", expected=("422",), **look)
    files = [
        ("departments.csv", REJECTS),
        ("which.csv", b"1,x\n"),
        ("jobs.csv", b"x,y\nz,\n"),
    ]
    page.set_input_files(
        "#files",
        [
            {"name": n, "mimeType": "text/csv", "buffer": content}
            for n, content in files
        ],
    )
    expect(page.get_by_text("Please choose")).to_be_visible()
    expect(page.get_by_text("Still missing: id and job.")).to_be_visible()
    accessible(page)
    page.locator(".actions button.main").click()
    expect(
        page.get_by_text(re.compile("Loaded before|rows loaded")).first
    ).to_be_visible()
    accessible(page)


def test_all_can_be_done_by_keyboard(server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("svg.marks").first).to_be_visible()

    def tab_to(name: str, role: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
            if wanted.first.evaluate("one => one === document.activeElement"):
                outline = page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                )
                assert outline != "none", f"{name} does not show that it has the focus"
                return
        raise AssertionError(f"{name} is not reached")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to("Table", "button")
    page.keyboard.press("Enter")
    tab_to("hired", "button")
    page.keyboard.press("Space")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("hired")
    page.locator("#main").evaluate("one => one.focus()")
    page.keyboard.press("Shift+Tab")
    while page.evaluate("document.activeElement.textContent") != "Upload":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Upload")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    page.get_by_text("Or paste rows").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("1,Clerk\n2,Baker\n")
    tab_to("Look at these rows", "button")
    page.keyboard.press("Enter")
    one = page.get_by_label("Table", exact=True)
    expect(one).to_be_visible()
    one.focus()
    page.keyboard.type("jobs")
    expect(page.get_by_text("2 fit")).to_be_visible()
    tab_to("Upload 1 file", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows loaded", exact=True)).to_be_visible()


def test_dark_follows_the_system_until_somebody_chooses(
    lived_in: Server, open_page: OpenPage
) -> None:
    page = open_page(lived_in, color_scheme="dark")

    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground() == "rgb(13, 17, 23)"
    # The page is there: it hears of what changes from now on.
    expect(page.get_by_role("button", name="Show in light colours")).to_be_visible()
    page.emulate_media(color_scheme="light")
    light = ground()
    assert light != "rgb(13, 17, 23)"
    page.get_by_role("button", name="Show in dark colours").click()
    assert ground() == "rgb(13, 17, 23)"
    page.reload()
    assert ground() == "rgb(13, 17, 23)", "kept on this machine"


def test_dates_and_numbers_are_those_of_the_reader(
    lived_in: Server, open_page: OpenPage
) -> None:
    tables = lived_in.get("/tables").json()
    many = [table | {"rows_loaded": 2000} for table in tables]
    for locale, number in (("de-DE", "2.000 rows"), ("en-GB", "2,000 rows")):
        page = open_page(lived_in, locale=locale)
        page.route("**/tables", lambda route: route.fulfill(json=many))
        page.get_by_role("link", name="Tables", exact=True).click()
        expect(page.get_by_text(number)).to_have_count(len(tables))


def test_a_failing_test_shows_the_rows_that_it_complains_of(
    lived_in: Server, open_page: OpenPage
) -> None:
    page = open_page(lived_in)
    banner = page.get_by_role("region", name="Notices")
    expect(banner).to_contain_text("have no year")
    banner.get_by_role("link", name="See what failed").click()
    failure = page.locator(".failure.bad").filter(has_text="have no year")
    rows = failure.get_by_role("region", name="Rows that")
    expect(rows.locator("tbody tr")).to_have_count(5)
    first = rows.locator("tbody tr").first
    # Which row it is, and what it lacks; in the order of the model's columns.
    expect(first.locator("td").first).to_have_text("–")
    expect(first).to_contain_text(re.compile("Clerk|A rather long name|Cook|Driver"))


def test_a_narrow_ledger_names_what_it_shows(
    lived_in: Server, open_page: OpenPage
) -> None:
    page = open_page(lived_in, "#/loads", viewport=NARROW)
    first = page.locator("tbody tr").last
    box = first.get_by_role("button", name="Undo load 1").bounding_box()
    assert box and box["x"] + box["width"] <= NARROW["width"]
    names = first.locator("td").evaluate_all(
        "cells => cells.map((one) => getComputedStyle(one, '::before').content)"
    )
    assert '"Rejected"' in names
