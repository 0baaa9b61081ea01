"""Who may do what: hosts, origins and keys, and the layer that asks for them.

`rules` holds the one table of what a request needs. Only `keyring` reads a file.
"""

from api.middleware.access.hosts import is_loopback
from api.middleware.access.keys import new_key
from api.middleware.access.middleware import AccessMiddleware
from api.middleware.access.policy import AccessPolicy
from api.middleware.access.rules import SAFE_METHODS, Need, need

__all__ = [
    "SAFE_METHODS",
    "AccessPolicy",
    "AccessMiddleware",
    "Need",
    "is_loopback",
    "need",
    "new_key",
]
