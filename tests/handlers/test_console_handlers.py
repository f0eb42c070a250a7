"""What the console does by the day, as Lambdas: in a bucket, with the calls that their roles may make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.errors import SettingsError
from console.aws import clients
from console.aws.runners import actions_of_runner
from console.aws.runners.functions import TRACES
from console.handlers import cost_snapshot, own_calls
from console.handlers.environment import Environment, environment, read
from console.metering.bucket import BucketCalls
from console.metering.rows import OPEN, folder_of, from_parquet
from pipeline import objects
from pipeline.spend import Bill
from tests.handlers.conftest import Context, metrics_of
from tests.support.iam import Recorder
from tests.unit.console.finops.test_daily_snapshot import Account
from tests.unit.console.metering.test_compaction import at

REGION = "eu-west-1"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, recorded_actions: Recorder) -> Iterator[Any]:
    """A lake's bucket, as an S3 client sees it."""
    values = {"TAKINGS_LAKE_BUCKET": "lake", "TAKINGS_LAKE_PREFIX": "shop", "AWS_DEFAULT_REGION": REGION}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    kept = (environment, objects._client)
    for cached in kept:
        cached.cache_clear()
    with mock_aws():
        boto3.setup_default_session()
        client = boto3.client("s3", region_name=REGION)
        with recorded_actions.pausing():
            client.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield client
    for cached in kept:
        cached.cache_clear()


def keys(client: Any) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="lake").get("Contents", ())]


def test_the_environment_is_typed_and_a_value_that_cannot_be_used_is_named() -> None:
    named = {"TAKINGS_LAKE_BUCKET": "lake"}
    assert read(named) == Environment("lake")
    more = {"TAKINGS_LAKE_PREFIX": "/a/b/", "TAKINGS_CALL_DAYS": "30", "TAKINGS_COST_REQUESTS": "20"}
    assert read(named | more | {"TAKINGS_COST_TAG": "team"}) == Environment("lake", "a/b/", 30, 20, "team")
    for name, value in (("LAKE_BUCKET", ""), ("CALL_DAYS", "-1"), ("COST_REQUESTS", "0"), ("COST_REQUESTS", "many")):
        with pytest.raises(SettingsError, match=f"TAKINGS_{name}"):
            read(named | {f"TAKINGS_{name}": value})


def test_a_day_of_the_console_is_closed_with_no_console_running(
    bucket: Any, context: Context, recorded_actions: Recorder
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=2)
    with recorded_actions.pausing():
        BucketCalls(bucket, "lake", "shop/").write([at(yesterday, 9), at(yesterday, 10)])
    assert own_calls.handler({}, context) == {"closed_days": [yesterday.isoformat()]}  # type: ignore[arg-type]
    with recorded_actions.pausing():
        closed = [key.split("/")[2] for key in keys(bucket) if "/console_calls/" not in key]
    assert sorted(closed) == ["closed_calls", "daily_page_calls", "daily_question_calls"]
    assert own_calls.handler({}, context) == {"closed_days": []}  # type: ignore[arg-type]
    missing = actions_of_runner("console.handlers.own_calls") - recorded_actions.made
    assert recorded_actions.made <= actions_of_runner("console.handlers.own_calls")
    assert missing - {*TRACES.actions} == {
        "s3:DeleteObject"
    }  # an hour later: `tests/unit/console/metering` and its permissions' test


def test_the_bill_of_the_day_is_in_the_bucket_and_what_it_cost_among_the_consoles_calls(
    bucket: Any,
    context: Context,
    recorded_actions: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    day = datetime.now(UTC).date() - timedelta(days=1)
    account = Account(tmp_path, {day: "2.50"})
    billing = clients.SharedClients(account.service.session)
    billing.client("ce").meta.events.register_first("before-send", account.service._answer)  # before moto's answer
    real = clients.connect
    monkeypatch.setattr(clients, "connect", lambda region=None: billing if region else real(region))
    answer = cost_snapshot.handler({}, context)  # type: ignore[arg-type]
    assert answer == {"charges": 1, "requests": 3, "taken": True}
    assert metrics_of(capsys.readouterr().out) == {"CostExplorerRequests": 3, "Charges": 1}
    with recorded_actions.pausing():
        bill = Bill("cost_explorer", "aws", "", day.replace(day=1).isoformat())
        assert f"shop/raw/spend/{bill.folder}/charges.parquet" in keys(bucket)
        calls = BucketCalls(bucket, "lake", "shop/").files
        metered = [
            row for file in calls.found(folder_of(OPEN)) for row in from_parquet(calls.read(file.name)).to_pylist()
        ]
    assert [(row["kind"], row["name"], str(row["dollars"])) for row in metered] == [
        ("cost_explorer", "GetCostAndUsage", "0.010000000000")
    ] * 3
    asked = account.asked
    assert cost_snapshot.handler({}, context) == {"charges": 0, "requests": 0, "taken": False}  # type: ignore[arg-type]
    assert account.asked == asked
    allowed = actions_of_runner("console.handlers.cost_snapshot")
    assert recorded_actions.made == allowed - {
        "s3:DeleteObject",
        *TRACES.actions,
    }  # of a bill that an older lake named otherwise
