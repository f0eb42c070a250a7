"""Permissions: what each adapter lists is what it calls, no more and no less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.binding import Statement
from catalogue.errors import QueryFailed, SourceError
from console.asking.engines.athena import AthenaEngine
from console.asking.engines.curated_state import CuratedState
from console.aws.clients import SharedClients, connect
from console.aws.paid import PaidClient
from console.aws.permissions import NEEDS, UNCHECKED, action_of, actions_of
from console.aws.runners import RUNNERS
from console.budgets.account import AccountBudgets
from console.budgets.forecasting.aws_anomalies import found_by_aws
from console.decisions import Decision
from console.decisions.dynamodb import DynamoDbDecisionStore
from console.finops.billing.cost_explorer import CostExplorer
from console.finops.pricing import price_book
from console.finops.pricing.price_list import PriceList
from console.live.stored import StoredLive
from console.metering import NoMeter
from console.metering.bucket import BucketCalls
from console.metering.calls import CLOSED_AFTER
from console.metering.compaction import BESIDE_FOR, compact_days
from console.recommendations.source import ExperimentRecord, VariantRecord
from console.recommendations.stored import StoredRecommendations
from console.recommendations.stored_trainings import NoTrainings
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from pipeline.streams import Batch
from tests.support.aws_answers import Answers
from tests.support.aws_service import Refused, Service
from tests.support.iam import Recorder
from tests.support.live_lines import NOW, event
from tests.support.models import TRAINED_AT, model
from tests.unit.console.asking.test_athena_engine import LARGE, QUESTION, Athena, Unloading
from tests.unit.console.asking.test_redshift_engine import Redshift
from tests.unit.console.metering.test_metering import CALL
from tests.unit.console.savings.test_aws import EVERYTHING, REGION, whole

ENGINES = ("console.asking.engines.athena", "console.asking.engines.redshift")
STATE = actions_of("console.asking.engines.curated_state")  # both ask which version stands


def athena(_: Recorder) -> None:
    plain, large, slow = Athena(), Unloading([("2026-03-29 01:30:00.000001", Decimal(1))]), Athena()
    slow.states = [{"State": "RUNNING"}]
    plain.engine(reuse_seconds=0).run(QUESTION)
    large.engine(large_result=0).run(LARGE)
    with pytest.raises(QueryFailed, match="was stopped"):
        slow.engine(timeout_seconds=0.01).run(QUESTION)


def redshift(_: Recorder) -> None:
    quick, slow = Redshift(), Redshift()
    slow.states = [{"Status": "STARTED"}]
    question = Statement("q", "Q", "select 1 as n", "redshift", frozenset())
    quick.engine().run(question)
    with pytest.raises(QueryFailed, match="was stopped"):
        slow.engine(timeout_seconds=0.01).run(question)


def curated_state(_: Recorder) -> None:
    service = Service()
    CuratedState(service.session.client("s3"), "lake").current()


def live(recorder: Recorder) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        with recorder.pausing():  # the table and what happens are the deployment's and the collector's
            table(client, "live", "pk", "sk")
            store = DynamoDbLiveStore(client, "live", "EUR", now=lambda: NOW)
            assert store.apply(Batch([event("e1")], "1"), after=None)
        source = StoredLive(lambda: DynamoDbLiveStore(client, "live", "EUR", now=lambda: NOW), now=lambda: NOW)
        assert source.snapshot(None).total.accepted == 1


def decisions(recorder: Recorder) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        with recorder.pausing():
            table(client, "decisions", "kind", "key_at")
        store = DynamoDbDecisionStore(client, "decisions")
        store.decide(Decision("saving", "nat/main", "accepted", "", "ann", NOW))
        store.current("saving")
        store.history("saving", "nat/main")


def recommendations(recorder: Recorder) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        store = DynamoDbModelStore(client, "recommendations", now=lambda: TRAINED_AT)
        with recorder.pausing():  # the table is the deployment's, the models are the training's
            table(client, "recommendations", "pk", "sk")
            for version, after in (("1", None), ("2", "1")):
                store.publish(model(version), after=after)
            store.publish(model("3"), after="2", current=False)
            live = DynamoDbLiveStore(client, "live", "EUR", now=lambda: NOW)
            table(client, "live", "pk", "sk")
        source = StoredRecommendations(lambda: store, lambda: live, NoTrainings("the job *train*"))
        assert [found.version for found in source.models()] == ["3", "2", "1"]
        assert source.catalogue()
        assert not source.has_opted_out("ann")
        with recorder.pausing():  # recent items are read as `console.live.stored` may
            source.history("ann")
            assert source.answers("ann", ["for_you"])
        variants = [VariantRecord("control", 0.5), VariantRecord("third", 0.5, model="3")]  # one that would expire
        source.start_experiment(ExperimentRecord("third", variants, (), TRAINED_AT))
        source.end_experiment("third")
        assert [found.name for found in source.experiments()] == ["third"]
        assert source.rollback() == "1"


def metering(recorder: Recorder) -> None:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        with recorder.pausing():
            client.create_bucket(Bucket="lake")
        calls = BucketCalls(client, "lake")
        calls.write([CALL])
        for later in (CLOSED_AFTER, BESIDE_FOR):  # closed, then thinned
            compact_days(calls.files, datetime.now(UTC) + timedelta(days=1) + later, keep_days=10_000)
        assert calls.files.found("console_calls/") == []


def savings(recorder: Recorder) -> None:
    answers = Answers(EVERYTHING)
    whole(answers).inventory()
    models = {service: answers(service, REGION).meta.service_model for service, _, _ in answers.asked}
    recorder.made |= {action_of(models[service].signing_name, name) for service, name, _ in answers.asked}


def cost_explorer(_: Recorder) -> None:
    usd = {"UnblendedCost": {"Amount": "1", "Unit": "USD"}}
    day = {"Start": "2026-03-01", "End": "2026-03-02"}

    def answer(given: dict[str, Any]) -> dict[str, Any]:
        group = {"Keys": ["1"] * len(given["GroupBy"]), "Metrics": usd}
        return {"ResultsByTime": [{"TimePeriod": day, "Total": {}, "Groups": [group], "Estimated": False}]}

    source = CostExplorer(
        paid(Service(GetCostAndUsage=answer), "ce"), start=date(2026, 3, 1), end=date(2026, 3, 2), tag="team"
    )
    assert sum(1 for _ in source.charges())


def anomalies(_: Recorder) -> None:
    assert found_by_aws(paid(Service(GetAnomalies=lambda _: {"Anomalies": []}), "ce"), date(2026, 3, 1)) == []


def budgets(recorder: Recorder) -> None:
    with mock_aws():
        with recorder.pausing():
            boto3.client("budgets", region_name="us-east-1").create_budget(
                AccountId="123456789012",
                Budget={
                    "BudgetName": "All",
                    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
                    "TimeUnit": "MONTHLY",
                    "BudgetType": "COST",
                },
            )
        source = AccountBudgets(connect("eu-west-1"))
        assert [budget.name for budget in source.budgets()] == ["All"]


def price_list(_: Recorder) -> None:
    client = Service(GetProducts=lambda _: {"PriceList": []}).session.client("pricing")
    price = next(one_price for one_price in price_book.load() if one_price.filters)
    assert PriceList(client).find(price, "us-east-1").reason == "nothing fits its filters"


EVERYTHING_IT_DOES: dict[str, Callable[[Recorder], None]] = {
    "console.asking.engines.curated_state": curated_state,
    "console.asking.engines.athena": athena,
    "console.asking.engines.redshift": redshift,
    "console.live.stored": live,
    "console.recommendations.stored": recommendations,
    "console.decisions.dynamodb": decisions,
    "console.metering.bucket": metering,
    "console.savings.aws": savings,
    "console.finops.billing.cost_explorer": cost_explorer,
    "console.budgets.forecasting.aws_anomalies": anomalies,
    "console.budgets.aws_budgets": budgets,
    "console.finops.pricing.price_list": price_list,
}
"""An adapter, and a run through every call it can make."""


def table(client: Any, name: str, *keys: str) -> None:
    """A table of this name."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def paid(service: Service, api: str) -> PaidClient:
    """A paid client of a service that answers as it was told."""
    return PaidClient(service.session.client(api), NoMeter(), Decimal(0), api)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.parametrize("adapter", EVERYTHING_IT_DOES)
