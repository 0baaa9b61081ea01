"""A mart's rows as the chart that its YAML declares: a specification, or an SVG of it.

Pure. Rows are folded and added up in `points`, so that a drawing stays small however
many rows the mart has; `spec` words it for Vega-Lite in the clothes of `style`,
`printable` sees to it that any text can be drawn, `drawing` has it rendered on this
machine.
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
    """The chart of these rows, which have all columns of the mart, with its data in it.

    `panel` names a column to draw one panel for each value of. A mart without a chart
    is the caller's mistake.
    """
    assert mart.chart is not None
    points = points_of(mart.chart, mart, rows, panel)
    palette = PALETTES[theme]
    return printable(spec_of(mart, mart.chart, points, subtitle, panel, palette))
