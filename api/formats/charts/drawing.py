"""A Vega-Lite specification drawn as SVG: the same bytes in every process.

The renderer fails where it cuts a label within a character beyond the first 65,536,
and counts its clip paths on from drawing to drawing; both are mended here.
"""

from __future__ import annotations

import re
from typing import Any

from api.formats.charts.printable import each_text
from api.formats.charts.spec import VEGA_LITE

BEYOND_THE_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")
CLIP_PATHS = re.compile(r'(?<=<clipPath id=")clip\d+(?=")')


def draw(spec: dict[str, Any]) -> bytes:
    """The SVG of a specification that holds its data and is printable."""
    try:
        drawn = _render(spec)
    except ValueError:
        # A label was cut within a character; where it is cut only the renderer knows.
        drawn = _render(each_text(_basic, spec))
    return _renumbered(drawn).encode()


def _render(spec: dict[str, Any]) -> str:
    # Half a second and 70 MB, for those who draw.
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn


def _basic(text: str) -> str:
    return BEYOND_THE_BASIC_PLANE.sub("\ufffd", text)


def _renumbered(svg: str) -> str:
    """Clip paths counted from 1: the renderer counts on from drawing to drawing."""
    for number, name in enumerate(dict.fromkeys(CLIP_PATHS.findall(svg)), 1):
        svg = svg.replace(f'<clipPath id="{name}"', f'<clipPath id="c{number}"')
        svg = svg.replace(f' clip-path="url(#{name})"', f' clip-path="url(#c{number})"')
    return svg


# Of what the bundle has, the one name that a page needs.
ENTRANCE = "window.vegaEmbed = vegaEmbed;"


def browser_bundle() -> str:
    """A script, 0.9 MB, that leaves `vegaEmbed` on the window; takes a second."""
    import vl_convert

    script: str = vl_convert.javascript_bundle(ENTRANCE, vl_version=VEGA_LITE)
    return script
