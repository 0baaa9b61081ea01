"""A Vega-Lite specification drawn as SVG: the same bytes in every process.

Any text has to come out as a picture. The renderer ends the whole process over a
character that XML cannot hold, stumbles over line separators and over the names that
every object of JavaScript has, and fails where it cuts a label within a character
beyond the first 65,536. So texts are made printable before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

VEGA_LITE = "6.4"

# Control characters as their pictures in Unicode; noncharacters as "unknown".
PRINTABLE = (
    {code: 0x2400 + code for code in range(0x20)}
    | {0x7F: 0x2421, 0x2028: 0x2424, 0x2029: 0x2424}
    | dict.fromkeys([*range(0x80, 0xA0), 0xFFFE, 0xFFFF], 0xFFFD)
)
TAKEN_BY_JAVASCRIPT = {
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
}
# Of a text in a picture. The renderer measures long ones a piece at a time: a label of
# 100,000 characters takes it minutes.
LONGEST = 500
ZERO_WIDTH_SPACE = "\u200b"
BEYOND_THE_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")
CLIP_PATHS = re.compile(r'(?<=<clipPath id=")clip\d+(?=")')


def draw(spec: dict[str, Any]) -> bytes:
    """The SVG of a specification that holds its data."""
    spec = _each_text(_printable, _each_text(_shortener(), spec))
    try:
        drawn = _render(spec)
    except ValueError:
        # A label was cut within a character; where it is cut only the renderer knows.
        drawn = _render(_each_text(_basic, spec))
    return _renumbered(drawn).encode()


def _render(spec: dict[str, Any]) -> str:
    # Half a second and 70 MB, for those who draw.
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn


def _each_text(change: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(k): _each_text(change, member) for k, member in value.items()}
    if isinstance(value, list):
        return [_each_text(change, member) for member in value]
    return value


def _shortener() -> Callable[[str], str]:
    """Cuts long texts, and numbers them so that different ones stay different."""
    numbers: dict[str, int] = {}

    def short(text: str) -> str:
        if len(text) <= LONGEST:
            return text
        return f"{text[:LONGEST]}… ({numbers.setdefault(text, len(numbers) + 1)})"

    return short


def _printable(text: str) -> str:
    text = text.translate(PRINTABLE)
    return text + ZERO_WIDTH_SPACE if text in TAKEN_BY_JAVASCRIPT else text


def _basic(text: str) -> str:
    return BEYOND_THE_BASIC_PLANE.sub("\ufffd", text)


def _renumbered(svg: str) -> str:
    """Clip paths counted from 1: the renderer counts on from drawing to drawing."""
    for number, name in enumerate(dict.fromkeys(CLIP_PATHS.findall(svg)), 1):
        svg = svg.replace(f'<clipPath id="{name}"', f'<clipPath id="c{number}"')
        svg = svg.replace(f' clip-path="url(#{name})"', f' clip-path="url(#c{number})"')
    return svg
