"""Write keys: which senders may send. Shown once, kept as digests in ``<lake>/keys.json``.

A key holds 256 random bits, so its plain SHA-256 is as good at rest as a slow password hash: there is nothing to guess,
and every request can afford it. (A slow hash makes guessing a *human's* password dear.)

Each key belongs to one source: the shop, the app or the till that sends with it. A source may have several keys for a
while: a rotation makes a new key and lets the old one live for a period of grace.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from catalogue.clock import utc_now
from catalogue.errors import SettingsError
from catalogue.files import OWNER_ONLY, atomic_write

FILE = "keys.json"
PREFIX = "tk_"  # so that a secret scanner, and a person, knows one when it sees one
GRACE = timedelta(days=7)
_SECRET_BYTES = 32


class WriteKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key, without its secret.

    Attributes
    ----------
    id : names the key in lists, logs and limits; no secret
    source : who sends with it
    digest : SHA-256 of the key, in hexadecimal digits
    expires_at : valid until then; None for ever
    """

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    created_at: Annotated[datetime, Meta(tz=True)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key may be used at `now`."""
        return self.expires_at is None or now < self.expires_at


class Keys(Protocol):
    """Finds the write key of a secret."""

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none."""
        ...


def key_of_secret(keys: list[WriteKey], secret: str, now: datetime) -> WriteKey | None:
    """The valid key with this secret. Takes the same time wherever the key is in the list, and where it is missing."""
    digest = digest_of(secret)
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest) and key.is_valid(now):
            found = key
    return found


def digest_of(secret: str) -> str:
    """The digest of a secret, which is what is kept of a key."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class KeyFile:
    """The keys of a lake. Reads the file again whenever it has changed, so that a running collector follows.

    Parameters
    ----------
    path : ``<lake>/keys.json``; readable by its owner only; no file means no keys
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: list[WriteKey] = []

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none.

        Raises
        ------
        SettingsError
            The file cannot be read.
        """
        return key_of_secret(self.all(), secret, self._now())

    def all(self) -> list[WriteKey]:
        """Every key of the file, expired ones included, oldest first."""
        with self._lock:
            try:
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
                if stamp != self._stamp:
                    self._keys = msgspec.json.decode(self._path.read_bytes(), type=list[WriteKey])
                    self._stamp = stamp
            except FileNotFoundError:
                self._stamp, self._keys = None, []
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise SettingsError(
                    f"The write keys cannot be read: {error}",
                    where=str(self._path),
                    remedy="Put the file back, or remove it and make new keys with `python -m pipeline keys create`.",
                ) from error
            return self._keys

    def create(self, source: str) -> tuple[WriteKey, str]:
        """Make a key for a source; returns it with its secret, which is kept nowhere."""
        return self._add(source, self.all())

    def rotate(self, source: str, grace: timedelta = GRACE) -> tuple[WriteKey, str]:
        """Make a new key for a source; its other valid keys end after `grace`."""
        now = self._now()
        end = now + grace
        keys = self.all()
        if not any(key.source == source and key.is_valid(now) for key in keys):
            raise SettingsError(
                f"Source {source!r} has no key to rotate",
                where=str(self._path),
                remedy=f"Make its first one with `python -m pipeline keys create {source}`.",
            )
        ending = [
            replace(key, expires_at=end)
            if key.source == source and (key.expires_at is None or key.expires_at > end)
            else key
            for key in keys
        ]
        return self._add(source, ending)

    def revoke(self, key_id: str) -> WriteKey:
        """End a key now; returns it as it was."""
        keys = self.all()
        ended = next((key for key in keys if key.id == key_id), None)
        if ended is None:
            raise SettingsError(
                f"There is no key {key_id!r}",
                where=str(self._path),
                remedy="See which there are with `python -m pipeline keys list`.",
            )
        self._write([key for key in keys if key.id != key_id])
        return ended

    def _add(self, source: str, keys: list[WriteKey]) -> tuple[WriteKey, str]:
        if not 1 <= len(source) <= 64 or not source.isprintable():
            raise SettingsError(f"Source {source!r} is no name of 1 to 64 printable characters", where="SOURCE")
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = WriteKey(id=secrets.token_hex(4), source=source, digest=digest_of(secret), created_at=self._now())
        self._write([*keys, key])
        return key, secret

    def _write(self, keys: list[WriteKey]) -> None:
        text = msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n"
        try:
            atomic_write(self._path, text, mode=OWNER_ONLY)
        except OSError as error:
            raise SettingsError(
                f"The write keys cannot be written: {error.strerror}",
                where=str(self._path),
                remedy="Free the disk, or mend the folder's rights.",
            ) from error
