"""What a request has to show: the one table of who may do what. Pure.

What is not listed as open needs a key, so that an address added later is not open by
oversight, nor one that the framework takes for another, such as `//loads`.
"""

from __future__ import annotations

from enum import IntEnum

# Any other method is a write, whatever the framework makes of it.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Need(IntEnum):
    """What a request has to show; each is more than the one before."""

    # A key is not even looked at: a probe must not fail over one.
    UNASKED = 0
    # Open; a key that is sent all the same has to be right.
    NOTHING = 1
    READ = 2
    WRITE = 3


# No figure and no row: links, and pages that fetch the rest.
OPEN = frozenset({"/", "/docs"})
# What tells figures, or how they are made; open unless PROTECT_METRICS.
FIGURES = frozenset({"/metrics", "/tables", "/status", "/openapi.json", "/lineage"})
METRIC, TABLE, ASSET, PROBE = "/metrics/", "/tables/", "/assets/", "/health/"
TEMPLATE = "/template"


def need(method: str, path: str, protect_metrics: bool = False) -> Need:
    """What a request with this method for this path (as in PATH_INFO) needs."""
    if method not in SAFE_METHODS:
        return Need.WRITE
    if path.startswith(METRIC) or path in FIGURES or _is_one_table(path):
        return Need.READ if protect_metrics else Need.NOTHING
    if path.startswith(PROBE):
        return Need.UNASKED
    if path in OPEN or path.startswith(ASSET):
        return Need.NOTHING
    return Need.READ


def _is_one_table(path: str) -> bool:
    """The contract of a table, or the empty file made from it; no rows."""
    name = path.removeprefix(TABLE).removesuffix(TEMPLATE)
    return path.startswith(TABLE) and "/" not in name
