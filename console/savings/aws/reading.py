"""How an account is read: every answer page by page, every refusal named with the action that it needs."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any

from catalogue.errors import SourceError
from console.asking.periods import Period
from console.aws.permissions import action_of
from console.savings.aws.charges import Charges
from console.savings.inventory import Unread

Client = Any
ATTEMPTS, READ_SECONDS = 5, 30  # of one call
Clients = Callable[[str, str], Client]
"""A boto3 client of (service, region)."""

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "WAFAccessDeniedException"}
)
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "LimitExceededException",
     "ProvisionedThroughputExceededException", "SlowDown"}
)  # fmt: skip


class RegionalClients:
    """Makes each boto3 client once; throttled calls are tried again in botocore's standard mode.

    Parameters
    ----------
    session : a ``boto3.Session``; making clients in several threads at once is not safe in boto3, so it is locked
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Client] = {}

    def __call__(self, service: str, region: str) -> Client:
        """The client of a service in a region."""
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, read_timeout=READ_SECONDS)
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._session.client(service, region_name=region, config=config)
            return self._clients[key]


@dataclass(frozen=True)
class Account:
    """Where to look, over which days use is measured, and who is told what looking costs."""

    clients: Clients
    region: str
    period: Period
    charges: Charges = field(default_factory=Charges)

    def reader(self, service: str, region: str = "") -> Reader:
        """Reads one service, in the account's region where none is named."""
        return Reader(self.clients(service, region or self.region), self.charges)

    @property
    def start(self) -> datetime:
        """The first instant of the period."""
        return datetime.combine(self.period.start, time(), UTC)

    @property
    def end(self) -> datetime:
        """The instant after the period."""
        return datetime.combine(self.period.end, time(), UTC)

    def hours_before(self, created: datetime) -> int:
        """Hours of the period in which what was created then was not there yet, or not for the whole hour."""
        return max(0, math.ceil((created - self.start) / timedelta(hours=1)))


class Reader:
    """Calls the read operations of one client; what fails is a `SourceError` that names the action."""

    def __init__(self, client: Client, charges: Charges) -> None:
        self.client = client
        self._charges = charges

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One answer."""
        with self._named(operation):
            return self._told(operation, parameters, lambda: getattr(self.client, operation)(**parameters))

    def unknown(self, operation: str) -> None:
        """Say that what a request costs will not be known."""
        meta = self.client.meta
        name = meta.method_to_api_mapping.get(operation, operation)
        self._charges.unknown(meta.service_model, name, datetime.now(UTC))

    def items(self, operation: str, name: str, *, token: str = "NextToken", **parameters: Any) -> Iterator[Any]:  # noqa: S107
        """Every item of an answer, page after page.

        Parameters
        ----------
        name : the field that holds the items
        token : the field that names the next page, where botocore knows no paginator
        """
        with self._named(operation):
            if self.client.can_paginate(operation):
                pages = iter(self.client.get_paginator(operation).paginate(**parameters))
                while page := self._told(operation, parameters, lambda: next(pages, {})):
                    yield from page.get(name, ())
                return
            asked = dict(parameters)
            while True:
                page = self._told(operation, asked, lambda: getattr(self.client, operation)(**asked))
                yield from page.get(name, ())
                following = page.get(token)
                if not following:
                    return
                asked[token] = following

    def action(self, operation: str) -> str:
        """The IAM action of an operation."""
        meta = self.client.meta
        return action_of(meta.service_model.signing_name, meta.method_to_api_mapping.get(operation, operation))

    def _told(self, operation: str, given: Mapping[str, Any], ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """An answer, told to whoever keeps account; an empty one is no answer."""
        at, started = datetime.now(UTC), monotonic()
        answer = ask()
        if answer:
            meta = self.client.meta
            name = meta.method_to_api_mapping.get(operation, operation)
            self._charges.answered(meta.service_model, name, given, answer, at, monotonic() - started)
        return answer

    @contextmanager
    def _named(self, operation: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            name = self.action(operation)
            if code in _DENIED:
                raise Refused(
                    "access is denied", code, where=name, remedy=f"Allow {name} to the console's role."
                ) from error
            if code in _THROTTLED:
                raise Refused(
                    "it was asked too often", code, where=name, remedy="Try again in some minutes."
                ) from error
            said = str(error.response.get("Error", {}).get("Message", code)).strip().rstrip(".")
            raise Refused(f"{code}: {said}", code, where=name, remedy="See the message.") from error
        except ParamValidationError as error:
            raise Refused(
                " ".join(str(error).split()),
                "",
                where=self.action(operation),
                remedy="This is a mistake in the console: report it.",
            ) from error
        except BotoCoreError as error:
            raise Refused(
                str(error).splitlines()[0].rstrip("."),
                "",
                where=self.action(operation),
                remedy="Check the network, the region and the credentials.",
            ) from error


class Refused(SourceError):  # noqa: N818 - reads as the sentence it is
    """A service refused or did not answer; `code` is the service's own."""

    def __init__(self, what: str, code: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.code = code

    def unread(self, what: str) -> Unread:
        """The same as facts that could not be had."""
        return Unread(what, f"{self.what} ({self.where})", self.remedy)
