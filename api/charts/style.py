"""How our charts look: fonts, colours and sizes, as a Vega-Lite config."""

from __future__ import annotations

from typing import Any

INK, QUIET, FAINT = "#1f2933", "#5a6775", "#e4e8ec"
ACCENT = "#2f6fb0"
# Told apart by people who do not see all colours; after Okabe and Ito, and Tol.
CATEGORIES = [
    "#2f6fb0",
    "#e08214",
    "#2a9d77",
    "#b3402a",
    "#7b5ea7",
    "#c9a227",
    "#5a6775",
    "#d46a9b",
]
# From light to dark, for what has an order.
STEPS = ["#a9cbe6", "#6fa8d6", "#3a7fb8", "#174f84"]

WIDTH, PANEL_WIDTH, HEIGHT = 560, 250, 300
BAR_STEP, COLUMN_STEP = 24, 44
# Characters of a label that fits under its column without being turned.
UPRIGHT_LABEL = 5

STYLE: dict[str, Any] = {
    "background": "white",
    "padding": 16,
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "frame": "group",
        "color": INK,
        "fontSize": 17,
        "fontWeight": 600,
        "subtitleColor": QUIET,
        "subtitleFontSize": 12,
        "subtitlePadding": 5,
        "offset": 16,
    },
    "axis": {
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 220,
        "titleColor": QUIET,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "gridColor": FAINT,
        "domainColor": "#b8c1ca",
        "tickColor": "#b8c1ca",
        "labelOverlap": True,
    },
    "axisBand": {"grid": False, "ticks": False, "domain": False, "labelPadding": 8},
    "legend": {
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 200,
        "titleColor": QUIET,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "symbolType": "square",
    },
    "header": {
        "labelColor": INK,
        "labelFontSize": 13,
        "labelFontWeight": 600,
        "labelAnchor": "start",
        "title": None,
    },
    "range": {"category": CATEGORIES, "ordinal": STEPS},
    "bar": {"color": ACCENT},
    "line": {"color": ACCENT, "strokeWidth": 2},
    "area": {"color": ACCENT, "opacity": 0.8},
    "point": {"color": ACCENT, "filled": True, "size": 50},
}
