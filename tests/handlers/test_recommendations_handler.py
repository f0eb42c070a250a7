"""Recommendations on Lambda: every kind of payload, what it reads, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pytest

from catalogue.errors import SettingsError
from pipeline.collecting.keys import WriteKey, digest_of
from pipeline.handlers import live, recommendations
from pipeline.handlers.counts import CountReports
from pipeline.handlers.environment import read_recommendations
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.live.dynamodb_recent import DynamoDbRecentItems
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.experiments.experiment import Variant
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.models.dynamodb import DynamoDbItems, DynamoDbModelStore
from pipeline.streams import Batch
from tests.handlers.conftest import SECRET, TABLE, Cloud, Context, metrics_of
from tests.handlers.test_live_handler import line
from tests.handlers.test_live_handler import payload as of_the_stream
from tests.support.experiments import customer_in, experiment
from tests.support.live_lines import event
from tests.support.models import model

READ = "tk_a-read-key-that-only-tests-know"
RECOMMENDATIONS = "recommendations"
NOW = datetime.now(UTC)


def http(path: str = "/v1/recommendations/c1", *, key: str = READ, **query: str) -> dict[str, Any]:
    """An HTTP API's payload, format 2.0, with the route that names the customer; its path is decoded."""
    return {
        "version": "2.0",
        "routeKey": "ANY /v1/recommendations/{customer_id+}",
        "rawPath": path,
        "headers": {"authorization": f"Bearer {key}"},
        "queryStringParameters": query,
        "requestContext": {"http": {"method": "GET", "path": path, "sourceIp": "192.0.2.1"}, "stage": "$default"},
        "isBase64Encoded": False,
    }


