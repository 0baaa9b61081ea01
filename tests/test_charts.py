"""Charts: what the YAML declares is what stands in the picture, in order, as text."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from support.charts import BARS, X, Y, drawn, mart_of, table_of, words_of

from api.contract.values import Channel, Chart, Fold, Reference
from api.formats.charts import draw, vegalite
from api.formats.charts.style import PALETTES, Palette, Theme, style_of


def texts(chart: Chart, rows: list[dict[str, object]], **options: object) -> list[str]:
    """The words of the picture, in the order in which they stand in it."""
    return words_of(drawn(chart, rows, **options))


def in_order(found: list[str], *wanted: str) -> bool:
    places = [found.index(text) for text in wanted]
    return places == sorted(places)


TEAMS: list[dict[str, object]] = [
    {"team": "Small", "hires": 3, "year": 2020, "q1": 1, "q2": 2},
    {"team": "Large", "hires": 9, "year": 2021, "q1": 4, "q2": 5},
    {"team": "Middle", "hires": 5, "year": 2022, "q1": 5, "q2": 0},
]


def test_bars_stand_in_the_order_of_the_sort_with_their_values() -> None:
    found = texts(BARS, TEAMS, subtitle="in all years")
    assert in_order(found, "Large", "Middle", "Small")
    assert {"The title", "in all years", "People", "3", "9", "5"} <= set(found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-x", ("Large", "Middle", "Small")),
        ("x", ("Small", "Middle", "Large")),
        ("ascending", ("Large", "Middle", "Small")),
        ("descending", ("Small", "Middle", "Large")),
        (None, ("Small", "Large", "Middle")),
    ],
)
def test_a_sort_is_kept(sort: str | None, order: tuple[str, ...]) -> None:
    chart = Chart("bar", {"x": X, "y": Channel("team", "nominal", sort=sort)})
    assert in_order(texts(chart, TEAMS), *order)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_few_are_told_in_whole_numbers_each_once(most: int) -> None:
    rows: list[dict[str, object]] = [{"team": "Small", "hires": most}]
    found = [text for text in texts(BARS, rows) if text.isdigit()]
    # What the axis tells, and the length of the bar.
    assert found == [*map(str, range(most + 1)), str(most)]


def test_folded_columns_are_colours_in_their_order_and_add_up() -> None:
    chart = Chart(
        "bar",
        {
            "x": Channel("hires_", "quantitative", aggregate="sum"),
            "y": Channel("team", "nominal", sort="-x"),
            "color": Channel("quarter", "ordinal"),
        },
        fold=Fold(("q1", "q2"), "quarter", "hires_"),
    )
    found = texts(chart, [*TEAMS, {"team": "Small", "q1": 100, "q2": 0}])
    assert in_order(found, "q1", "q2")
    assert in_order(found, "Small", "Large", "Middle")
    assert "103" in found, "the two rows of one team are one bar"


def test_a_reference_is_a_line_with_its_name_and_value() -> None:
    chart = Chart("bar", BARS.encoding, reference=Reference("share", "mean of all"))
    rows = [row | {"share": 4.25} for row in TEAMS]
    assert "mean of all 4.2" in texts(chart, rows)
    roles = [e.get("aria-roledescription") for e in drawn(chart, rows).iter()]
    assert "rule mark container" in roles or "rule" in str(roles)


def test_a_column_that_is_not_pinned_gets_a_panel_for_each_value() -> None:
    found = texts(BARS, TEAMS, panel="year")
    assert in_order(found, "2020", "2021", "2022")
    assert found.count("People") == 3


def test_only_the_largest_categories_are_drawn_and_it_says_so() -> None:
    rows: list[dict[str, object]] = [
        {"team": f"Team {n:03}", "hires": n} for n in range(1, 121)
    ]
    found = texts(BARS, rows, subtitle="all")
    assert "all · 40 of 120 by team" in found
    assert "Team 120" in found and "Team 081" in found
    assert "Team 080" not in found


def test_only_the_last_panels_are_drawn_and_it_says_so() -> None:
    rows: list[dict[str, object]] = [
        {"team": "One", "hires": 1, "year": year} for year in range(2000, 2020)
    ]
    found = texts(BARS, rows, panel="year")
    assert "the last 12 of 20 by year" in found
    assert "2019" in found and "2007" not in found


@pytest.mark.parametrize(
    "hostile",
    [
        "</svg><script>alert(1)</script>",
        "datum.hires",
        "&amp; & <b>",
        "'\"`${x}",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_a_text_is_a_text_whatever_it_looks_like(hostile: str) -> None:
    rows: list[dict[str, object]] = [{"team": hostile, "hires": 1}]
    picture = drawn(BARS, rows, subtitle=hostile)
    tags = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert not tags & {"script", "img", "foreignObject", "b"}
    found = texts(BARS, rows, subtitle=hostile)
    assert found.count(hostile) == 2


UNPRINTABLE = [*range(0x20), 0x7F, 0x85, 0x2028, 0x2029, 0xFFFE, 0xFFFF, 0x1FFFE]


def test_no_character_ends_the_process() -> None:
    for code in UNPRINTABLE:
        text = f"Before{chr(code)}after"
        rows: list[dict[str, object]] = [{"team": text, "hires": 7}]
        found = texts(BARS, rows, subtitle=text)
        shown = [word for word in found if word.startswith("Before")]
        assert len(shown) == 2 and all(word.endswith("after") for word in shown)


@pytest.mark.parametrize("name", ["constructor", "toString", "__proto__", "valueOf"])
def test_a_name_that_javascript_knows_is_a_name(name: str) -> None:
    color = Channel("team", "nominal")
    chart = Chart("bar", BARS.encoding | {"color": color})
    rows = [*TEAMS, {"team": name, "hires": 70}]
    for panel in (None, "day"):
        days = [row | {"day": name} for row in rows]
        found = texts(chart, days, subtitle=name, panel=panel)
        assert "70" in found
        assert sum(word.startswith(name) for word in found) >= 2


def test_a_label_that_is_cut_within_a_pictograph_is_still_drawn() -> None:
    rows: list[dict[str, object]] = [{"team": "\U0001f600" * 60, "hires": 7}]
    assert "7" in texts(BARS, rows)


@pytest.mark.parametrize("number", [float("inf"), float("nan"), 1.7e308, -1.7e308])
def test_a_number_beyond_all_scales_breaks_nothing(number: float) -> None:
    chart = Chart("bar", {"x": Channel("share", "quantitative"), "y": Y})
    rows: list[dict[str, object]] = [
        {"team": "Odd", "share": number},
        {"team": "Even", "share": 2.0},
    ]
    assert {"Odd", "Even"} <= set(texts(chart, rows))


def test_no_rows_are_a_calm_picture() -> None:
    found = texts(BARS, [], subtitle="year: 1999")
    assert {"The title", "year: 1999", "No rows"} <= set(found)


def test_what_has_no_value_breaks_nothing() -> None:
    rows: list[dict[str, object]] = [
        *TEAMS,
        {"team": None, "hires": 4},
        {"team": "Empty", "hires": None},
    ]
    assert "Empty" in texts(BARS, rows)
    for sort in ("ascending", "descending", None):
        chart = Chart("bar", {"x": X, "y": Channel("team", "nominal", sort=sort)})
        assert "Large" in texts(chart, rows)
    chart = Chart("bar", BARS.encoding, reference=Reference("share", "mean"))
    assert not any(text.startswith("mean") for text in texts(chart, rows))


DAYS: list[dict[str, object]] = [
    {"day": f"2021-0{month}-01", "hires": month, "share": month / 3, "team": team}
    for month in range(1, 9)
    for team in ("A", "B")
]
DAY = Channel("day", "temporal")
COUNT = Channel("hires", "quantitative")
TEAM = Channel("team", "nominal")


@pytest.mark.parametrize(
    ("chart", "word"),
    [
        (Chart("line", {"x": DAY, "y": COUNT, "color": TEAM}), "B"),
        (Chart("area", {"x": DAY, "y": COUNT, "color": TEAM}), "A"),
        (
            Chart(
                "line", {"x": DAY, "y": Channel("hires", "quantitative", None, "sum")}
            ),
            "hires",
        ),
        (Chart("point", {"x": Channel("share", "quantitative"), "y": COUNT}), "share"),
        (
            Chart(
                "bar", {"x": TEAM, "y": Channel("hires", "quantitative", None, "mean")}
            ),
            "4.5",
        ),
        (
            Chart(
                "bar", {"x": TEAM, "y": Channel("day", "quantitative", None, "count")}
            ),
            "8",
        ),
    ],
    ids=["lines", "areas", "a sum over time", "points", "columns", "a count"],
)
def test_other_marks_are_drawn(chart: Chart, word: str) -> None:
    assert word in texts(chart, DAYS)


PROGRAM = """
import json, sys
import pyarrow as pa
from api.formats.charts import draw, vegalite
from api.contract import Column, Mart
from api.contract.values import Channel, Chart
columns = (Column("team", "text", "T."), Column("hires", "integer", "H."))
chart = Chart("bar", {"x": Channel("hires", "quantitative", None, "sum"),
    "y": Channel("team", "nominal", sort="-x"), "color": Channel("team", "nominal")})
