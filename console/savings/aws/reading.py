"""How an account is read: every answer page by page, every refusal noted with the action that it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any, Generic, TypeVar

from catalogue.errors import SourceError
from console.asking.periods import Period
from console.aws.failures import translate_errors
from console.aws.permissions import action_of
from console.savings.aws.charges import RequestCharges
from console.savings.inventory import Read, Unread

Fact = TypeVar("Fact")
Client = Any
Clients = Callable[[str, str], Client]
"""Gives the boto3 client of (service, region)."""


@dataclass(frozen=True)
class Account:
    """An account to read: its clients and region, the days over which use is measured, and the meter of requests."""

    clients: Clients
    region: str
    period: Period
    charges: RequestCharges = field(default_factory=RequestCharges)

    def reader(self, service: str, region: str = "") -> ServiceReader:
        """Reads one service, in the account's region where none is named."""
        return ServiceReader(self.clients(service, region or self.region), self.charges)

    @property
    def start(self) -> datetime:
        """The first instant of the period."""
        return datetime.combine(self.period.start, time(), UTC)

    @property
    def end(self) -> datetime:
        """The instant after the period."""
        return datetime.combine(self.period.end, time(), UTC)

    def hours_before(self, created: datetime) -> int:
        """Hours of the period before a resource was created, the hour of its creation included."""
        return max(0, math.ceil((created - self.start) / timedelta(hours=1)))


class ServiceReader:
    """Calls the read operations of one client and meters what is answered.

    What fails is a `SourceError` that names the action.
    """

    def __init__(self, client: Client, charges: RequestCharges) -> None:
        self.client = client
        self._charges = charges

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one request."""
        with self._translated(operation):
            return self._metered(operation, parameters, lambda: getattr(self.client, operation)(**parameters))

    def unknown(self, operation: str) -> None:
        """Meter a request whose cost is unknown and stays so."""
        self._charges.unknown(self.client.meta.service_model, self._name(operation), datetime.now(UTC))

    def items(self, operation: str, name: str, *, token: str = "NextToken", **parameters: Any) -> Iterator[Any]:  # noqa: S107
        """Every item of an answer, page after page.

        Parameters
        ----------
        name : the field that holds the items
        token : the field that names the next page, where botocore knows no paginator
        """
        with self._translated(operation):
            if self.client.can_paginate(operation):
                pages = iter(self.client.get_paginator(operation).paginate(**parameters))
                while page := self._metered(operation, parameters, lambda: next(pages, {})):
                    yield from page.get(name, ())
                return
            asked = dict(parameters)
            while True:
                page = self._metered(operation, asked, lambda: getattr(self.client, operation)(**asked))
                yield from page.get(name, ())
                following = page.get(token)
                if not following:
                    return
                asked[token] = following

    def action(self, operation: str) -> str:
        """The IAM action of an operation."""
        return action_of(self.client.meta.service_model.signing_name, self._name(operation))

    def _name(self, operation: str) -> str:
        """The operation as botocore's model names it: ``ListStreams`` for ``list_streams``."""
        return str(self.client.meta.method_to_api_mapping.get(operation, operation))

    def _metered(self, operation: str, given: Mapping[str, Any], ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """An answer, metered; an empty one is no answer."""
        at, started = datetime.now(UTC), monotonic()
        answer = ask()
        if answer:
            model = self.client.meta.service_model
            self._charges.answered(model, self._name(operation), given, answer, at, monotonic() - started)
        return answer

    def _translated(self, operation: str) -> AbstractContextManager[None]:
        """Failures of an operation as `SourceError`."""
        name = self.action(operation)
        service = str(self.client.meta.service_model.metadata["serviceId"])
        return translate_errors(service, name, action=name, error=SourceError)


class Collected(Generic[Fact]):
    """Facts of one kind while they are read: a part that cannot be read is noted, and reading goes on."""

    def __init__(self) -> None:
        self.items: list[Fact] = []
        self.missing: list[Unread] = []

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Note this part as unread where the code inside fails."""
        try:
            yield
        except SourceError as error:
            self.missing.append(unread(what, error))

    def read(self) -> Read[Fact]:
        """What was read, and what was not."""
        return Read(tuple(self.items), tuple(self.missing))


def unread(what: str, error: SourceError) -> Unread:
    """The note that facts could not be read, with the reason."""
    place = "" if error.where in error.what else f", calling {error.where}"
    return Unread(what, f"{error.what}{place}", error.remedy)
