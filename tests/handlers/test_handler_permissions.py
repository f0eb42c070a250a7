"""What the functions that answer requests and count them call on AWS is what their roles allow, no more and no less."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from console.aws.runners import RUNNERS, actions_of_runner
from pipeline.handlers import collector, live, recommendations
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.streams import Batch
from tests.handlers.conftest import REGION, TABLE, Cloud, Context
from tests.handlers.test_collector_handler import http, view
from tests.handlers.test_live_handler import line, payload
from tests.handlers.test_recommendations_handler import RECOMMENDATIONS, shop  # noqa: F401 - a fixture
from tests.handlers.test_recommendations_handler import http as question
from tests.support.iam import Recorder

COLLECTOR, LIVE = "pipeline.handlers.collector", "pipeline.handlers.live"
SERVING = "pipeline.handlers.recommendations"


@pytest.fixture
def handlers_alone(cloud: Cloud, sampled: None, recorded_actions: Recorder) -> Iterator[Recorder]:
    """The actions of the handlers' own clients, which are made of a new session, all traced."""
    boto3.setup_default_session()
    yield recorded_actions
    boto3.setup_default_session()


def test_the_collector_calls_what_its_role_allows(
    handlers_alone: Recorder, context: Context, monkeypatch: pytest.MonkeyPatch
):
    with handlers_alone.pausing():
        manager = boto3.client("secretsmanager", region_name=REGION)
        arn = manager.create_secret(Name="keys", SecretString=os.environ["TAKINGS_WRITE_KEYS"])["ARN"]
    monkeypatch.delenv("TAKINGS_WRITE_KEYS")
    monkeypatch.setenv("TAKINGS_WRITE_KEYS_ARN", arn)
    identify = {"type": "identify", "anonymousId": "device-1", "userId": "c1"}
    track = {"event": "Product Viewed", "anonymousId": "device-2", "properties": {"product_id": "p1"}}
    sent = [("/v1/events", view("e1")), ("/v1/identify", identify), ("/v1/track", track)]
    for path, body in sent:
        assert collector.handler(http(json.dumps(body), path=path), context)["statusCode"] < 300  # type: ignore[arg-type]
    assert handlers_alone.made == actions_of_runner(COLLECTOR)


def test_recommendations_call_what_their_role_allows(
    shop: Cloud,  # noqa: F811 - the fixture
    handlers_alone: Recorder,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
):
    with handlers_alone.pausing():
        manager = boto3.client("secretsmanager", region_name=REGION)
        arn = manager.create_secret(Name="keys", SecretString=os.environ["TAKINGS_WRITE_KEYS"])["ARN"]
    monkeypatch.delenv("TAKINGS_WRITE_KEYS")
    monkeypatch.setenv("TAKINGS_WRITE_KEYS_ARN", arn)
    recommendations.settings.cache_clear()
    answer = recommendations.handler(question(), context)  # type: ignore[arg-type]
    assert json.loads(answer["body"])["served"] == "for_you"
    assert handlers_alone.made == actions_of_runner(SERVING)


def test_live_calls_what_its_role_allows(
    shop: Cloud,  # noqa: F811 - the fixture, with the table of those who refuse
    handlers_alone: Recorder,
    cloud: Cloud,
    context: Context,
):
    with handlers_alone.pausing():  # a shard that ended yesterday, which is retired
        yesterday = datetime.now(UTC) - timedelta(days=1)
        ended = DynamoDbLiveStore(cloud.dynamodb, TABLE, "EUR", now=lambda: yesterday)
        assert ended.apply(Batch([], "1"), after=None, shard="ended")
    for start in (1, 100):
        live.ports.cache_clear()  # another process, which reads what was seen
        answer = live.handler(payload(line(f"e{start}"), b"{", start=start), context)  # type: ignore[arg-type]
        assert answer == {"batchItemFailures": []}
    assert handlers_alone.made == actions_of_runner(LIVE)


def test_a_role_names_each_kind_of_resource_once_for_an_adapter():
    for runner, needs in RUNNERS.items():
        assert len({(need.adapter, need.resource) for need in needs}) == len(needs), runner
