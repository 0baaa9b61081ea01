"""The points of a chart as a Vega-Lite specification."""

from __future__ import annotations

from typing import Any

from api.contract import Mart
from api.contract.values import Channel, Chart
from api.formats.charts.points import REFERENCE, Points, measure_of
from api.formats.charts.style import (
    BAR_STEP,
    COLUMN_STEP,
    HEIGHT,
    PANEL_WIDTH,
    UPRIGHT_LABEL,
    WIDTH,
    Palette,
    style_of,
)

Spec = dict[str, Any]

# The version that is written here; its major number names schema and media type.
VEGA_LITE = "6.4"
_MAJOR = VEGA_LITE.partition(".")[0]
SCHEMA = f"https://vega.github.io/schema/vega-lite/v{_MAJOR}.json"
MEDIA_TYPE = f"application/vnd.vegalite.v{_MAJOR}+json"

CATEGORY = ("nominal", "ordinal")
# Fields added to the points for our own marks; no column's name begins like this.
TOTAL, PLACE, LINE, LABEL = "_total", "_place", "_line", "_label"


def spec_of(
    mart: Mart,
    chart: Chart,
    points: Points,
    subtitle: str,
    panel: str | None,
    palette: Palette,
) -> Spec:
    """The whole specification, with the points in it."""
    notes = " · ".join([subtitle, *points.notes] if subtitle else points.notes)
    whole: Spec = {
        "$schema": SCHEMA,
        "title": {"text": mart.title, "subtitle": notes},
        "description": f"{mart.title}. {notes}",
        "config": style_of(palette),
        "data": {"values": _annotated(chart, points, panel)},
    }
    if not points.rows:
        return whole | _no_rows(palette)
    ticks = 6 if panel is None or _stacks_panels(chart) else 4
    layers = _layers(chart, points, ticks, palette)
    drawing: Spec = {"layer": layers} | _size(chart, panel)
    if panel is None:
        return whole | drawing
    facet = {"field": panel, "type": "ordinal", "header": {"title": None}}
    columns = 1 if _stacks_panels(chart) else 3
    return whole | {"facet": facet, "columns": columns, "spec": drawing}


def _no_rows(palette: Palette) -> Spec:
    mark = {"type": "text", "text": "No rows", "fontSize": 15, "color": palette.quiet}
    return {"data": {"values": [{}]}, "mark": mark, "width": WIDTH, "height": 120}


def _size(chart: Chart, panel: str | None) -> Spec:
    width = WIDTH if panel is None or _stacks_panels(chart) else PANEL_WIDTH
    if chart.encoding["y"].type in CATEGORY:
        return {"width": width, "height": {"step": BAR_STEP}}
    if chart.encoding["x"].type in CATEGORY and chart.mark == "bar":
        return {"width": {"step": COLUMN_STEP}, "height": HEIGHT}
    return {"width": width, "height": HEIGHT}


def _stacks_panels(chart: Chart) -> bool:
    """Whether panels are stacked: those along time, or with columns."""
    return chart.encoding["x"].type != "quantitative"


def _layers(chart: Chart, points: Points, ticks: int, palette: Palette) -> list[Spec]:
    layers = [{"mark": _mark(chart), "encoding": _encoding(chart, points, ticks)}]
    if _has_totals(chart):
        layers.append(_totals(chart, points, palette))
    if chart.reference is not None:
        layers += _reference(chart, palette)
    return layers


def _mark(chart: Chart) -> Spec:
    if chart.mark == "bar":
        return {"type": "bar", "cornerRadiusEnd": 2 if _is_single_color(chart) else 0}
    if chart.mark == "line":
        return {"type": "line", "point": {"size": 30}}
    return {"type": chart.mark}


def _encoding(chart: Chart, points: Points, ticks: int) -> Spec:
    found: Spec = {}
    for name, channel in chart.encoding.items():
        found[name] = _channel(name, channel, points, ticks)
    if "color" in found and chart.mark in ("bar", "area"):
        # Stacked in the order of the legend.
        found["order"] = {"field": PLACE, "type": "quantitative"}
    return found


