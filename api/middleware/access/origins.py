"""Pages of other sites: which may write, and what their browsers are told. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.errors import ForeignOrigin
from api.middleware.access.hosts import Host
from api.middleware.access.rules import SAFE_METHODS

DEFAULT_PORTS = {"http": 80, "https": 443}
# What browsers say of a request that no other site had a hand in.
OWN_SITES = ("same-origin", "none")
METHODS = ", ".join(sorted(SAFE_METHODS | {"POST", "DELETE"}))
SENT = (
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, Prefer, If-None-Match,"
    " X-Request-Id"
)
SHOWN = (
    "ETag, Link, Location, Retry-After, Build-Id, Build-Finished-At,"
    " Build-Last-Load-Id, Sample-Data, Preference-Applied, Idempotency-Replayed,"
    " Content-Disposition, WWW-Authenticate, X-Request-Id"
)
PREFLIGHT_SECONDS = 600

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Origin:
    """Where a page comes from, in one spelling."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Origin:
        """Read an Origin header; raises ValueError when it is none, as `null` is."""
        scheme, found, authority = text.lower().partition("://")
        if not found or scheme not in DEFAULT_PORTS:
            raise ValueError("not an origin of the web")
        host = Host.of(authority)
        return cls(scheme, host.name, host.port or DEFAULT_PORTS[scheme])

    def __str__(self) -> str:
        """As browsers write it."""
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


class Origins:
    """The origins whose pages may read and write here."""

    def __init__(self, listed: Iterable[str]) -> None:
        """Raises ValueError naming an entry that is no origin."""
        self._listed = frozenset(str(_listed(entry)) for entry in listed)

    def __bool__(self) -> bool:
        return bool(self._listed)

    def check_write(
        self, origin: str | None, site: str | None, host: str, scheme: str
    ) -> None:
        """Raise ForeignOrigin when a page of another site has it written.

        `site` is Sec-Fetch-Site, `scheme` the one seen here. A program that is no
        browser sends neither `origin` nor `site`, and no page can make it.
        """
        if origin in self._listed:
            return
        if site is not None and site not in OWN_SITES:
            raise _foreign(origin or f"a page ({site[:20]})")
        if origin is not None and not _is_own(origin, host, scheme):
            raise _foreign(origin)

    def lists(self, text: str) -> bool:
        """Whether the Origin header is one of those in CORS_ORIGINS."""
        return text in self._listed

    def headers(self, origin: str | None) -> Headers:
        """What an answer to a request with this Origin header says beside its own."""
        # Always, as a cache must not give to one origin what another was told.
        told: Headers = [("Vary", "Origin")]
        if origin in self._listed:
            told.append(("Access-Control-Allow-Origin", origin))
            told.append(("Access-Control-Expose-Headers", SHOWN))
        return told

    @staticmethod
    def preflight() -> Headers:
        """What a browser is told that asks, for a listed origin, what it may send."""
        return [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", SENT),
            ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
        ]


def _is_own(text: str, host: str, scheme: str) -> bool:
    """Whether the page came from this server, by the name that it was called now."""
    try:
        origin = Origin.of(text)
    except ValueError:
        return False
    here = Host.of(host)
    # A proxy may take TLS off, so that https is seen here as http; never the reverse.
    if scheme == "https" and origin.scheme == "http":
        return False
    port = here.port or DEFAULT_PORTS[origin.scheme]
    return (origin.host, origin.port) == (here.name, port)


def _foreign(who: str) -> ForeignOrigin:
    return ForeignOrigin(
        f"{who[:100]} is another site and may not write here. If it should, whoever"
        " runs the server adds its origin to CORS_ORIGINS; if it is this very server"
        " behind a proxy, the proxy has to pass the Host header on as it is."
    )


def _listed(entry: str) -> Origin:
    try:
        return Origin.of(entry)
    except ValueError as error:
        raise ValueError(
            f"CORS_ORIGINS: {entry!r} is not an origin. Give scheme and host, and the"
            " port if it is a special one, with nothing behind, such as"
            " https://hr.example; each origin by itself, there is no * for all."
        ) from error
