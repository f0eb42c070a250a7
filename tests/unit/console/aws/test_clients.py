"""AWS clients: made once and one at a time, throttled calls tried again by botocore, failures in our words."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.exceptions
import pytest

from catalogue.errors import QueryFailed, SourceError
from console.aws.clients import ATTEMPTS, SharedClients, connect
from console.aws.failures import error_code, translate_errors
from console.aws.paid import PaidClient
from console.metering import Call
from tests.support.aws_service import Refused, Service

ANSWER = {"ResultsByTime": [], "DimensionValueAttributes": []}
QUESTION = {
    "TimePeriod": {"Start": "2026-03-01", "End": "2026-03-02"},
    "Granularity": "DAILY",
    "Metrics": ["UnblendedCost"],
}


class Kept:
    """A meter that a test can read."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that botocore would have slept."""
    slept: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def billing() -> Service:
    return Service(GetCostAndUsage=lambda _: ANSWER)


def paid(service: Service, meter: Kept) -> PaidClient:
    return PaidClient(SharedClients(service.session).client("ce"), meter, Decimal("0.01"), "Cost Explorer")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("LimitExceededException", 400),
        ("TooManyRequestsException", 429),
        ("RequestLimitExceeded", 400),
        ("InternalServerException", 500),
        ("ServiceUnavailableException", 503),
    ],
)
def test_a_throttled_request_is_tried_again_with_backoff_and_paid_once(
    billing: Service, waits: list[float], code: str, status: int
) -> None:
    billing.refuse("GetCostAndUsage", *[Refused(code, "slow down", status)] * 3)
    meter = Kept()
    client = paid(billing, meter)
    assert client.call("get_cost_and_usage", **QUESTION)["ResultsByTime"] == []
    assert billing.times("GetCostAndUsage") == 4
    assert all(wait < 2**number for number, wait in enumerate(waits)), "each wait may be twice the one before"
    assert len(set(waits)) == 3, "waits have jitter"
    assert (client.calls, client.dollars, len(meter.calls)) == (1, Decimal("0.01"), 1)


@pytest.mark.parametrize(
    ("refused", "what", "remedy"),
    [
        (
            Refused("ThrottlingException", "slow down"),
            "Cost Explorer is busy: 6 attempts were throttled",
            "Try again in a minute; ask for a higher quota if it stays.",
        ),
        (
            Refused("InternalServerException", "oops", 500),
            "Cost Explorer failed: 6 attempts were answered with InternalServerException",
            "Try again in a few minutes.",
        ),
    ],
    ids=["busy", "broken"],
)
def test_a_request_that_stays_refused_is_given_up_by_name(
    billing: Service, waits: list[float], refused: Refused, what: str, remedy: str
) -> None:
    billing.refuse("GetCostAndUsage", *[refused] * 60)
    meter = Kept()
    with pytest.raises(SourceError) as caught:
        paid(billing, meter).call("get_cost_and_usage", **QUESTION)
    assert (caught.value.what, caught.value.where, caught.value.remedy) == (what, "ce:GetCostAndUsage", remedy)
    assert error_code(caught.value) == refused.code
    assert (billing.times("GetCostAndUsage"), len(waits), meter.calls) == (ATTEMPTS, ATTEMPTS - 1, [])


def test_a_request_that_does_not_arrive_is_tried_again_and_then_named(waits: list[float]) -> None:
    def unreachable(_: Any) -> Any:
        raise botocore.exceptions.EndpointConnectionError(endpoint_url="https://ce")

    offline = Service(GetCostAndUsage=unreachable)
    with pytest.raises(SourceError, match=r"Cost Explorer cannot be reached .*Check the network") as caught:
        paid(offline, Kept()).call("get_cost_and_usage", **QUESTION)
    assert offline.times("GetCostAndUsage") == ATTEMPTS
    assert error_code(caught.value) == ""


@pytest.mark.parametrize(
    ("failure", "what", "remedy"),
    [
        (botocore.exceptions.NoCredentialsError(), "There are no credentials for AWS", "Sign in"),
        (botocore.exceptions.NoRegionError(), "The region of AWS is unknown", "AWS_REGION"),
        (botocore.exceptions.ParamValidationError(report="bad\n field"), "bad field", "report it"),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="x"), "AWS cannot be reached", "Check the network"),
        (botocore.exceptions.UnknownServiceError(service_name="x", known_service_names=[]), "cannot be asked", "Check"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_fails_before_aws_is_reached_is_named_with_its_remedy(failure: Exception, what: str, remedy: str) -> None:
    with pytest.raises(QueryFailed) as caught, translate_errors("AWS", "here"):
        raise failure
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.where == "here"


def test_the_known_action_is_named_where_access_is_denied(billing: Service) -> None:
    billing.refuse("GetCostAndUsage", Refused("AccessDeniedException", "no", 400))
    with pytest.raises(SourceError, match="Cost Explorer denied access to ce:GetCostAndUsage") as caught:
        paid(billing, Kept()).call("get_cost_and_usage", **QUESTION)
    assert caught.value.remedy.startswith("Allow ce:GetCostAndUsage in the role")


def test_clients_are_made_once_for_a_service_and_region() -> None:
    clients = SharedClients(Service().session)
    assert clients.client("s3") is clients.client("s3", use_ssl=True)
    assert clients.client("s3") is not clients.client("s3", "eu-west-1")
    assert clients.client("kinesis", "eu-west-1").meta.region_name == "eu-west-1"
    assert clients.client("kinesis").meta.config.retries["mode"] == "standard"


def test_threads_that_ask_at_once_never_make_two_clients_at_once() -> None:
    class Session:
        """Making a client here fails where another one is being made."""

        def __init__(self) -> None:
            self.made: list[str] = []
            self._busy = threading.Lock()

        def client(self, service: str, **_: Any) -> Any:
            assert self._busy.acquire(blocking=False), "two clients are made at once"
            time.sleep(0.01)
            self.made.append(service)
            self._busy.release()
            return SimpleNamespace(meta=SimpleNamespace(events=SimpleNamespace(register=lambda *_: None)))

    session = Session()
    clients = SharedClients(session)
    services = ["s3", "ce", "sts", "budgets"] * 4
    with ThreadPoolExecutor(len(services)) as pool:
        found = list(pool.map(clients.client, services))
    assert sorted(session.made) == sorted(set(services))
    assert all(one is other for one, other in zip(found, found[4:], strict=False))


def test_connecting_asks_aws_nothing_and_takes_the_region_given() -> None:
    assert connect("eu-west-1").client("s3").meta.region_name == "eu-west-1"
