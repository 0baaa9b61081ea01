"""Pages follow what happens: new builds, failed ones, a server that comes and goes."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.project import Edit, copy_project
from support.server import Server, wait_until

from browser.conftest import OpenPage

PAGES = ("", "#/upload", "#/loads", "#/builds", "#/tables")
ABOVE = "[data-metric=departments_above_average]"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project, which every test leaves so that it builds."""
    return copy_project(tmp_path_factory.mktemp("edited") / "project")


@pytest.fixture(scope="module")
def edited(sample_warehouse: Path, project: Path) -> Iterator[Server]:
    """A server of the project that the tests edit."""
    warehouse = project.parent / "warehouse"
    server = Server(Path(shutil.copytree(sample_warehouse, warehouse)), project).start()
    yield server
    server.stop()


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Server]:
    """A server of a new warehouse, that answers but has built nothing yet."""
    server = Server(tmp_path / "new")
    server.start_without_waiting()
    try:
        wait_until(server.answers)
        yield server
    finally:
        server.stop()


def figures(page: Page) -> str:
    """The figures of the chart, without the build that they are of."""
    label = page.locator(f"{ABOVE} [role=img]").get_attribute("aria-label") or ""
    return label.partition("People hired:")[2]


def test_numbers_of_a_new_load_appear_by_themselves(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server)
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    departments = [[1, "Tunnels"], [2, "Bridges"]]
    server.batch("departments", departments, prefer="respond-async")
    server.batch("jobs", [[1, "Digger"]], prefer="respond-async")
    hires = [[n, "Ann", "2021-02-03T10:00:00Z", 1, 1] for n in range(7)]
    server.batch("hired_employees", hires)
    expect(page.locator(f"{ABOVE} [aria-label*='Tunnels 7']")).to_be_visible()
    expect(page.locator(ABOVE)).to_contain_text("3 loads, built")
    expect(page.get_by_text("These are sample numbers.")).to_have_count(0)


def test_saved_sql_is_a_new_chart_within_seconds(
    edited: Server, open_page: OpenPage, edit: Edit
) -> None:
    page = open_page(edited)
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    edit("departments_above_average.yml", "title: Departments that", "title: Those who")
    expect(page.get_by_role("heading", name="Those who hired more")).to_be_visible()


def test_a_new_metric_appears_and_a_deleted_one_goes(
    edited: Server, open_page: OpenPage, project: Path
) -> None:
    page = open_page(edited)
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    marts = project / "dbt_project/models/marts"
    (marts / "by_year.sql").write_text(
        "select year, sum(hires) as hires\n"
        "from {{ ref('int_hires_by_quarter') }}\ngroup by year\n"
    )
    (marts / "by_year.yml").write_text(
        """
models:
  - name: by_year
    description: Hires of each year.
    config: {meta: {title: Hires by year, order_by: [year]}}
    columns:
      - {name: year, data_type: integer, description: The year.}
      - {name: hires, data_type: integer, description: How many.}
"""
    )
    added = page.locator("[data-metric=by_year]")
    expect(added.get_by_role("heading", name="Hires by year")).to_be_visible()
    # It declares no chart, so it is a table, and a year is no figure.
    expect(added.get_by_role("cell", name="2021")).to_be_visible()
    for file in marts.glob("by_year.*"):
        file.unlink()
    expect(added).to_have_count(0)


def test_a_failed_build_is_told_on_every_page_and_rows_are_safe_until_it_is_mended(
    edited: Server, open_page: OpenPage, edit: Edit
) -> None:
    page = open_page(edited)
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    before = figures(page)
    edit("departments_above_average.sql", "sum(hires)", "sum(hirez)")
    banner = page.get_by_role("region", name="Notices")
    expect(banner).to_contain_text("The last build failed.")
    expect(banner).to_contain_text("no such column: hirez")
    expect(banner).to_contain_text("departments_above_average.sql, line")
    assert before and figures(page) == before, "the numbers of before are shown on"
    for path in PAGES:
        page.goto(f"{edited.url}/{path}")
        expect(banner).to_contain_text("The last build failed.")
    banner.get_by_role("link", name="See what failed").click()
    expect(page.locator(".failure.bad")).to_contain_text("hirez")
    page.get_by_role("link", name="Upload", exact=True).click()
    content = {"name": "jobs.csv", "mimeType": "text/csv", "buffer": b"1,Clerk\n"}
    page.set_input_files("#files", [content])
    page.get_by_role("button", name="Upload 1 file").click()
    expect(page.get_by_text("The numbers were not built")).to_be_visible()
    expect(page.get_by_text("1 row loaded", exact=True)).to_be_visible()
    edit("departments_above_average.sql", "sum(hirez)", "sum(hires)")
    expect(banner).not_to_contain_text("The last build failed.")


def test_a_server_that_went_away_is_told_and_found_again(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server, expected=("ERR_CONNECTION",))
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    server.stop()
    gone = page.get_by_text("No connection to the server.")
    expect(gone).to_be_visible()
    server.start()
    expect(gone).to_have_count(0)


def test_before_the_first_build_the_page_waits_for_it(
    starting: Server, open_page: OpenPage
) -> None:
    page = open_page(starting, expected=("503",))
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()


def test_nothing_is_fetched_anew_while_nothing_happens(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server)
    expect(page.locator(f"{ABOVE} svg.marks")).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("performance.clearResourceTimings()")
    for _ in range(4):
        with page.expect_event("requestfinished"):
            pass
    assert {url.removeprefix(server.url) for url in asked} == {"/status"}
    began = page.evaluate(
        "performance.getEntriesByType('resource').map(one => one.startTime)"
    )
    assert min(b - a for a, b in itertools.pairwise(began)) >= 900, began
