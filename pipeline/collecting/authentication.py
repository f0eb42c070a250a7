"""Which write key a request was sent with: of a header, an address or a body, or the alias of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from catalogue.errors import SettingsError
from pipeline.collecting.envelope import Problem, Request, unavailable, write_key
from pipeline.collecting.keys import Keys, WriteKey, key_of_alias, webhook_key

if TYPE_CHECKING:  # who only reads loads no format of events
    from pipeline.collecting.endpoints import Endpoint


class Authentication:
    """Finds the key of a request. Every method raises Problem: 401 where there is none, 503 where keys cannot be read.

    Parameters
    ----------
    now : aware instant: keys end
    """

    def __init__(self, keys: Keys, now: Callable[[], datetime]) -> None:
        self._keys, self._now = keys, now

    def key_of_head(self, request: Request, endpoint: Endpoint) -> WriteKey | None:
        """The key that a request's head names; None where its body may still hold it."""
        if endpoint.webhook is not None:
            name = request.query.get("id", "")
            with reading_keys():
                key = webhook_key(self._keys.all(), name, endpoint.webhook.system, self._now())
            if key is None:
                raise _unsigned("The address names no webhook key that is valid")
            return key
        secret = write_key(request, endpoint.key_parameter)
        if not secret and endpoint.alias_parameter:
            alias = request.query.get(endpoint.alias_parameter, "")
            return self._find_alias(alias) if alias or endpoint.alias_in is None else None
        return self._find(secret) if secret or endpoint.secret_in is None else None

    def key_of_body(self, body: bytes, endpoint: Endpoint) -> WriteKey:
        """The key that a body, unpacked, names."""
        if endpoint.alias_in is not None:
            return self._find_alias(endpoint.alias_in(body))
        return self._find(endpoint.secret_in(body) if endpoint.secret_in else "")

    def _find(self, secret: str) -> WriteKey:
        """The key with this secret."""
        with reading_keys():
            key = self._keys.find(secret) if secret else None
        if key is not None and key.purpose != "write":
            raise unauthorized("This key reads recommendations and sends nothing.", "keys create SOURCE")
        return key or _no_key(secret)

    def _find_alias(self, alias: str) -> WriteKey:
        """The key that a tracker means with its own id."""
        with reading_keys():
            key = key_of_alias(self._keys.all(), alias, self._now())
        return key or _no_key("")


def check_signature(request: Request, endpoint: Endpoint, key: WriteKey | None) -> None:
    """Raise Problem, a 401, where a body of a webhook is not signed with the secret of its key."""
    if endpoint.webhook is not None and not (key and endpoint.webhook.is_signed(request, key.signing_secret)):
        raise _unsigned("The signature is missing or wrong")


@contextmanager
def reading_keys() -> Iterator[None]:
    """Raise keys that cannot be read as Problem, a 503."""
    try:
        yield
    except SettingsError as error:
        raise unavailable("keys_unavailable", error.what) from error


def _no_key(secret: str) -> NoReturn:
    raise unauthorized("The write key is wrong or has ended." if secret else "The write key is missing.", "keys")


def unauthorized(what: str, command: str) -> Problem:
    """The refusal of a request without a key that may do what it asks for.

    Parameters
    ----------
    what : what is wrong with its key, a sentence
    command : of ``python -m pipeline``, that makes such a key
    """
    return Problem(
        401,
        "unauthorized",
        f"{what} Send it as Authorization: Bearer KEY; `python -m pipeline {command}` makes one.",
        {"www-authenticate": 'Bearer realm="takings"'},
    )


def _unsigned(what: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        f"{what}. `python -m pipeline keys create SOURCE --webhook SYSTEM` makes the address, with the signing secret.",
        {"www-authenticate": 'Signature realm="takings"'},
    )
