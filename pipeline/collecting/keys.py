"""Write keys: which senders may send. Shown once, kept as digests in ``<lake>/keys.json``.

A key holds 256 random bits, so its plain SHA-256 is as good at rest as a slow password hash: there is nothing to guess,
and every request can afford it. (A slow hash makes guessing a *human's* password dear.)

Each key belongs to one source: the shop, the app or the till that sends with it. A source may have several keys for a
while: a rotation makes a new key and lets the old one live for a period of grace.

A source's ids of events, orders and sessions are unique in a *namespace*: its own, or one that it shares with sources
that mean the same orders, such as the pages and the server of one shop. Keys made before there were namespaces keep the
lake's own, the empty one, in which their earlier events are.

A *public* key is in the pages of a shop, where anybody can read it; a *secret* one only its owner knows. What a public
key may not do: send refunds, or put its copy of an event or an order in the place of what a secret key sent. A tracker
that can carry no key is known by an id of its own, the *alias* of a public key.

A *read* key asks for recommendations and sends nothing; every other key sends and reads nothing.

A *webhook* key is of a shop system that signs what it sends: its signing secret is kept as it is, since a signature
cannot be checked without it. The key's own secret is shown to nobody, so that nothing else can be sent with it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Protocol

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
_SHORTEST_SIGNING_SECRET = 16  # under that, somebody who sees one signed message could guess it
_NAMESPACE = "[A-Za-z0-9_.-]{1,64}"  # no slash: a namespace and an id are written with one between them
LAKES_OWN = ""  # the namespace of what was sent before there were namespaces, and of imports that name none


class WriteKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key, without its secret.

    Attributes
    ----------
    id : names the key in lists, logs and limits; no secret
    source : who sends with it
    digest : SHA-256 of the key, in hexadecimal digits
    expires_at : valid until then; None for ever
    namespace : within which the ids of what is sent with it are unique
    public : whether anybody may know it
    alias : the id that a tracker sends in place of a key, such as GA4's measurement id; only of public keys
    webhook : the shop system that sends with it; empty where it is no webhook key
    signing_secret : what that system signs with
    purpose : whether it sends events, or reads recommendations
    """

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    created_at: Annotated[datetime, Meta(tz=True)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    namespace: Annotated[str, Meta(pattern=f"^({_NAMESPACE})?$")] = LAKES_OWN
    public: bool = False
    alias: Annotated[str, Meta(max_length=64)] = ""
    webhook: Literal["", "shopify", "woocommerce"] = ""
    signing_secret: str = ""
    purpose: Literal["write", "read"] = "write"

    def __repr__(self) -> str:  # a traceback or a log line must not show the signing secret
        return f"WriteKey(id={self.id!r}, source={self.source!r})"

    def is_valid(self, now: datetime) -> bool:
        """Whether the key may be used at `now`."""
        return self.expires_at is None or now < self.expires_at


class Keys(Protocol):
    """Finds the write key of a secret."""

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none."""
        ...

    def all(self) -> Sequence[WriteKey]:
        """Every key, ended ones included."""
        ...


def key_of_alias(keys: Sequence[WriteKey], alias: str, now: datetime) -> WriteKey | None:
    """The newest valid key that a tracker means with its own id; None where there is none."""
    if not alias:
        return None
    return next((key for key in reversed(keys) if key.alias == alias and key.public and key.is_valid(now)), None)


def webhook_key(keys: Sequence[WriteKey], key_id: str, webhook: str, now: datetime) -> WriteKey | None:
    """The valid webhook key of this id and shop system; None where there is none."""
    return next((key for key in keys if key.id == key_id and key.webhook == webhook and key.is_valid(now)), None)


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


def checked_namespace(name: str) -> str:
    """`name`, where it can be a namespace.

    Raises
    ------
    SettingsError
        It holds other characters than letters, digits, ``_``, ``.`` and ``-``, or over 64.
    """
    if name == LAKES_OWN or re.fullmatch(_NAMESPACE, name):
        return name
    raise SettingsError(
        f"{name!r} is no namespace",
        where="--namespace",
        remedy="Use 1 to 64 letters, digits, points, hyphens or underscores.",
    )


def own_namespace(source: str) -> str:
    """The namespace that a source has for itself: its name, or one like it with a digest where that cannot be one."""
    if re.fullmatch(_NAMESPACE, source):
        return source
    return f"{re.sub('[^A-Za-z0-9_.-]', '-', source)[:55]}-{digest_of(source)[:8]}"


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
        self._by_digest: dict[str, WriteKey] = {}

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none.

        Raises
        ------
        SettingsError
            The file cannot be read.
        """
        # A plain lookup: its duration depends on the digest alone, from which a random key cannot be guessed.
        self.all()
        key = self._by_digest.get(digest_of(secret))
        return key if key is not None and key.is_valid(self._now()) else None

    def all(self) -> list[WriteKey]:
        """Every key of the file, expired ones included, oldest first."""
        with self._lock:
            try:
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
                if stamp != self._stamp:
                    self._keys = msgspec.json.decode(self._path.read_bytes(), type=list[WriteKey])
                    self._by_digest = {key.digest: key for key in self._keys}
                    self._stamp = stamp
            except FileNotFoundError:
                self._stamp, self._keys, self._by_digest = None, [], {}
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise SettingsError(
                    f"The write keys cannot be read: {error}",
                    where=str(self._path),
                    remedy="Put the file back, or remove it and make new keys with `python -m pipeline keys create`.",
                ) from error
            return self._keys

    def create(
        self,
        source: str,
        *,
        namespace: str | None = None,
        public: bool = False,
        alias: str = "",
        purpose: Literal["write", "read"] = "write",
    ) -> tuple[WriteKey, str]:
        """Make a key for a source; returns it with its secret, which is kept nowhere.

        Parameters
        ----------
        namespace : of its ids; by default that of the source's other keys, or one named like the source
        alias : the id that a tracker sends in place of the key

        Raises
        ------
        SettingsError
            The alias is of another source, or the key is not public, or reads.
        """
        keys = self.all()
        if alias and purpose == "read":
            raise SettingsError("A key that reads has no alias", where="--alias", remedy="Leave one of the two out.")
        self._check_alias(source, alias, keys, public=public)
        if namespace is None:
            namespace = next((key.namespace for key in reversed(keys) if key.source == source), own_namespace(source))
        return self._add(source, keys, namespace, public=public, alias=alias, purpose=purpose)

    def create_webhook(
        self,
        source: str,
        webhook: Literal["shopify", "woocommerce"],
        signing_secret: str,
        *,
        namespace: str | None = None,
    ) -> WriteKey:
        """Make a key for a shop system's webhooks, which are signed with `signing_secret`."""
        keys = self.all()
        if len(signing_secret) < _SHORTEST_SIGNING_SECRET:
            raise SettingsError(
                f"The signing secret has under {_SHORTEST_SIGNING_SECRET} characters",
                where="--webhook",
                remedy="Copy it whole from the shop's administration; choose a long random one where you may choose.",
            )
        if namespace is None:
            namespace = next((key.namespace for key in reversed(keys) if key.source == source), own_namespace(source))
        key, _ = self._add(source, keys, namespace, webhook=webhook, signing_secret=signing_secret)
        return key

    def rotate(
        self,
        source: str,
        grace: timedelta = GRACE,
        *,
        public: bool = False,
        purpose: Literal["write", "read"] = "write",
    ) -> tuple[WriteKey, str]:
        """Make a new key for a source, like its newest; its other valid keys of that kind end after `grace`.

        Public and secret keys, and those that send and that read, are rotated on their own: `public` and `purpose` say
        which.
        """
        now = self._now()
        end = now + grace
        keys = self.all()
        rotated = [
            key
            for key in keys
            if (key.source, key.public, key.purpose) == (source, public, purpose)
            and not key.webhook
            and key.is_valid(now)
        ]
        if not rotated:
            kind = "public" if public else "secret"
            options = " --public" * public + " --read" * (purpose == "read")
            raise SettingsError(
                f"Source {source!r} has no {kind} {purpose} key to rotate",
                where=str(self._path),
                remedy=f"Make its first one with `python -m pipeline keys create {source}{options}`.",
            )
        ending = [
            replace(key, expires_at=end) if key in rotated and (key.expires_at is None or key.expires_at > end) else key
            for key in keys
        ]
        last = rotated[-1]
        return self._add(source, ending, last.namespace, public=public, alias=last.alias, purpose=purpose)

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

    def _check_alias(self, source: str, alias: str, keys: list[WriteKey], *, public: bool) -> None:
        if alias and not public:
            raise SettingsError(
                "An alias is no secret, so its key must be public", where="--alias", remedy="Add --public."
            )
        other = key_of_alias(keys, alias, self._now())
        if other is not None and other.source != source:
            raise SettingsError(
                f"The alias {alias!r} is one of {other.source}'s",
                where="--alias",
                remedy=f"End that key with `python -m pipeline keys revoke {other.id}`, or name another alias.",
            )
        if len(alias) > 64 or not alias.isprintable():
            raise SettingsError(f"{alias[:80]!r} is no alias of at most 64 printable characters", where="--alias")

    def _add(
        self,
        source: str,
        keys: list[WriteKey],
        namespace: str,
        *,
        public: bool = False,
        alias: str = "",
        webhook: Literal["", "shopify", "woocommerce"] = "",
        signing_secret: str = "",
        purpose: Literal["write", "read"] = "write",
    ) -> tuple[WriteKey, str]:
        if not 1 <= len(source) <= 64 or not source.isprintable():
            raise SettingsError(f"Source {source!r} is no name of 1 to 64 printable characters", where="SOURCE")
        checked_namespace(namespace)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = WriteKey(
            id=secrets.token_hex(4),
            source=source,
            digest=digest_of(secret),
            created_at=self._now(),
            namespace=namespace,
            public=public,
            alias=alias,
            webhook=webhook,
            signing_secret=signing_secret,
            purpose=purpose,
        )
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
