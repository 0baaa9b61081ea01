"""Counts in words, in the singular where there is one. Pure."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """As in "1 row" and "1,234 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb whose subject is a count."""
    return one if number == 1 else many
