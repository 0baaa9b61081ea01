"""The keys that are valid now: those of the settings, and of a file that may change."""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from api.errors import UnknownKey
from api.middleware.access.keys import (
    KeyLine,
    digest_of,
    from_file,
    from_setting,
    unique_keys,
)

# How long a key that was removed from the file stays valid.
LOOK_SECONDS = 1.0

log = logging.getLogger("access")


class Keyring:
    """One per process; safe for use by many threads."""

    def __init__(
        self, api_keys: Sequence[str], read_keys: Sequence[str], file: str
    ) -> None:
        """Read all keys; raises ValueError with the place of an invalid one."""
        self._fixed = [
            *from_setting("API_KEYS", api_keys, "write"),
            *from_setting("READ_KEYS", read_keys, "read"),
        ]
        self._file = Path(file) if file else None
        self._looking = threading.Lock()
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._last_error = ""
        self._content = b""
        if self._file is None:
            self._keys = unique_keys(self._fixed)
        else:
            self._content = self._read()
            self._keys = self._parsed(self._content)

    def find(self, sent: str) -> KeyLine:
        """The key that was sent; raises UnknownKey.

        Takes as long for a valid key as for a wrong or nearly valid one: it compares
        digests, in constant time, and always all of them.
        """
        self._reload_when_due()
        digest, found = digest_of(sent), None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        if found is None:
            raise UnknownKey(
                "The key that was sent is not known here. It may have a typing error,"
                " or have been replaced; ask whoever runs the server for another."
            )
        return found

    def _reload_when_due(self) -> None:
        """Read the file again every LOOK_SECONDS, on the thread that comes first."""
        if self._file is None or time.monotonic() < self._next_look:
            return
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._reload()
        finally:
            self._next_look = time.monotonic() + LOOK_SECONDS
            self._looking.release()

    def _reload(self) -> None:
        """Replace the keys by those of the file; keep them while it has an error."""
        try:
            content = self._read()
            if content != self._content:
                self._keys, self._content = self._parsed(content), content
                log.info("%s was read again: %d keys", self._file, len(self._keys))
            self._last_error = ""
        except ValueError as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                log.error("%s The keys of before stay.", error)

    def _read(self) -> bytes:
        # All of it: the time of change would miss one within a tick of the clock.
        assert self._file is not None
        try:
            return self._file.read_bytes()
        except OSError as error:
            raise ValueError(
                f"API_KEYS_FILE {self._file} cannot be read: {error.strerror}."
            ) from error

    def _parsed(self, content: bytes) -> tuple[KeyLine, ...]:
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"API_KEYS_FILE {self._file} is not UTF-8.") from error
        keys = from_file(f"API_KEYS_FILE {self._file}", text)
        return unique_keys([*self._fixed, *keys])
