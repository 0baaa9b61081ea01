"""Texts that somebody sent, made fit to be shown, kept and handed on. Pure."""

from __future__ import annotations

import re

SHOWN = 60
LONGEST_NAME = 255
_FOLDERS = re.compile(r"[/\\]")
# What a spreadsheet takes for a formula; it passes over blanks, seen or unseen, and
# takes the wide forms of East Asia for the signs. Both RE2 and Python read this.
FORMULA = (
    "^[\x01-\x20\x7f\u00a0\u2000-\u200f\u2028-\u202f\u3000\ufeff]*"
    "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
)
_FORMULA = re.compile(FORMULA)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def cut(text: str, most: int = SHOWN) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(text: str) -> str:
    """The text as a message shows it: in quotes, escaped, and not too long."""
    return repr(cut(text))


def file_label(name: str | None) -> str | None:
    """The name of somebody's file as the ledger keeps it: only ever a label.

    Without folders, and without what would garble a line or a terminal.
    """
    last = _FOLDERS.split(name or "")[-1]
    shown = "".join(c if c.isprintable() else "\ufffd" for c in last)
    return cut(shown, LONGEST_NAME) or None


def without_formula(text: str) -> str:
    """An apostrophe before what a spreadsheet would take for a formula."""
    risky = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text


def storable(text: str) -> bool:
    """No NUL and no lone surrogate: neither can be stored as text everywhere."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
