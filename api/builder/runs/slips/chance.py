"""Calls that give values by chance: numbers are others though no row has changed."""

from __future__ import annotations

import re

from api.contract.hard_coded_names import masked_sql

# With a seed it is the same each time.
CHANCE = re.compile(
    r"\b((?:random|rand|gen_random_uuid|uuid)\s*\(\s*\)|randomblob\s*\()", re.IGNORECASE
)


def chance_in(sql: str) -> str | None:
    """What a model does, in words, if its SQL calls any; Jinja may be in it."""
    found = CHANCE.search(masked_sql(sql))
    if found is None:
        return None
    return f"calls {found[1].rstrip('( )')}(): its numbers are others in each build."
