"""A mart's rows as the chart that its YAML declares: an SVG, rendered on this machine.

Pure. Rows are folded and added up in `points`, so that a drawing stays small however
many rows the mart has; `spec` words it for Vega-Lite in the clothes of `style`.
"""

from __future__ import annotations

import pyarrow as pa

from api.charts.points import points_of
from api.charts.spec import spec_of
from api.contract import Mart

VEGA_LITE = "6.4"


def svg(mart: Mart, rows: pa.Table, subtitle: str, panel: str | None = None) -> bytes:
    """The chart of these rows, which have all columns of the mart.

    `panel` names a column to draw one panel for each value of. A mart without a chart
    is the caller's mistake.
    """
    # Half a second and 70 MB, for those who draw.
    import vl_convert

    assert mart.chart is not None
    points = points_of(mart.chart, mart, rows, panel)
    spec = spec_of(mart, mart.chart, points, subtitle, panel)
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn.encode()
