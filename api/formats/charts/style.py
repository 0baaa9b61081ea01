"""How our charts look: fonts, sizes, and colours by theme, as a Vega-Lite config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Theme = Literal["light", "dark"]

WIDTH, PANEL_WIDTH, HEIGHT = 560, 250, 300
BAR_STEP, COLUMN_STEP = 24, 44
# Characters of a label that fits under its column without being turned.
UPRIGHT_LABEL = 5


@dataclass(frozen=True)
class Palette:
    """The colours of a theme.

    `ink` and `quiet` are for text, `faint` for the grid, `domain` for axes. `hues` are
    for unordered categories, distinguishable by colour-blind people; the first is for a
    chart of one colour. `steps` are for ordered categories, each further from the
    background than the one before.
    """

    background: str
    ink: str
    quiet: str
    faint: str
    domain: str
    hues: tuple[str, str, str, str, str, str, str]
    steps: tuple[str, str, str, str]

    @property
    def accent(self) -> str:
        """The colour of a chart that has only one."""
        return self.hues[0]

    @property
    def categories(self) -> list[str]:
        """The hues, with the grey `quiet` before the last one."""
        return [*self.hues[:-1], self.quiet, self.hues[-1]]


PALETTES: dict[Theme, Palette] = {
    # After Okabe and Ito, and Tol.
    "light": Palette(
        background="white",
        ink="#1f2933",
        quiet="#5a6775",
        faint="#e4e8ec",
        domain="#b8c1ca",
        hues=(
            "#2f6fb0",
            "#e08214",
            "#2a9d77",
            "#b3402a",
            "#7b5ea7",
            "#c9a227",
            "#d46a9b",
        ),
        steps=("#a9cbe6", "#6fa8d6", "#3a7fb8", "#174f84"),
    ),
    # The same hues, with a contrast to the background of at least 3:1, as a pale area
    # too.
    "dark": Palette(
        background="#161b22",
        ink="#e6edf3",
        quiet="#9aa7b4",
        faint="#2a323c",
        domain="#48525d",
        hues=(
            "#4a9fe8",
            "#e8923a",
            "#2fae86",
            "#dd5a44",
            "#bda2ea",
            "#f2dc85",
            "#d6559b",
        ),
        steps=("#4280bb", "#699fd2", "#9bc6eb", "#d6eafa"),
    ),
}
# The first is the default.
THEMES: tuple[Theme, ...] = tuple(PALETTES)


def style_of(palette: Palette) -> dict[str, Any]:
    """The config of a specification in these colours."""
    accent = palette.accent
    return {
        "background": palette.background,
        "padding": 16,
        "font": "Helvetica, Arial, sans-serif",
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "group",
            "color": palette.ink,
            "fontSize": 17,
            "fontWeight": 600,
            "subtitleColor": palette.quiet,
            "subtitleFontSize": 12,
            "subtitlePadding": 5,
            "offset": 16,
        },
        "axis": {
            "labelColor": palette.ink,
            "labelFontSize": 12,
            "labelLimit": 220,
            "titleColor": palette.quiet,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 10,
            "gridColor": palette.faint,
            "domainColor": palette.domain,
            "tickColor": palette.domain,
            "labelOverlap": True,
        },
        "axisBand": {"grid": False, "ticks": False, "domain": False, "labelPadding": 8},
        "legend": {
            "labelColor": palette.ink,
            "labelFontSize": 12,
            "labelLimit": 200,
            "titleColor": palette.quiet,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "symbolType": "square",
        },
        "header": {
            "labelColor": palette.ink,
            "labelFontSize": 13,
            "labelFontWeight": 600,
            "labelAnchor": "start",
            "title": None,
        },
        "range": {"category": palette.categories, "ordinal": list(palette.steps)},
        "bar": {"color": accent},
        "line": {"color": accent, "strokeWidth": 2},
        "area": {"color": accent, "opacity": 0.8},
        "point": {"color": accent, "filled": True, "size": 50},
    }
