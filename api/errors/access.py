"""Who may not: keys, origins and hosts."""

from __future__ import annotations

from api.errors.problem import Problem


class KeyRequired(Problem):
    status, code, title = 401, "key_required", "This needs an API key"

    @property
    def headers(self) -> dict[str, str]:
        return super().headers | {"WWW-Authenticate": "Bearer"}


class UnknownKey(KeyRequired):
    code, title = "unknown_key", "The API key is not known"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "This is not allowed"


class ReadOnlyKey(Forbidden):
    code, title = "read_only_key", "The API key may read but not write"


class ForeignOrigin(Forbidden):
    code, title = "foreign_origin", "A page of another site may not write here"


class ForeignHost(Problem):
    status, code, title = 421, "foreign_host", "This host is not served here"
