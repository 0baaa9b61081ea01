"""A specification made fit to be drawn, by our renderer and by any other.

Any text has to come out as a picture. The renderer ends the whole process over a
character that XML cannot hold, stumbles over line separators and over the names that
every object of JavaScript has, and measures long labels for minutes. Infinity has no
name in JSON, and no place on a scale: it is no value.
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
# Of a text in a picture. The renderer measures long ones a piece at a time: a label of
# 100,000 characters takes it minutes.
LONGEST = 500
ZERO_WIDTH_SPACE = "\u200b"


def printable(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with texts and numbers that can be drawn, different ones
    still different."""
    cut = each_text(_shortener(), spec)
    fit: dict[str, Any] = _finite(each_text(_printable, cut))
    return fit


def each_text(change: Callable[[str], str], value: Any) -> Any:
    """The value with every text in it changed, names of members too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(k): each_text(change, member) for k, member in value.items()}
    if isinstance(value, list):
        return [each_text(change, member) for member in value]
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


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_finite(member) for member in value]
    return value
