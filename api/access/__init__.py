"""Who may do what: hosts, origins and keys, and the layer that asks for them.

`rules` holds the one table of what a request needs. Only `keyring` reads a file.
"""

from api.access.door import Door
from api.access.guard import Guard
from api.access.hosts import is_loopback
from api.access.keys import new_key
from api.access.rules import SAFE_METHODS, Need, need

__all__ = ["SAFE_METHODS", "Door", "Guard", "Need", "is_loopback", "need", "new_key"]
