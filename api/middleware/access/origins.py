"""Pages of other sites: which may write, and the CORS headers they get. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.errors import ForeignOrigin
from api.middleware.access.hosts import Host
from api.middleware.access.rules import SAFE_METHODS
from api.middleware.wsgi import Headers

DEFAULT_PORTS = {"http": 80, "https": 443}
# The values of Sec-Fetch-Site for requests that no other site made.
OWN_SITES = ("same-origin", "none")
METHODS = ", ".join(sorted(SAFE_METHODS | {"POST", "DELETE"}))
ALLOWED_HEADERS = (
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, Prefer, If-None-Match,"
    " X-Request-Id"
)
EXPOSED_HEADERS = (
    "ETag, Link, Location, Retry-After, Build-Id, Build-Finished-At,"
    " Build-Last-Load-Id, Sample-Data, Preference-Applied, Idempotency-Replayed,"
    " Content-Disposition, WWW-Authenticate, X-Request-Id"
)
PREFLIGHT_SECONDS = 600


@dataclass(frozen=True)
class Origin:
    """Where a page comes from, in one spelling."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Origin:
        """Parse an Origin header; raises ValueError for others, such as `null`."""
        scheme, separator, authority = text.lower().partition("://")
        if not separator or scheme not in DEFAULT_PORTS:
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
        """Raise ForeignOrigin when a page of another site sends the request.

        `site` is Sec-Fetch-Site, `scheme` the one that the server sees. Only browsers
        send `origin` and `site`; no page can suppress them.
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
        """The CORS headers of an answer to a request with this Origin header."""
        # Always: a cache must not return to one origin the answer to another.
        headers: Headers = [("Vary", "Origin")]
        if origin in self._listed:
            headers.append(("Access-Control-Allow-Origin", origin))
            headers.append(("Access-Control-Expose-Headers", EXPOSED_HEADERS))
        return headers

    @staticmethod
    def preflight() -> Headers:
        """The headers of the answer to a preflight request from a listed origin."""
        return [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
            ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
        ]


def _is_own(text: str, host: str, scheme: str) -> bool:
    """Whether the page came from this server, under the name of this request."""
    try:
        origin = Origin.of(text)
    except ValueError:
        return False
    here = Host.of(host)
    # A proxy may end TLS, so that https arrives here as http; never the reverse.
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
