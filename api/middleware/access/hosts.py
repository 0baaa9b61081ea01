"""The names that the server answers to, and no others. Pure.

A page of another site can have its own name resolve to this server (DNS rebinding); the
browser then takes the server for that site, but still sends that name as the Host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from api.errors import ForeignHost

LOCALHOST = "localhost"
ANY = "*"
NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
AUTHORITY = re.compile(r"(?:(\[[0-9a-f:.]+\])|([a-z0-9_.-]+?)\.?)(?::([0-9]{0,5}))?")
MOST_PORT = 65_535
# How many accepted Host headers are kept, with their ports.
MOST_ACCEPTED = 1_000


@dataclass(frozen=True)
class Host:
    """A name or an address, in one spelling, with a port if one was given."""

    name: str
    port: int | None
    is_address: bool

    @classmethod
    def of(cls, text: str) -> Host:
        """Parse a Host header; raises ValueError for anything else."""
        match = AUTHORITY.fullmatch(text.lower())
        if match is None:
            raise ValueError("not a host, or more than one")
        bracketed, name, digits = match.groups()
        port = int(digits) if digits else None
        if port is not None and not 0 < port <= MOST_PORT:
            raise ValueError("no such port")
        if bracketed:
            return cls(f"[{IPv6Address(bracketed[1:-1])}]", port, is_address=True)
        try:
            return cls(str(IPv4Address(name)), port, is_address=True)
        except ValueError:
            if not NAME.fullmatch(name):
                raise
            return cls(name, port, is_address=False)

    @property
    def is_local(self) -> bool:
        """Whether it resolves without a name server."""
        return self.is_address or self.name == LOCALHOST


class Hosts:
    """The hosts that are served: addresses, localhost, and the names given."""

    def __init__(self, listen: str, allowed: Iterable[str]) -> None:
        """Raises ValueError naming an entry of `allowed` that is no name."""
        names = {_name(entry) for entry in allowed}
        self._any = ANY in names
        self._names = names | {LOCALHOST, listen.lower().rstrip(".")}
        self._accepted: set[str] = set()

    def check(self, text: str) -> None:
        """Raise ForeignHost unless the Host header names this server."""
        if text in self._accepted:
            return
        try:
            host = Host.of(text)
        except ValueError as error:
            raise ForeignHost(
                f"The Host header {text[:100]!r} does not name one host. Send the name"
                " or the address of the server, as in its URL."
            ) from error
        if not (host.is_address or self._any or host.name in self._names):
            raise ForeignHost(
                f"{host.name[:100]!r} is not a name of this server. If it should be,"
                " whoever runs the server adds it to ALLOWED_HOSTS."
            )
        if len(self._accepted) >= MOST_ACCEPTED:
            self._accepted.clear()
        self._accepted.add(text)


def _name(entry: str) -> str:
    name = entry.lower().rstrip(".")
    if name == ANY or NAME.fullmatch(name):
        return name
    if _is_address(entry):
        return name
    raise ValueError(
        f"ALLOWED_HOSTS: {entry!r} is not a host name. Give names alone, without"
        " https:// and without a port, such as hr.example; * allows any."
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback
