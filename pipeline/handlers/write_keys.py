"""The write keys of the handlers: of the environment, or of a secret that is read again every minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pipeline.collecting.keys import WriteKey, key_of_secret
from pipeline.handlers.environment import Environment, RecommendationSettings, keys_of
from pipeline.handlers.observed import secret_not_read
from pipeline.handlers.renewed_secret import RenewedSecret, text_of

RENEWED_EVERY = 60.0  # seconds after which a key that was revoked is refused


class ReadKeys:
    """The keys that `read` gives. Fills `pipeline.collecting.keys.Keys`; raises SettingsError as `read` does."""

    def __init__(self, read: Callable[[], list[WriteKey]]) -> None:
        self._read = read

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none."""
        return key_of_secret(self._read(), secret, datetime.now(UTC))

    def all(self) -> list[WriteKey]:
        """Every key, ended ones included."""
        return self._read()


def write_keys(settings: Environment | RecommendationSettings) -> ReadKeys:
    """The keys that the environment holds, or those of the secret that it names."""
    arn = settings.write_keys_arn
    if not arn:
        return ReadKeys(lambda: list(settings.write_keys))
    secret = RenewedSecret(
        text_of(arn), lambda text: keys_of(text, where=arn), every=RENEWED_EVERY, failed=secret_not_read
    )
    return ReadKeys(secret.value)
