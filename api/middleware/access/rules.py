"""What a request needs: the one table of who may do what. Pure.

A path that is not listed as open needs a key, so that a path added later is not open by
oversight, nor one that the framework takes for another, such as `//loads`.
"""

from __future__ import annotations

from enum import IntEnum

# Any other method is a write, whatever the framework makes of it.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Need(IntEnum):
    """What a request needs to be let in; each level is more than the one before."""

    # A key is not looked at: a probe must not fail over one.
    UNASKED = 0
    # Open; a key that is sent nevertheless has to be valid.
    NOTHING = 1
    READ = 2
    WRITE = 3


# Links, and pages that fetch the rest: no figures and no rows.
OPEN = frozenset({"/", "/docs"})
# Figures, and how they are made; open unless PROTECT_METRICS.
FIGURES = frozenset({"/metrics", "/tables", "/status", "/openapi.json", "/lineage"})
METRIC, TABLE, ASSET, PROBE = "/metrics/", "/tables/", "/assets/", "/health/"
TEMPLATE = "/template"


def need(method: str, path: str, protect_metrics: bool = False) -> Need:
    """What a request with this method and path (as in PATH_INFO) needs."""
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
    """Whether the path is a table's contract or template, which hold no rows."""
    name = path.removeprefix(TABLE).removesuffix(TEMPLATE)
    return path.startswith(TABLE) and "/" not in name
