"""Offer the known word that a mistyped one was probably meant to be. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Longer words are no typing mistakes, and comparing them would take time.
LONGEST = 60


def did_you_mean(word: str, known: Iterable[str], closeness: float = 0.6) -> str:
    """The hint " (did you mean 'x'?)", or nothing when no known word is so close."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(word.strip().casefold()[:LONGEST], by_fold, 1, closeness)
    return f" (did you mean {by_fold[close[0]]!r}?)" if close else ""