rows = pa.table({"team": ["a", "b", "c", "a"] * 50, "hires": list(range(200))})
mart = Mart("m", "m", "T", "D", columns, (), (), chart=chart)
print("worded", json.dumps(vegalite(mart, rows, "")), "vl_convert" in sys.modules)
for _ in range(3):
    print("drawn", draw(vegalite(mart, rows, "")).hex())
"""


def test_the_same_rows_are_the_same_bytes_in_every_process_at_any_time() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, check=True
        ).stdout
        for _ in range(2)
    ]
    lines = {line for run in runs for line in run.splitlines()}
    assert len(lines) == 2 and all(len(line) > 2_000 for line in lines)
    (worded,) = [line for line in lines if line.startswith(b"worded")]
    assert worded.endswith(b"False"), "wording a chart takes no renderer"


@pytest.mark.parametrize(
    ("metric", "first", "words"),
    [
        ("employees_per_department", "Engineering", {"Q1", "Q4", "People hired"}),
        (
            "departments_above_average",
            "Engineering",
            {"mean of all departments 56.2", "123", "61"},
        ),
    ],
)
def test_both_metrics_have_a_chart_worth_looking_at(
    shared_client: FlaskClient, metric: str, first: str, words: set[str]
) -> None:
    answer = shared_client.get(f"/metrics/{metric}?format=svg")
    assert answer.mimetype == "image/svg+xml"
    assert "script" not in answer.headers["Content-Security-Policy"]
    found = words_of(ElementTree.fromstring(answer.data))
    assert words <= set(found)
    assert in_order(found, first, "Research")
    (subtitle,) = [text for text in found if text.startswith("year: 2021")]
    assert "build 1" in subtitle and "sample data" in subtitle
    every = shared_client.get(f"/metrics/{metric}?format=svg&year=all").text
    assert all(f">{year}</text>" in every for year in (2020, 2021, 2022))


def test_a_chart_shows_the_rows_that_were_asked_for(shared_client: FlaskClient) -> None:
    address = "/metrics/departments_above_average?format=svg&hired__gte=95"
    found = shared_client.get(address).text
    assert "hired: ≥ 95" in found and "Support" in found
    assert "Research" not in found


@pytest.mark.parametrize("query", ["", "&year=all", "&year=1999", "&theme=dark"])
@pytest.mark.parametrize(
    "metric", ["employees_per_department", "departments_above_average"]
)
def test_vega_lite_is_what_the_picture_is_drawn_from(
    shared_client: FlaskClient, metric: str, query: str
) -> None:
    worded = shared_client.get(f"/metrics/{metric}?format=vegalite{query}")
    spec = json.loads(worded.data, parse_constant=no_constant)
    assert spec["$schema"] == "https://vega.github.io/schema/vega-lite/v6.json"
    picture = shared_client.get(f"/metrics/{metric}?format=svg{query}")
    assert draw(spec) == picture.data
    assert "script" not in worded.headers["Content-Security-Policy"]


def no_constant(name: str) -> Any:
    raise AssertionError(f"JSON has no {name}")


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_vega_lite_has_no_text_and_no_number_that_cannot_be_drawn(
    number: float,
) -> None:
    chart = Chart("bar", {"x": Channel("share", "quantitative"), "y": Y})
    odd_ones = [chr(code) for code in UNPRINTABLE[8:-1]]
    teams = [*odd_ones, "x" * 5_000, "toString"]
    rows: list[dict[str, object]] = [{"team": team, "share": 1.5} for team in teams]
    rows.append({"team": "Odd", "share": number})
    spec = vegalite(mart_of(chart), table_of(rows), "".join(teams))
    (odd,) = [row for row in spec["data"]["values"] if row["team"] == "Odd"]
    assert odd["share"] is None
    written = json.dumps(spec, ensure_ascii=False, allow_nan=False)
    # JSON would write a control character behind a backslash.
    assert not set(written) & {*odd_ones, "\\"}
    assert "x" * 501 not in written and '"toString"' not in written


def contrast(one: str, other: str) -> float:
    """Of 1 to 21, as the Web Content Accessibility Guidelines compute it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (level / 255 for level in levels(color))
    ]
    return sum(
        weight * part
        for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def levels(color: str) -> list[int]:
    named = {"white": "#ffffff"}.get(color, color)
    return [int(named[at : at + 2], 16) for at in (1, 3, 5)]


def seen_through(color: str, background: str, opacity: float) -> str:
    pairs = zip(levels(color), levels(background), strict=True)
    mixed = [round(one * opacity + other * (1 - opacity)) for one, other in pairs]
    return "#" + "".join(f"{level:02x}" for level in mixed)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_words_can_be_read_and_steps_told_apart(palette: Palette) -> None:
    for color in (palette.ink, palette.quiet):
        assert contrast(color, palette.background) >= 4.5
    assert contrast(palette.accent, palette.background) >= 3
    from_background = [contrast(step, palette.background) for step in palette.steps]
    assert from_background == sorted(from_background)
    for one, next_one in itertools.pairwise(palette.steps):
        assert contrast(one, next_one) >= 1.4


def test_every_mark_stands_out_in_the_dark() -> None:
    dark = PALETTES["dark"]
    opacity = style_of(dark)["area"]["opacity"]
    for color in (*dark.categories, *dark.steps):
        assert contrast(color, dark.background) >= 3
        pale = seen_through(color, dark.background, opacity)
        assert contrast(pale, dark.background) >= 3, color


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("query", ["", "&year=all", "&year=1999"])
def test_a_picture_has_the_colours_of_its_theme_and_no_other(
    shared_client: FlaskClient, query: str, theme: Theme
) -> None:
    palette = PALETTES[theme]
    known = {value for value in vars(palette).values() if isinstance(value, str)}
    known |= {*palette.hues, *palette.steps, "none", "transparent"}
    for metric in ("employees_per_department", "departments_above_average"):
        address = f"/metrics/{metric}?format=svg&theme={theme}{query}"
        picture = shared_client.get(address).text
        found = set(re.findall(r'(?:fill|stroke)="([^"]+)"', picture))
        assert {palette.background, palette.quiet} <= found <= known


def test_a_chart_is_light_unless_asked_otherwise(shared_client: FlaskClient) -> None:
    address = "/metrics/employees_per_department?format=svg"
    queries = ("", "&theme=light", "&theme=dark")
    plain, light, dark = (shared_client.get(address + query).data for query in queries)
    assert plain == light != dark
    rows = "/metrics/employees_per_department?theme=dark"
    assert (
        shared_client.get(rows).json == shared_client.get(rows.partition("?")[0]).json
    )