def _channel(name: str, channel: Channel, points: Points, ticks: int) -> Spec:
    title = channel.title or (None if _labels_suffice(channel) else channel.field)
    spec: Spec = {"field": channel.field, "type": channel.type, "title": title}
    if name in points.domains:
        spec["sort"] = points.domains[name]
        if name == "color":
            spec["scale"] = {"domain": points.domains[name]}
    elif name != "color":
        spec["axis"] = _axis(channel, points, ticks)
    if name == "x" and channel.type in CATEGORY:
        longest = max(len(str(value)) for value in points.domains[name])
        angle = 0 if longest <= UPRIGHT_LABEL else -35
        spec["axis"] = {"labelAngle": angle, "labelLimit": 140}
    if name == "color":
        spec["legend"] = {"orient": "top", "columns": 6}
    return spec


def _axis(channel: Channel, points: Points, ticks: int) -> Spec:
    if channel.type == "temporal":
        return {"grid": False, "labelOverlap": True}
    axis: Spec = {"tickCount": ticks, "domain": False, "ticks": False}
    if not points.whole_numbers:
        return axis
    # With tickMinStep alone a tick at a half would still be labelled as an integer.
    whole = "datum.value % 1 ? '' : datum.label"
    return axis | {"tickMinStep": 1, "format": ",d", "labelExpr": whole}


def _labels_suffice(channel: Channel) -> bool:
    """Whether an axis needs no title: labels of a category explain themselves."""
    return channel.type in CATEGORY


def _is_single_color(chart: Chart) -> bool:
    return "color" not in chart.encoding


def _has_totals(chart: Chart) -> bool:
    types = {chart.encoding["x"].type, chart.encoding["y"].type}
    return chart.mark == "bar" and "quantitative" in types and len(types) == 2


def _annotated(chart: Chart, points: Points, panel: str | None) -> list[Spec]:
    """The points with their places in stacks; one per bar has its total, one per panel
    its reference line."""
    measure = measure_of(chart)
    across = chart.encoding["x" if measure is chart.encoding["y"] else "y"]
    color = chart.encoding.get("color")
    places = {value: at for at, value in enumerate(points.domains.get("color", []))}
    rows = [dict(row) for row in points.rows]
    bars: dict[Any, Spec] = {}
    panels: dict[Any, Spec] = {}
    for row in rows:
        here = row[panel] if panel else None
        if chart.reference and here not in panels and row[REFERENCE] is not None:
            panels[here] = row
            row[LINE] = row[REFERENCE]
            row[LABEL] = f"{chart.reference.title} {row[REFERENCE]:,.1f}"
        if _has_totals(chart):
            bar = bars.setdefault((here, row[across.field]), row)
            bar[TOTAL] = bar.get(TOTAL, 0) + (row[measure.field] or 0)
        if color:
            row[PLACE] = places.get(row[color.field], 0)
    return rows


def _totals(chart: Chart, points: Points, palette: Palette) -> Spec:
    """The length of each bar in figures, at its end."""
    upright = measure_of(chart) is chart.encoding["y"]
    length, across = ("y", "x") if upright else ("x", "y")
    place: Spec = {"dy": -7} if upright else {"align": "left", "dx": 5}
    category = chart.encoding[across]
    return {
        "transform": [{"filter": {"field": TOTAL, "valid": True}}],
        "mark": {"type": "text", "color": palette.quiet, "fontSize": 11, **place},
        "encoding": {
            length: {"field": TOTAL, "type": "quantitative"},
            across: {
                "field": category.field,
                "type": category.type,
                "sort": points.domains.get(across),
            },
            "text": {
                "field": TOTAL,
                "type": "quantitative",
                "format": ",d" if points.whole_numbers else ",.4~g",
            },
        },
    }


def _reference(chart: Chart, palette: Palette) -> list[Spec]:
    """A line across the chart, and its name and value at the line's end."""
    upright = measure_of(chart) is chart.encoding["y"]
    axis = "y" if upright else "x"
    place: Spec = {"x": 0, "align": "left", "dx": 4} if upright else {"y": 0}
    label = {"type": "text", "color": palette.ink, "fontSize": 11, "fontWeight": 600}
    value = {"field": LINE, "type": "quantitative"}
    once = [{"filter": {"field": LINE, "valid": True}}]
    return [
        {
            "transform": once,
            "mark": {
                "type": "rule",
                "color": palette.ink,
                "strokeWidth": 1.5,
                "strokeDash": [5, 3],
            },
            "encoding": {axis: value},
        },
        {
            "transform": once,
            "mark": {**label, **place, "dy": -8},
            "encoding": {axis: value, "text": {"field": LABEL, "type": "nominal"}},
        },
    ]
