"""Who asked, and under which number: what goes with a request through load and build.

The names are those of the WSGI environment, where the layers in front of the framework
put the values; nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

# The name of the API key, absent where no key was asked for.
ACTOR = "hiring.actor"
# The number of the request, the client's own or one made up here.
REQUEST_ID = "hiring.request_id"


@dataclass(frozen=True)
class Provenance:
    """Who had a load made, and by which request; None where nobody knows."""

    actor: str | None = None
    request_id: str | None = None


NOBODY = Provenance()
