"""The overview: each metric as chart and table, and what can be taken along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from support.server import Server

from browser.conftest import OpenPage

HIRES, ABOVE = "employees_per_department", "departments_above_average"


@pytest.fixture(scope="module")
def server(shared: Server) -> Server:
    """One for all of these tests, which only read."""
    return shared


@pytest.fixture
def page(server: Server, open_page: OpenPage) -> Page:
    # A filter that does not fit its column is answered with a 400.
    return open_page(server, expected=("400",))


def card(page: Page, metric: str) -> Locator:
    return page.locator(f"[data-metric={metric}]")


def figures(page: Page, metric: str, column: int) -> list[str]:
    return card(page, metric).locator(f"tbody td:nth-child({column})").all_inner_texts()


def as_table(page: Page, metric: str) -> Locator:
    one = card(page, metric)
    one.get_by_role("button", name="Table", exact=True).click()
    expect(one.get_by_role("table")).to_be_visible()
    return one


def test_each_metric_is_a_chart_that_can_be_read_without_seeing_it(
    page: Page, server: Server
) -> None:
    for metric in (HIRES, ABOVE):
        expect(card(page, metric).locator("svg.marks")).to_be_visible()
    chart = card(page, ABOVE).get_by_role("img", name="Chart")
    label = chart.get_attribute("aria-label") or ""
    first = server.rows(ABOVE)[0]
    assert f"{first['department']} {first['hired']}" in label
    drawn = card(page, ABOVE).locator("svg.marks").text_content() or ""
    assert str(first["hired"]) in drawn and first["department"] in drawn


def test_the_sample_is_told_with_the_way_out(page: Page) -> None:
    banner = page.get_by_role("region", name="Notices")
    expect(banner).to_contain_text("These are sample numbers.")
    banner.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Upload")).to_be_visible()


def test_another_year_is_another_chart_table_and_command(
    page: Page, server: Server
) -> None:
    one = card(page, ABOVE)
    one.get_by_label("Year", exact=True).select_option("2020")
    best = server.rows(ABOVE, year=2020)[0]
    expect(one.locator("svg.marks")).to_contain_text(str(best["hired"]))
    one.get_by_text("Ask for it with curl").click()
    expect(one.locator("pre").first).to_have_text(
        f"curl '{server.url}/metrics/{ABOVE}?year=2020'"
    )
    as_table(page, ABOVE)
    hired = [str(row["hired"]) for row in server.rows(ABOVE, year=2020)]
    expect(one.locator("tbody tr")).to_have_count(len(hired))
    assert figures(page, ABOVE, 3) == hired
    one.get_by_label("Year", exact=True).select_option("all")
    expect(one.get_by_role("columnheader", name="year")).to_be_visible()


def test_the_table_is_sorted_and_filtered_by_the_server(
    page: Page, server: Server
) -> None:
    one = as_table(page, HIRES)
    one.get_by_role("button", name="Q4").click()
    expect(one.locator("th[aria-sort=descending]")).to_have_text("Q4")
    rows = server.rows(HIRES, sort="-Q4", limit=50)
    assert figures(page, HIRES, 6) == [str(row["Q4"]) for row in rows]
    one.get_by_label("Filter department").fill("Sales")
    one.get_by_label("Filter Q4").fill(">=2")
    found = server.rows(HIRES, sort="-Q4", department__contains="Sales", Q4__gte=2)
    assert 1 < len(found) < 50
    expect(one.locator("tbody tr")).to_have_count(len(found))
    assert figures(page, HIRES, 2) == [row["job"] for row in found]
    expect(one.get_by_label("Filter Q4")).to_be_focused()
    one.get_by_label("Filter Q4").fill("many")
    expect(one.get_by_role("alert")).to_contain_text("whole number")


def test_a_filter_that_nothing_passes_says_so(page: Page) -> None:
    one = as_table(page, ABOVE)
    one.get_by_label("Filter department").fill("no such")
    expect(one.get_by_text("No row passes the filters.")).to_be_visible()


def test_more_rows_come_when_asked_for(page: Page, server: Server) -> None:
    one = as_table(page, HIRES)
    expect(one.locator("tbody tr")).to_have_count(50)
    one.get_by_role("button", name="Show more").click()
    expect(one.locator("tbody tr")).to_have_count(100)
    jobs = [row["job"] for row in server.rows(HIRES, limit=100)]
    assert figures(page, HIRES, 2) == jobs


@pytest.mark.parametrize("kind", ["CSV", "JSON", "Parquet", "SVG"])
def test_a_download_is_what_the_address_answers(
    page: Page, server: Server, tmp_path: Path, kind: str
) -> None:
    one = card(page, ABOVE)
    one.get_by_label("Year", exact=True).select_option("2022")
    with page.expect_download() as download:
        one.get_by_role("button", name=f"as {kind}").click()
    saved = tmp_path / "saved"
    download.value.save_as(saved)
    name = download.value.suggested_filename
    assert name == f"{ABOVE}-2022.{kind.lower()}"
    wanted = server.get(f"/metrics/{ABOVE}?year=2022&format={kind.lower()}")
    assert saved.read_bytes() == wanted.content


def test_the_sql_is_shown_with_what_it_is_built_from_and_its_tests(page: Page) -> None:
    one = card(page, HIRES)
    one.get_by_text("The SQL behind it").click()
    expect(one).to_contain_text("dbt_project/models/marts/quarterly_hires.sql")
    expect(one.get_by_label("SQL of")).to_contain_text("int_hires_by_quarter")
    one.get_by_text(re.compile(r"\d+ of \d+ tests passed")).click()
    expect(one.get_by_text("not_null_quarterly_hires_year")).to_be_visible()


def test_a_metric_has_an_address_that_keeps_the_question(
    server: Server, open_page: OpenPage
) -> None:
    where = f"#/metrics/{HIRES}?year=2020&sort=-Q1&view=table&filter.department=Legal"
    page = open_page(server, where)
    rows = server.rows(HIRES, year=2020, sort="-Q1", department__contains="Legal")
    expect(page.locator("tbody tr")).to_have_count(len(rows))
    page.get_by_label("Year", exact=True).select_option("2021")
    expect(page).to_have_url(re.compile(r"year=2021"))
    page.reload()
    rows = server.rows(HIRES, year=2021, sort="-Q1", department__contains="Legal")
    expect(page.locator("tbody tr")).to_have_count(len(rows))


def test_what_is_not_there_is_told(server: Server, open_page: OpenPage) -> None:
    page = open_page(server, "#/metrics/nothing")
    for address, told in (
        ("#/metrics/nothing", "There is no such metric"),
        ("#/nowhere", "There is nothing here"),
        ("#/metrics/50%", "There is no such metric"),
        ("#/%zz", "There is nothing here"),
    ):
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_text(told)).to_be_visible()


def test_pointing_at_a_bar_tells_its_figures(page: Page, server: Server) -> None:
    first = server.rows(ABOVE)[0]
    bar = card(page, ABOVE).locator("svg.marks .mark-rect path").first
    bar.hover()
    expect(page.locator("#tip")).to_contain_text(first["department"])
    expect(page.locator("#tip")).to_contain_text(str(first["hired"]))
