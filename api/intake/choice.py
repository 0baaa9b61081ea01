"""A file of several sheets or files, of which only the sender can choose one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from api.errors import AmbiguousReading, BadParameter, choice_question
from api.wording import did_you_mean, quoted

_MOST_NAMES = 20  # that are listed
_COMPARED = 1000  # with a name that may be mistyped


def raise_choice(
    whole: str, part: str, names: Sequence[str], wanted: str | None
) -> NoReturn:
    """Raise AmbiguousReading, or BadParameter if `wanted` is none of the names."""
    listed = ", ".join(map(quoted, names[:_MOST_NAMES])) or "none"
    if len(names) > _MOST_NAMES:
        listed += f" and {len(names) - _MOST_NAMES:,} more"
    if wanted is not None:
        raise BadParameter(
            f"The {whole} holds no {part} {quoted(wanted)}, as sheet says"
            f"{did_you_mean(wanted, names[:_COMPARED])}. It holds {listed}."
        )
    raise AmbiguousReading(
        f"The {whole} holds {len(names):,} {part}s: {listed}. Say which one in the form"
        f" field sheet, as sheet={quoted(names[0])}.",
        question=choice_question("sheet", {name: name for name in names[:_MOST_NAMES]}),
    )
