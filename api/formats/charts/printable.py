"""Make a specification safe to draw, by our renderer and by any other.

Any text has to be drawable. The renderer ends the whole process at a character that XML
cannot hold, fails on line separators and on the names of JavaScript's object members,
and measures long labels for minutes. Infinity, which is neither valid JSON nor on any
scale, becomes null.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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
# Characters of a text; the renderer takes minutes to measure 100,000.
LONGEST = 500
ZERO_WIDTH_SPACE = "\u200b"


def printable(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with drawable texts and numbers; different texts stay
    different."""
    short = map_texts(_shortener(), spec)
    drawable: dict[str, Any] = _finite(map_texts(_printable, short))
    return drawable


def map_texts(change: Callable[[str], str], value: Any) -> Any:
    """The value with every text in it changed, including names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(k): map_texts(change, member) for k, member in value.items()}
    if isinstance(value, list):
        return [map_texts(change, member) for member in value]
    return value


def _shortener() -> Callable[[str], str]:
    """A function that cuts long texts, and numbers them so that they stay different."""
    numbers: dict[str, int] = {}

    def short(text: str) -> str:
        if len(text) <= LONGEST:
            return text
        return f"{text[:LONGEST]}… ({numbers.setdefault(text, len(numbers) + 1)})"

    return short


def _printable(text: str) -> str:
    text = text.translate(PRINTABLE)
    return text + ZERO_WIDTH_SPACE if text in TAKEN_BY_JAVASCRIPT else text


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_finite(member) for member in value]
    return value
