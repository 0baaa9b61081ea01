"""One of several that a file holds: nobody but its sender can say which. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from api.errors import AmbiguousReading, BadParameter, of_choices
from api.wording import did_you_mean, quoted

_MOST_NAMES = 20  # that are told one by one
_COMPARED = 1000  # for which a mistyped one may be meant


def refuse_choice(
    whole: str, part: str, names: Sequence[str], wanted: str | None
) -> NoReturn:
    """Ask for one of the names, or say that what is wanted is none of them."""
    told = ", ".join(map(quoted, names[:_MOST_NAMES])) or "none"
    if len(names) > _MOST_NAMES:
        told += f" and {len(names) - _MOST_NAMES:,} more"
    if wanted is not None:
        raise BadParameter(
            f"The {whole} holds no {part} {quoted(wanted)}, as sheet says"
            f"{did_you_mean(wanted, names[:_COMPARED])}. It holds {told}."
        )
    raise AmbiguousReading(
        f"The {whole} holds {len(names):,} {part}s: {told}. Say which one in the form"
        f" field sheet, as sheet={quoted(names[0])}.",
        question=of_choices("sheet", {name: name for name in names[:_MOST_NAMES]}),
    )
