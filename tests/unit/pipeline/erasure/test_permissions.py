"""What an erasure does on AWS besides what every job does is what its role allows."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from catalogue.clock import utc_now
from console.aws.runners import actions_of_runner
from pipeline import objects
from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
from pipeline.erasure import live_table
from pipeline.erasure.histories import Histories
from pipeline.erasure.identity import Person
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.objects import Bucket
from pipeline.recommend.models.dynamodb import DynamoDbItems
from tests.support.iam import Recorder

REGION = "us-east-1"


@mock_aws
def test_the_job_that_erases_calls_what_its_role_allows(
    recorded_actions: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.Session("made", "up", region_name=REGION).client
    monkeypatch.setattr(objects, "_client", lambda: client("s3"))
    store, table = client("s3"), client("dynamodb")
    with recorded_actions.pausing():
        store.create_bucket(Bucket="lake")
        store.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        for content in (b"before", b"after"):
            store.put_object(Bucket="lake", Key="raw/stream/a", Body=content)
        for name in ("live", "recommendations"):
            table.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
                BillingMode="PAY_PER_REQUEST",
            )
        links = DynamoDbKnownCustomers(table, "live")
        links.link("shop", {"device-1": "c1"})
    assert Bucket("lake").remove_former("raw/") == 1
    assert links.linked_to({"c1"}) == {"device-1"}
    assert links.forget({"c1"}) == 1
    assert DynamoDbLiveStore(table, "live", "EUR").forget({"c1"}) == 0
    person = Person(frozenset({"c1"}))
    assert live_table.scan(table, "live", person).found == 0
    histories = Histories(DynamoDbItems(table, "recommendations", now=utc_now))
    assert histories.forget(person.customers) == 0
    assert histories.scan(person).found == 0
    assert recorded_actions.made == actions_of_runner("pipeline.jobs.erase")
