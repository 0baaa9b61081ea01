"""A mart's rows as the chart that its YAML declares: a specification, or an SVG of it.

Pure. `points` folds and aggregates the rows, so that a drawing stays small for any
number of rows; `spec` writes Vega-Lite with the config of `style`; `printable` makes
any text safe to draw; `drawing` renders the SVG.
"""

from __future__ import annotations

import pyarrow as pa

from api.contract import Mart
from api.formats.charts.drawing import browser_bundle, draw
from api.formats.charts.points import points_of
from api.formats.charts.printable import printable
from api.formats.charts.spec import MEDIA_TYPE, Spec, spec_of
from api.formats.charts.style import PALETTES, THEMES, Theme

__all__ = [
    "MEDIA_TYPE",
    "THEMES",
    "Spec",
    "Theme",
    "browser_bundle",
    "draw",
    "vegalite",
]


def vegalite(
    mart: Mart,
    rows: pa.Table,
    subtitle: str,
    panel: str | None = None,
    theme: Theme = THEMES[0],
) -> Spec:
    """The specification of a mart's chart, with its data.

    `rows` have all columns of the mart, which must have a chart. `panel` names a column
    for each value of which one panel is drawn.
    """
    assert mart.chart is not None
    points = points_of(mart.chart, mart, rows, panel)
    palette = PALETTES[theme]
    return printable(spec_of(mart, mart.chart, points, subtitle, panel, palette))
