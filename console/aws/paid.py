"""A client of an AWS interface that costs money by the request: metered, tried again with patience, failures named.

    client = PaidClient(boto3.client("ce"), meter, Decimal("0.01"), "Cost Explorer")
    for page in client.pages("get_cost_and_usage", TimePeriod=…, Granularity="DAILY", Metrics=[…]):
        …

What AWS answers is charged and told to the meter, page by page; what it refuses is neither.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from catalogue.errors import SourceError
from console.aws.permissions import action_of
from console.metering import Asker, Call, Meter

ATTEMPTS = 6  # of one request; with the pauses below at most some 30 seconds
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 16.0  # seconds: Cost Explorer allows a few requests a second

_PASSING = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_UNSIGNED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_EXPLAINED: Mapping[str, tuple[str, str]] = {
    "DataUnavailableException": (
        "{service} has no data for this period yet",
        "Enable Cost Explorer in the billing console of the paying account; its first data appear within 24 hours.",
    ),
    "BillExpirationException": (
        "The bill of this period has expired in {service}",
        "Ask for a later period: Cost Explorer keeps 14 months. Import a FOCUS or CUR file for older ones.",
    ),
    "InvalidNextTokenException": (
        "{service} did not recognise the page that was asked for next",
        "Try again from the first page.",
    ),
    "RequestChangedException": (
        "{service} was asked for the next page of another question",
        "Try again from the first page.",
    ),
    "UnresolvableUsageUnitException": (
        "{service} cannot add up quantities of different units",
        "Group by usage type, or ask for costs alone.",
    ),
    "ValidationException": (
        "{service} refused the question",
        "Check period, tag key and metrics: daily data reach 14 months back.",
    ),
}  # fmt: skip


class PaidClient:
    """Calls operations of one boto3 client.

    Parameters
    ----------
    client : a boto3 client, or a stubbed one
    meter : told every answered request
    price : US dollars a request; None where it is unknown, 0 where requests are free
    service : its name in messages, such as ``Cost Explorer``
    kind : what the meter's `Call.kind` says
    asker : for whom the calls are made
    attempts, pause, jitter, clock : of one request; how to sleep, draw from 0 to 1, and tell the time, for tests
    """

    def __init__(
        self,
        client: Any,
        meter: Meter,
        price: Decimal | None,
        service: str,
        *,
        kind: str = "cost_explorer",
        asker: Asker | None = None,
        attempts: int = ATTEMPTS,
        pause: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._meter = meter
        self._price = price
        self._service = service
        self._kind = kind
        self._asker = asker or Asker()
        self._attempts = attempts
        self._pause = pause
        self._jitter = jitter
        self._clock = clock
        self.calls = 0

    @property
    def dollars(self) -> Decimal | None:
        """What the answered requests of this client cost so far; None where the price is unknown."""
        return None if self._price is None else self._price * self.calls

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one request, as often as it takes.

        Parameters
        ----------
        operation : method of the client, such as ``get_cost_and_usage``

        Raises
        ------
        SourceError
            Access is denied, there is no data, the request is wrong, or AWS did not answer after several attempts;
            names the action and the remedy.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        for attempt in range(1, self._attempts + 1):
            called_at, started = self._clock(), time.perf_counter()
            try:
                answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", ""))
                if code in _PASSING and attempt < self._attempts:
                    self._wait(attempt)
                    continue
                raise self._named(operation, code, error) from error
            except BotoCoreError as error:
                if _is_passing(error) and attempt < self._attempts:
                    self._wait(attempt)
                    continue
                raise self._unreached(operation, error) from error
            self._record(operation, answer, called_at, time.perf_counter() - started)
            return answer
        raise AssertionError("the last attempt returns or raises")

    def pages(self, operation: str, *, token: str = "NextPageToken", **parameters: Any) -> Iterator[dict[str, Any]]:  # noqa: S107 - a field's name
        """Make requests until there is no further page; raises as `call`.

        Parameters
        ----------
        token : field of question and answer that names the next page
        """
        answer = self.call(operation, **parameters)
        yield answer
        while answer.get(token):
            answer = self.call(operation, **parameters, **{token: answer[token]})
            yield answer

    def action(self, operation: str) -> str:
        """The IAM action of an operation, such as ``ce:GetCostAndUsage``."""
        meta = self._client.meta
        return action_of(meta.service_model.signing_name, meta.method_to_api_mapping.get(operation, operation))

    def _wait(self, attempt: int) -> None:
        # "full jitter": many consoles throttled together do not come back together
        self._pause(self._jitter() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))

    def _record(self, operation: str, answer: Mapping[str, Any], called_at: datetime, elapsed: float) -> None:
        self.calls += 1
        metadata = answer.get("ResponseMetadata", {})
        rows = next((len(value) for value in answer.values() if isinstance(value, list)), 0)
        call = Call(
            called_at=called_at,
            viewer=self._asker.viewer,
            page=self._asker.page,
            kind=self._kind,
            name=self._client.meta.method_to_api_mapping.get(operation, operation),
            engine=self._service,
            query_id=str(metadata.get("RequestId", "")),
            elapsed_seconds=elapsed,
            rows=rows,
            cached=False,
            bytes_scanned=None,
            dollars=self._price,
            dollars_saved=Decimal(0),
        )
        with suppress(Exception):  # a meter promises not to raise; an answer that was paid for is not lost if it does
            self._meter.record(call)

    def _named(self, operation: str, code: str, error: Exception) -> SourceError:
        action = self.action(operation)
        if code in _DENIED:
            return SourceError(
                f"{self._service} denied access", where=action, remedy=f"Allow {action} to the role of this console."
            )
        if code in _UNSIGNED:
            return SourceError(
                f"{self._service} does not accept the credentials ({code})",
                where=action,
                remedy="Renew them, or check the clock of this machine.",
            )
        if code in _PASSING:
            return SourceError(
                f"{self._service} did not answer after {self._attempts} attempts ({code})",
                where=action,
                remedy="Try again in a few minutes.",
            )
        what, remedy = _EXPLAINED.get(code, ("{service} refused", "See the message; check region and permissions."))
        said = str(getattr(error, "response", {}).get("Error", {}).get("Message", "")).strip().rstrip(".")
        return SourceError(
            what.format(service=self._service) + (f": {said}" if said else f" ({code})"), where=action, remedy=remedy
        )

    def _unreached(self, operation: str, error: Exception) -> SourceError:
        from botocore.exceptions import NoCredentialsError, ParamValidationError, PartialCredentialsError

        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            remedy = "Sign in, or give this console a role."
        elif isinstance(error, ParamValidationError):
            remedy = "This is a mistake in the console: report it."
        else:
            remedy = "Check the network and the region, then try again."
        first = str(error).splitlines()[0].rstrip(".")
        return SourceError(f"{self._service} cannot be asked: {first}", where=self.action(operation), remedy=remedy)


def _is_passing(error: Exception) -> bool:
    from botocore.exceptions import ConnectionError as BotoConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, BotoConnectionError | HTTPClientError)
