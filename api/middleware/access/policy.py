"""The decision about one request: host, origin and key against the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.config import Settings
from api.errors import KeyRequired, ReadOnlyKey
from api.middleware.access.hosts import Host, Hosts, is_loopback
from api.middleware.access.keyring import Keyring
from api.middleware.access.origins import Origins
from api.middleware.access.rules import SAFE_METHODS, Need, need

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BEARER = "bearer "
# A request with one of these comes through a proxy.
FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)
HOW_TO_SEND = "Send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`."


class AccessPolicy:
    """Lets a request pass, or raises a problem."""

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError that names the setting and how to correct it."""
        self._has_keys = settings.has_keys
        self._protect_metrics = settings.protect_metrics
        self._hosts = Hosts(settings.host, settings.allowed_hosts)
        self.origins = Origins(settings.cors_origins)
        self._keys = Keyring(
            settings.api_keys, settings.read_keys, settings.api_keys_file
        )

    def check_host(self, environ: WSGIEnvironment) -> None:
        """Raise ForeignHost unless the Host header names this server."""
        self._hosts.check(environ.get("HTTP_HOST", ""))

    def check_origin(self, environ: WSGIEnvironment) -> None:
        """Raise ForeignOrigin when a page of another site sends a write."""
        if environ["REQUEST_METHOD"] not in SAFE_METHODS:
            self.origins.check_write(
                environ.get("HTTP_ORIGIN"),
                environ.get("HTTP_SEC_FETCH_SITE"),
                environ.get("HTTP_HOST", ""),
                environ.get("wsgi.url_scheme", "http"),
            )

    def actor(self, environ: WSGIEnvironment) -> str | None:
        """The name of the key; None where none is sent and none is needed.

        Raises KeyRequired, UnknownKey or ReadOnlyKey.
        """
        needed = need(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], self._protect_metrics
        )
        if needed is Need.UNASKED:
            return None
        if not self._has_keys:
            if needed > Need.NOTHING:
                _check_local(environ)
            return None
        sent = _sent_key(environ)
        if not sent:
            if needed > Need.NOTHING:
                raise KeyRequired(f"This needs an API key. {HOW_TO_SEND}")
            return None
        key = self._keys.find(sent)
        if needed is Need.WRITE and key.scope != "write":
            raise ReadOnlyKey(
                f"The key {key.name} may only read. To write takes a key whose scope"
                " is write; ask whoever runs the server for one."
            )
        return key.name


def _sent_key(environ: WSGIEnvironment) -> str:
    """The key of the request; empty when none is sent.

    X-API-Key wins: Authorization may be meant for a gateway in front of this server.
    """
    key: str = environ.get("HTTP_X_API_KEY", "")
    if key:
        return key
    authorization: str = environ.get("HTTP_AUTHORIZATION", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return ""


def _check_local(environ: WSGIEnvironment) -> None:
    """Raise KeyRequired unless the request comes from this machine."""
    if not (_is_local_peer(environ) and Host.of(environ["HTTP_HOST"]).is_local):
        raise KeyRequired(
            "The server has no API keys, so this is for programs on the same machine"
            " alone. Whoever runs the server sets API_KEYS or API_KEYS_FILE;"
            " `python -m api key NAME` makes a key."
        )


def _is_local_peer(environ: WSGIEnvironment) -> bool:
    if any(name in environ for name in FORWARDED):
        return False
    # A Unix socket has no address and is local.
    peer: str = environ.get("REMOTE_ADDR", "")
    try:
        return not peer or peer.startswith("unix:") or is_loopback(peer)
    except ValueError:
        return False
