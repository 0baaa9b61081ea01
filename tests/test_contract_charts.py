"""A chart that cannot be drawn is a complaint, and says what was probably meant."""

from __future__ import annotations

import pytest
from support.contract import FILES, MART, defects

from api.contract import read_project

CHART = """
        chart:
          mark: bar
          encoding:
            x: {field: places, aggregate: sum}
            y: {field: kind, sort: -x}
          reference: {field: places, title: all}
"""
PATH = "marts/places_by_kind.yml"
WITH_CHART = MART.replace("\n    columns:", CHART + "    columns:")


def test_a_chart_is_read() -> None:
    chart = read_project(FILES | {PATH: WITH_CHART}).marts["places"].chart
    assert chart is not None and chart.mark == "bar"
    assert chart.encoding["x"].type == "quantitative"
    assert (chart.encoding["y"].type, chart.encoding["y"].sort) == ("nominal", "-x")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("field: kind", "field: kinds", "no column (did you mean 'kind'?"),
        ("mark: bar", "mark: bars", "mark is 'bars', not one of 'bar'"),
        ("sort: -x", "sort: -color", "y is sorted by color, which the chart does not"),
        ("sort: -x", "sort: best", "sort"),
        ("encoding:", "encodings:", "unknown key 'encodings' (did you mean"),
        ("field: places, aggregate", "feild: places, aggregate", "mean 'field'?"),
        ("aggregate: sum", "aggregate: total", "aggregate is 'total', not one of"),
        (
            "x: {field: places",
            "x: {field: kind",
            "x needs a number, and 'kind' is text",
        ),
        (
            "x: {field: places, aggregate: sum}",
            "x: {field: kind}",
            "nothing to measure",
        ),
        ("reference: {field: places", "reference: {field: kind", "needs a number"),
        ("reference: {field: places", "reference: {field: plces", "mean 'places'?"),
        ("reference:", "referense:", "did you mean 'reference'?"),
        (
            "mark: bar",
            "mark: bar\n          fold: {columns: [kind, places], name: a, value: b}",
            "fold needs a number, and 'kind' is text",
        ),
        (
            "mark: bar",
            "mark: bar\n"
            "          fold: {columns: [places, kind], name: kind, value: a}",
            "fold makes a column 'kind', but there is one",
        ),
        (
            "mark: bar",
            "mark: bar\n          fold: {columns: [places, places], name: a, value: b}",
            "fold 'places' stands there 2 times",
        ),
    ],
)
def test_a_mistake_in_a_chart_is_named(old: str, new: str, told: str) -> None:
    assert old in WITH_CHART
    found = defects(FILES | {PATH: WITH_CHART.replace(old, new, 1)})
    assert any(told in defect for defect in found), found
    assert all(defect.startswith(PATH) for defect in found)
