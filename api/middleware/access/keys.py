"""API keys as values: parsed from settings and files, or made. Pure.

Only digests are kept. No message quotes a key, or an entry that might be one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, cast

Scope = Literal["read", "write"]

SCOPES = ("read", "write")
SHORTEST = 16
# What a header can carry: RFC 6750, section 2.1.
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PREFIX = "sha256:"
HEX = re.compile(r"[0-9a-f]{64}")
NAME_RULE = "letters, digits, dots, dashes or underscores, 64 at most"
NEW_KEY_BYTES = 32


@dataclass(frozen=True)
class KeyLine:
    """A key as a line of a file: its name, its scope, its SHA-256."""

    name: str
    scope: Scope
    digest: bytes

    def __str__(self) -> str:
        return f"{self.name} {self.scope} {PREFIX}{self.digest.hex()}"


def digest_of(key: str) -> bytes:
    return sha256(key.encode("ascii", "replace")).digest()


def new_key(name: str, scope: Scope) -> tuple[str, KeyLine]:
    """A random key and its line; raises ValueError for an invalid name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a key. Use {NAME_RULE}.")
    key = secrets.token_urlsafe(NEW_KEY_BYTES)
    return key, KeyLine(name, scope, digest_of(key))


def from_setting(variable: str, entries: Iterable[str], scope: Scope) -> list[KeyLine]:
    """The keys of a setting, each KEY or NAME:KEY; raises ValueError."""
    keys = []
    for number, entry in enumerate(entries, 1):
        name, named, key = entry.rpartition(":")
        place = f"{variable}, entry {number}"
        if named and not NAME.fullmatch(name):
            raise ValueError(f"{place}: the name before the colon must be {NAME_RULE}.")
        _check_key(place, key)
        digest = digest_of(key)
        keys.append(KeyLine(name or f"key-{digest.hex()[:6]}", scope, digest))
    return keys


def _check_key(place: str, key: str) -> None:
    make = "Make one with `python -m api key NAME`."
    if len(key) < SHORTEST:
        raise ValueError(
            f"{place}: the key has {len(key)} characters, and with fewer than"
            f" {SHORTEST} it could be guessed. {make}"
        )
    if not TOKEN.fullmatch(key):
        raise ValueError(
            f"{place}: a key consists of letters, digits and . _ ~ + / - alone. {make}"
        )


def from_file(path: str, text: str) -> list[KeyLine]:
    """The keys of a file, a line each; raises ValueError with file and line."""
    keys = [
        _line(f"{path}, line {number}", line.split())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not keys:
        raise ValueError(
            f"{path}: holds no key. Add a line made by `python -m api key NAME`."
        )
    return keys


def _line(place: str, parts: list[str]) -> KeyLine:
    if len(parts) != 3:
        raise ValueError(
            f"{place}: must be NAME SCOPE {PREFIX}HEX, as `python -m api key` prints"
            f" it, and has {len(parts)} parts."
        )
    name, scope, digest = parts
    if not NAME.fullmatch(name):
        raise ValueError(f"{place}: the name must be {NAME_RULE}.")
    if scope not in SCOPES:
        raise ValueError(f"{place}: the scope must be {' or '.join(SCOPES)}.")
    kind, hexadecimal = digest[: len(PREFIX)], digest[len(PREFIX) :].lower()
    if kind != PREFIX or not HEX.fullmatch(hexadecimal):
        raise ValueError(
            f"{place}: the key must stand as {PREFIX} and the 64 hexadecimal digits of"
            " its SHA-256, not as it is. `python -m api key` prints the line."
        )
    return KeyLine(name, cast(Scope, scope), bytes.fromhex(hexadecimal))


def unique_keys(keys: Iterable[KeyLine]) -> tuple[KeyLine, ...]:
    """The keys; raises ValueError when one is given twice."""
    unique: dict[bytes, KeyLine] = {}
    for key in keys:
        if key.digest in unique:
            raise ValueError(
                "API_KEYS, READ_KEYS, API_KEYS_FILE: one key is given twice, as"
                f" {unique[key.digest].name} and as {key.name}. Leave one of them out."
            )
        unique[key.digest] = key
    return tuple(unique.values())
