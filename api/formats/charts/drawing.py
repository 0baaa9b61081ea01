"""A Vega-Lite specification rendered as SVG: the same bytes in every process.

Works around two faults of the renderer: it fails if it cuts a label inside a character
beyond U+FFFF, and it numbers clip paths across drawings.
"""

from __future__ import annotations

import re
from typing import Any

from api.formats.charts.printable import map_texts
from api.formats.charts.spec import VEGA_LITE

ASTRAL = re.compile("[\U00010000-\U0010ffff]")
CLIP_PATHS = re.compile(r'(?<=<clipPath id=")clip\d+(?=")')


def draw(spec: dict[str, Any]) -> bytes:
    """The SVG of a specification that holds its data and is printable."""
    try:
        drawn = _render(spec)
    except ValueError:
        # A label was cut inside a character, at a place that only the renderer knows.
        drawn = _render(map_texts(_without_astral, spec))
    return _renumbered(drawn).encode()


def _render(spec: dict[str, Any]) -> str:
    # The import takes half a second and 70 MB, so only drawing pays for it.
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn


def _without_astral(text: str) -> str:
    return ASTRAL.sub("\ufffd", text)


def _renumbered(svg: str) -> str:
    """Number the clip paths from 1, which the renderer numbers across drawings."""
    for number, name in enumerate(dict.fromkeys(CLIP_PATHS.findall(svg)), 1):
        svg = svg.replace(f'<clipPath id="{name}"', f'<clipPath id="c{number}"')
        svg = svg.replace(f' clip-path="url(#{name})"', f' clip-path="url(#c{number})"')
    return svg


# Exports from the bundle the one name that a page needs.
EXPORT = "window.vegaEmbed = vegaEmbed;"


def browser_bundle() -> str:
    """The script, 0.9 MB, that sets `window.vegaEmbed`; making it takes a second."""
    import vl_convert

    script: str = vl_convert.javascript_bundle(EXPORT, vl_version=VEGA_LITE)
    return script