@pytest.mark.slow
def test_an_adapter_calls_what_it_lists_no_more_and_no_less(recorded_actions: Recorder, adapter: str) -> None:
    EVERYTHING_IT_DOES[adapter](recorded_actions)
    shared = STATE if adapter in ENGINES else frozenset()
    assert recorded_actions.made == actions_of(adapter) | shared


def test_no_adapter_that_needs_something_goes_untried() -> None:
    assert set(EVERYTHING_IT_DOES) == {need.adapter for need in NEEDS if need.actions}


def test_asking_whose_budgets_are_meant_needs_no_action_and_a_refusal_is_named() -> None:
    refusing = Service()
    refusing.refuse("GetCallerIdentity", Refused("ExpiredToken", "expired", 403))
    with pytest.raises(SourceError, match="The credentials for AWS STS have expired or are not valid"):
        AccountBudgets(SharedClients(refusing.session)).budgets()
    assert {"sts:GetCallerIdentity"} == UNCHECKED


def test_every_need_is_listed_once_and_actions_on_behalf_have_a_reason() -> None:
    assert len({(need.adapter, need.resource) for need in NEEDS}) == len(NEEDS)
    for need in (*NEEDS, *(need for needs in RUNNERS.values() for need in needs)):
        assert list(need.actions) == sorted(set(need.actions))
        assert list(need.on_behalf) == sorted(set(need.on_behalf))
        assert bool(need.on_behalf) == bool(need.reason)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("athena", "StartQueryExecution", "athena:StartQueryExecution"),
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("dynamodb", "TransactWriteItems", "dynamodb:PutItem"),
        ("monitoring", "GetMetricData", "cloudwatch:GetMetricData"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
    ],
)
def test_an_operation_needs_the_action_of_its_name_or_a_listed_exception(
    service: str, operation: str, action: str
) -> None:
    assert action_of(service, operation) == action


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    from console.__main__ import main

    assert main(["permissions", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "console.asking.engines.athena,results prefix,s3:PutObject,service" in "\n".join(lines)
    assert len(lines) == 1 + sum(len(need.actions) + len(need.on_behalf) for need in NEEDS)


def test_making_the_engine_calls_nothing(recorded_actions: Recorder) -> None:
    assert isinstance(Athena().engine(), AthenaEngine)
    assert recorded_actions.made == set()
