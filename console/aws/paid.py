"""A client of an AWS interface that costs money by the request: every answer is metered, failures are ours.

    client = PaidClient(connect().client("ce", "us-east-1"), meter, Decimal("0.01"), "Cost Explorer")
    for page in client.pages("get_cost_and_usage", TimePeriod=…, Granularity="DAILY", Metrics=[…]):
        …

AWS charges for each page that it answers, and not for what it refuses; only pages are metered. Throttled requests are
tried again by the boto3 client itself (`console.aws.clients`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from console.aws.failures import KnownFailure, translate_errors
from console.aws.permissions import action_of
from console.metering import Asker, Call, Meter

KNOWN = (
    KnownFailure(
        r"DataUnavailableException(.*)",
        "Cost Explorer has no data for this period yet{0}",
        "Enable Cost Explorer in the billing console of the paying account; its first data appear within 24 hours.",
    ),
    KnownFailure(
        r"BillExpirationException(.*)",
        "The bill of this period has expired in Cost Explorer{0}",
        "Ask for a later period: Cost Explorer keeps 14 months. Import a FOCUS or CUR file for older ones.",
    ),
    KnownFailure(
        r"(?:InvalidNextToken|RequestChanged)Exception(.*)",
        "The next page of the answer is no longer available{0}",
        "Try again from the first page.",
    ),
    KnownFailure(
        r"UnresolvableUsageUnitException(.*)",
        "Cost Explorer cannot add up quantities of different units{0}",
        "Group by usage type, or ask for costs alone.",
    ),
    KnownFailure(
        r"ValidationException(.*)",
        "The question was refused{0}",
        "Check period, tag key and metrics: daily data reach 14 months back.",
    ),
)


class PaidClient:
    """Calls operations of one boto3 client.

    Parameters
    ----------
    meter : is given every answered request
    price : US dollars a request; None where it is unknown, 0 where requests are free
    service : its name in messages, such as ``Cost Explorer``
    asker : for whom the calls are made
    most_calls : how many requests it may make; None for any number
    """

    def __init__(
        self,
        client: Any,
        meter: Meter,
        price: Decimal | None,
        service: str,
        *,
        asker: Asker | None = None,
        most_calls: int | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._most_calls = most_calls
        self._client = client
        self._meter = meter
        self._price = price
        self._service = service
        self._asker = asker or Asker()
        self._clock = clock
        self.calls = 0

    @property
    def dollars(self) -> Decimal | None:
        """What the answered requests of this client cost so far; None where the price is unknown."""
        return None if self._price is None else self._price * self.calls

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one request.

        Parameters
        ----------
        operation : method of the client, such as ``get_cost_and_usage``

        Raises
        ------
        SourceError
            Access is denied, there is no data, the request is wrong, AWS did not answer after several attempts, or
            no more requests may be made; names the action and the remedy.
        """
        if self._most_calls is not None and self.calls >= self._most_calls:
            raise SourceError(
                f"{self._service} would take more than the {self._most_calls} requests that may be made",
                where=self._api_name(operation),
                remedy="Nothing more was asked. Raise the limit, or ask for fewer bills or without a tag.",
            )
        called_at, started = self._clock(), time.perf_counter()
        action = self.action(operation)
        with translate_errors(self._service, action, KNOWN, action=action, error=SourceError):
            answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
        self.calls += 1
        call = Call(
            called_at=called_at,
            viewer=self._asker.viewer,
            page=self._asker.page,
            kind="cost_explorer",
            name=self._api_name(operation),
            engine=self._service,
            query_id=str(answer.get("ResponseMetadata", {}).get("RequestId", "")),
            elapsed_seconds=time.perf_counter() - started,
            rows=next((len(value) for value in answer.values() if isinstance(value, list)), 0),
            dollars=self._price,
        )
        with suppress(Exception):  # a meter promises not to raise; an answer that was paid for is not lost if it does
            self._meter.record(call)
        return answer

    def pages(self, operation: str, *, token: str = "NextPageToken", **parameters: Any) -> Iterator[dict[str, Any]]:  # noqa: S107 - a field's name
        """The answers to as many requests as there are pages; raises as `call`.

        `token` is the field of question and answer that names the next page.
        """
        answer = self.call(operation, **parameters)
        yield answer
        while answer.get(token):
            answer = self.call(operation, **parameters, **{token: answer[token]})
            yield answer

    def action(self, operation: str) -> str:
        """The IAM action of an operation, such as ``ce:GetCostAndUsage``."""
        return action_of(self._client.meta.service_model.signing_name, self._api_name(operation))

    def _api_name(self, operation: str) -> str:
        return str(self._client.meta.method_to_api_mapping.get(operation, operation))
