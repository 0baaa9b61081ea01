"""A mart's rows as the chart that its YAML declares: an SVG, rendered on this machine.

Pure. Rows are folded and added up in `points`, so that a drawing stays small however
many rows the mart has; `spec` words it for Vega-Lite in the clothes of `style`, and
`drawing` has it rendered.
"""

from __future__ import annotations

import pyarrow as pa

from api.charts.browser import browser_bundle
from api.charts.drawing import draw
from api.charts.points import points_of
from api.charts.spec import spec_of
from api.contract import Mart

__all__ = ["browser_bundle", "svg"]


def svg(mart: Mart, rows: pa.Table, subtitle: str, panel: str | None = None) -> bytes:
    """The chart of these rows, which have all columns of the mart.

    `panel` names a column to draw one panel for each value of. A mart without a chart
    is the caller's mistake.
    """
    assert mart.chart is not None
    points = points_of(mart.chart, mart, rows, panel)
    return draw(spec_of(mart, mart.chart, points, subtitle, panel))
