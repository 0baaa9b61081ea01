"""The key and the request id that a request carries through load and build.

The constants are the names in the WSGI environment, where the middleware puts them.
"""

from __future__ import annotations

from dataclasses import dataclass

# The name of the API key; absent where none was required.
ACTOR = "hiring.actor"
# The id of the request: the client's own, or a generated one.
REQUEST_ID = "hiring.request_id"


@dataclass(frozen=True)
class Provenance:
    """The key and the request that made a load; None where unknown."""

    actor: str | None = None
    request_id: str | None = None


NOBODY = Provenance()
