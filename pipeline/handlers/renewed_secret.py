"""A secret of AWS Secrets Manager that is read again while the process lives, so that changing it needs no deploy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from catalogue.errors import SettingsError
from pipeline.failures import aws_failures
from pipeline.handlers.clients import client

SECONDS = 2.0  # for an answer: a request waits for it
ATTEMPTS = 2

Value = TypeVar("Value")


class RenewedSecret(Generic[Value]):
    """What `parse` makes of a secret's text, at most `every` seconds old as long as the secret can be read.

    Where it cannot be read, or is not understood, `failed` gets the error; a value that was read before stays, and the
    secret is read again after `every` seconds.

    Parameters
    ----------
    read : gives the text; raises SettingsError where it cannot
    parse : raises SettingsError for a text that it does not understand
    clock : seconds, for tests
    """

    def __init__(
        self,
        read: Callable[[], str],
        parse: Callable[[str], Value],
        *,
        every: float,
        failed: Callable[[SettingsError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._parse, self._every, self._failed, self._clock = read, parse, every, failed, clock
        self._last: tuple[Value] | None = None
        self._tried_at = 0.0

    def value(self) -> Value:
        """The value. Raises SettingsError where it could not be read a first time."""
        now = self._clock()
        if self._last is None or now - self._tried_at >= self._every:
            self._tried_at = now
            try:
                self._last = (self._parse(self._read()),)
            except SettingsError as error:
                self._failed(error)
                if self._last is None:
                    raise
        return self._last[0]


def text_of(arn: str) -> Callable[[], str]:
    """Reads the text of the secret `arn`; what it gives raises SettingsError where that is refused."""
    manager = client("secretsmanager", attempts=ATTEMPTS, seconds=SECONDS)

    def read() -> str:
        remedy = "Check that the secret exists and that the role may read it (secretsmanager:GetSecretValue)."
        with aws_failures("The secret cannot be read", where=arn, remedy=remedy, error=SettingsError):
            text: str = manager.get_secret_value(SecretId=arn).get("SecretString", "")
        return text

    return read