def balanced(path: str, **query: str) -> dict[str, Any]:
    """A load balancer's payload: neither its path nor its query is decoded."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:…:targetgroup/recommend/1"}},
        "httpMethod": "GET",
        "path": path,
        "queryStringParameters": query,
        "headers": {"x-write-key": READ, "x-forwarded-for": "203.0.113.9"},
        "body": "",
        "isBase64Encoded": False,
    }


def asked(payload: dict[str, Any], context: Context) -> tuple[int, dict[str, Any]]:
    answer = recommendations.handler(payload, context)  # type: ignore[arg-type]
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def shop(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A model, and a customer who has just viewed a mug."""
    cloud.dynamodb.create_table(
        TableName=RECOMMENDATIONS,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    keys = [
        WriteKey(id="k1", source="shop", digest=digest_of(SECRET), created_at=NOW),
        WriteKey(id="k2", source="pages", digest=digest_of(READ), created_at=NOW, purpose="read"),
    ]
    monkeypatch.setenv("TAKINGS_WRITE_KEYS", msgspec.json.encode(keys).decode())
    monkeypatch.setenv("TAKINGS_RECOMMENDATIONS_TABLE", RECOMMENDATIONS)
    kept = (recommendations.settings, recommendations.service, recommendations.reports, recommendations.only_edge)
    for cached in kept:
        cached.cache_clear()
    DynamoDbModelStore(cloud.dynamodb, RECOMMENDATIONS).publish(model(), after=None)
    live = DynamoDbLiveStore(cloud.dynamodb, TABLE, "EUR")
    viewed = event("e1", at=NOW, received=NOW, customer_id="c1", product_id="mug")
    assert live.apply(Batch([viewed], "1"), after=None, shard="s")
    yield cloud
    for cached in kept:
        cached.cache_clear()


@pytest.mark.parametrize("payload", [http(), balanced("/v1/recommendations/c1")])
def test_a_view_of_a_minute_ago_is_what_the_answer_is_made_of(shop: Cloud, context: Context, payload: dict[str, Any]):
    status, answer = asked(payload, context)
    assert (status, answer["served"], answer["customer_id"]) == (200, "for_you", "c1")
    assert answer["items"][0]["product_id"] == "teapot"
    assert answer["items"][0]["why"]["text"] == "Because you viewed Blue mug"


def test_a_path_is_decoded_exactly_once_whoever_hands_it_over(shop: Cloud, context: Context):
    for payload, customer in [
        (http("/v1/recommendations/50%25"), "50%25"),
        (http("/v1/recommendations/a/b ü"), "a/b ü"),
        (balanced("/v1/recommendations/50%2525"), "50%25"),
        (balanced("/v1/recommendations/a%2Fb%20%C3%BC"), "a/b ü"),
        (balanced("/v1/recommendations", customer_id="a%3Fb"), "a?b"),
    ]:
        assert asked(payload, context)[1]["customer_id"] == customer


def test_who_opted_out_gets_best_sellers(shop: Cloud, context: Context):
    OptedOutCustomers(DynamoDbItems(shop.dynamodb, RECOMMENDATIONS, now=lambda: NOW)).add("c1")
    assert asked(http(), context)[1]["served"] == "best_sellers"


def test_live_keeps_no_recent_items_of_who_opted_out(shop: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_RECOMMENDATIONS_TABLE", RECOMMENDATIONS)
    OptedOutCustomers(DynamoDbItems(shop.dynamodb, RECOMMENDATIONS, now=lambda: NOW)).add("c7")
    views = [line(f"view-{customer}", customer_id=customer, product_id="mug") for customer in ("c7", "c8")]
    live.handler(of_the_stream(*views), context)  # type: ignore[arg-type]
    history = DynamoDbRecentItems(shop.dynamodb, TABLE)
    assert [len(history.recent_items(customer)) for customer in ("c7", "c8")] == [0, 1]


def test_a_write_key_reads_nothing(shop: Cloud, context: Context):
    status, answer = asked(http(key=SECRET), context)
    assert (status, answer["code"]) == (401, "unauthorized")


def test_before_the_first_training_the_answer_is_empty(shop: Cloud, context: Context):
    shop.dynamodb.delete_item(TableName=RECOMMENDATIONS, Key={"pk": {"S": "model"}, "sk": {"S": "current"}})
    status, answer = asked(http(), context)
    assert (status, answer["items"], "first training" in answer["note"]) == (200, [], True)


def test_a_table_that_is_gone_is_a_503_and_the_log_alone_says_why(
    shop: Cloud, context: Context, caplog: pytest.LogCaptureFixture
):
    shop.dynamodb.delete_table(TableName=RECOMMENDATIONS)
    answer = recommendations.handler(http(), context)  # type: ignore[arg-type]
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")
    assert "ResourceNotFoundException" not in answer["body"]
    (record,) = [record for record in caplog.records if record.message == "A request was answered 503"]
    assert "ResourceNotFoundException" in vars(record)["reason"]


def test_without_the_live_table_everybodys_list_is_served_and_reported(
    shop: Cloud, context: Context, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    shop.dynamodb.delete_table(TableName=TABLE)
    status, answer = asked(http(), context)
    assert (status, answer["served"], "could not be read" in answer["note"]) == (200, "best_sellers", True)
    assert metrics_of(capsys.readouterr().out)["HistoryNotRead"] == 1
    assert "A customer was answered without a whole history" in [record.message for record in caplog.records]


def test_what_did_not_come_through_the_edge_is_refused(shop: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TAKINGS_ORIGIN_SECRET", "only-the-edge-knows-this")
    recommendations.settings.cache_clear()
    assert asked(http(), context)[0] == 403
    through = http()
    through["headers"]["X-Takings-Origin"] = "only-the-edge-knows-this"
    assert asked(through, context)[0] == 200


def test_it_reports_what_was_served(shop: Cloud, context: Context, capsys: pytest.CaptureFixture[str]):
    asked(http(), context)
    asked(http(surface="trending"), context)
    asked(http(n="0"), context)
    assert metrics_of(capsys.readouterr().out) == {
        "ServedFromProducts": 1, "ServedForEverybody": 1, "ServedNothing": 0,
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_where_it_reports_once_in_a_while_nothing_is_lost_in_between(
    shop: Cloud, context: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    seconds = [0.0]
    reports = CountReports(60, clock=lambda: seconds[0])
    monkeypatch.setattr(recommendations, "reports", lambda: reports)
    for at in (0.0, 1.0, 2.0, 60.0):
        seconds[0] = at
        asked(http(), context)
    assert metrics_of(capsys.readouterr().out)["ServedFromProducts"] == 4


def test_nothing_is_read_again_that_is_known(shop: Cloud, context: Context, recorded_calls: list[str]):
    asked(http(), context)
    first = len(recorded_calls)
    asked(http("/v1/recommendations/c2"), context)
    # who refuses together with the stored history, then the recent items
    assert recorded_calls[first:] == ["BatchGetItem", "GetItem"]


@pytest.fixture
def recorded_calls(shop: Cloud) -> list[str]:
    """The names of the calls of the handler's client, as they are made."""
    calls: list[str] = []
    found = recommendations.service()
    client: Any = boto3.client("dynamodb")
    client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    found._recommender._models.items._table._client = client  # type: ignore[attr-defined]
    found._recommender._recent_items._table._client = client  # type: ignore[attr-defined]
    return calls


def test_who_is_held_out_is_shown_nothing_and_nothing_more_is_read_for_it(
    shop: Cloud, context: Context, recorded_calls: list[str], capsys: pytest.CaptureFixture[str]
):
    models = DynamoDbModelStore(shop.dynamodb, RECOMMENDATIONS)
    pays = StoredExperiments(models.items, models).start(experiment("pays"))
    held, *others = [customer_in(pays, "holdout")] + [
        f"c{n}" for n in range(2, 100) if pays.variant_of(f"c{n}").share > 0.5
    ]
    status, answer = asked(http(f"/v1/recommendations/{held}"), context)
    assert (status, answer["served"], answer["items"], answer["variant"]) == (200, "holdout", [], "holdout")
    assert recorded_calls[-2:] == ["BatchGetItem", "GetItem"]  # who refuses, then once a minute what runs
    # an answer to who is held out is in no metric: nothing is meant to be shown
    assert set(metrics_of(capsys.readouterr().out).values()) == {0}
    asked(http(f"/v1/recommendations/{others[0]}"), context)
    first = len(recorded_calls)
    assert asked(http(f"/v1/recommendations/{others[1]}"), context)[1]["variant"] == "recommended"
    assert recorded_calls[first:] == ["BatchGetItem", "GetItem"]  # as without an experiment


def test_an_experiment_may_give_another_versions_answers(shop: Cloud, context: Context):
    models = DynamoDbModelStore(shop.dynamodb, RECOMMENDATIONS)
    first, second = model().card.version, "20260303T040000Z-bbbb"
    models.publish(model(second), after=first)
    control, other = Variant(name="control", share=0.5), Variant(name="other", share=0.5, model="previous")
    compared = StoredExperiments(models.items, models).start(experiment("models", control, other))
    found = [
        asked(http(f"/v1/recommendations/{customer_in(compared, variant)}"), context)[1]["model"]
        for variant in ("control", "other")
    ]
    assert found == [second, first]


def test_both_tables_have_to_be_named():
    with pytest.raises(SettingsError, match="TAKINGS_LIVE_TABLE"):
        read_recommendations({"TAKINGS_RECOMMENDATIONS_TABLE": "recommendations"})
    settings = read_recommendations(
        {"TAKINGS_RECOMMENDATIONS_TABLE": "r", "TAKINGS_LIVE_TABLE": "l", "TAKINGS_ORIGINS": "https://a.example, *"}
    )
    assert (settings.table, settings.live_table, settings.origins) == ("r", "l", ("https://a.example", "*"))


def test_a_view_changes_the_answer_of_the_next_request(shop: Cloud, context: Context):
    live = DynamoDbLiveStore(shop.dynamodb, TABLE, "EUR")
    later = NOW + timedelta(seconds=1)
    assert asked(http("/v1/recommendations/c2"), context)[1]["served"] == "best_sellers"
    viewed = event("e2", at=later, received=later, customer_id="c2", product_id="teapot")
    assert live.apply(Batch([viewed], "1"), after=None, shard="t")
    assert asked(http("/v1/recommendations/c2"), context)[1]["items"][0]["product_id"] == "mug"
