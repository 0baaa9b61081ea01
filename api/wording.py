"""How messages count, quote untrusted text, and suggest what was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 60
LONGEST_NAME = 255
# A longer word is no typing mistake, and comparing it takes time.
LONGEST_COMPARED = 60
_FOLDERS = re.compile(r"[/\\]")
# What a spreadsheet takes for a formula. It skips blanks, visible or not, and accepts
# the full-width forms of the signs. RE2 and Python both read this pattern.
FORMULA = (
    "^[\x01-\x20\x7f\u00a0\u2000-\u200f\u2028-\u202f\u3000\ufeff]*"
    "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
)
_FORMULA = re.compile(FORMULA)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def count(number: int, noun: str) -> str:
    """As in "1 row" and "1,234 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb whose subject is a count."""
    return one if number == 1 else many


def did_you_mean(word: str, known: Iterable[str], closeness: float = 0.6) -> str:
    """The hint " (did you mean 'x'?)", or "" when no known word is that close."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    typed = word.strip().casefold()[:LONGEST_COMPARED]
    close = get_close_matches(typed, by_fold, 1, closeness)
    return f" (did you mean {by_fold[close[0]]!r}?)" if close else ""


def cut(text: str, most: int = SHOWN) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(text: str) -> str:
    """The text as a message shows it: in quotes, escaped, and not too long."""
    return repr(cut(text))


def file_label(name: str | None) -> str | None:
    """A file name as the ledger keeps it, as a label only.

    Folders are dropped, and characters that would garble a line or a terminal replaced.
    """
    last = _FOLDERS.split(name or "")[-1]
    shown = "".join(c if c.isprintable() else "\ufffd" for c in last)
    return cut(shown, LONGEST_NAME) or None


def without_formula(text: str) -> str:
    """The text, after an apostrophe if a spreadsheet would take it for a formula."""
    risky = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text


def storable(text: str) -> bool:
    """No NUL and no lone surrogate: neither can be stored as text everywhere."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
