"""The base of every error, in the shape of RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


class Problem(Exception):
    """An answer that is not a success.

    `status` is the HTTP status, `code` a stable searchable name, `title` the same
    for every occurrence, `detail` what happened here and how to mend it. `extra`
    holds further members of the answer, such as `errors`.
    """

    status = 500
    code = "internal_error"
    title = "Something failed on our side"
    # Seconds after which it is worth trying again; None when that would not help.
    retry_after: int | None = None

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra

    def asking(self, question: Mapping[str, Any] | None) -> Self:
        """The same, with what its sender is asked beside it, if anything."""
        if question:
            self.extra = {**self.extra, "question": question}
        return self

    @property
    def headers(self) -> dict[str, str]:
        """What the headers of the answer tell beside the body."""
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(self.retry_after)}

    def body(self) -> dict[str, Any]:
        """The RFC 9457 members of this problem."""
        return {
            "type": f"urn:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
