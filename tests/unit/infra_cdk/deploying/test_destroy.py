"""An installation goes and its data stay, listed with what they cost; or they go, too, when that is written out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from catalogue.errors import SettingsError
from infra_cdk.deploying.destroy import destroy
from infra_cdk.deploying.kept import buckets
from tests.support.deployments import ACCOUNT, REGION, TAGS, Boto3Clients, SaidScreen, StackDouble, situation

LAKE = f"takings-dev-lake-{ACCOUNT}-{REGION}"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[StackDouble]:
    """The stacks `data`, protected, and `ingest`, and what `data` keeps."""
    monkeypatch.setattr(buckets, "_measured", lambda *_: None)  # moto knows no SEARCH
    with mock_aws():
        s3, kinesis = Boto3Clients().client("s3"), Boto3Clients().client("kinesis")
        s3.create_bucket(Bucket=LAKE, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_tagging(Bucket=LAKE, Tagging={"TagSet": TAGS})
        s3.put_object(Bucket=LAKE, Key="raw/1", Body=b"1")
        kinesis.create_stream(StreamName="takings-dev-events", ShardCount=1)
        kinesis.add_tags_to_stream(StreamName="takings-dev-events", Tags={tag["Key"]: tag["Value"] for tag in TAGS})
        gone = ["DELETE_COMPLETE"]
        yield StackDouble({"takings-dev-data": gone, "takings-dev-ingest": gone}, protected=["takings-dev-data"])


def test_the_data_stay_and_are_listed_by_name_with_what_they_cost(cloud: StackDouble, tmp_path: Path) -> None:
    spoken = SaidScreen()
    assert destroy(situation(tmp_path, Boto3Clients(cloud)), spoken.screen) == 0
    assert cloud.left() == ["takings-dev-data"]
    assert spoken.asked == [f"Delete takings-dev in account {ACCOUNT}?"]
    assert spoken.said == [
        f"To be deleted: stack takings-dev-ingest in {REGION}",
        "Deleted: stack takings-dev-ingest",
        "What stays costs $10.95 a month:",
        f"  stream takings-dev-events in {REGION}: $10.95 a month (1 shard, charged by the hour)",
        f"  bucket {LAKE} in {REGION}: less than a cent a month (under 0.1 GB)",
        '`make destroy TIER=dev DATA="delete takings-dev"` deletes it for ever, and the stack that has it;'
        " `make deploy` goes on with it.",
    ]


def test_with_the_words_all_data_go_and_the_protected_stack(cloud: StackDouble, tmp_path: Path) -> None:
    spoken = SaidScreen()
    assert destroy(situation(tmp_path, Boto3Clients(cloud)), spoken.screen, "delete takings-dev") == 0
    assert cloud.left() == []
    assert spoken.asked == [f"Delete takings-dev in account {ACCOUNT}, with all its data?"]
    assert spoken.said[-4:] == [
        "Deleted: stream takings-dev-events",
        f"Deleted: bucket {LAKE}",
        "Deleted: stack takings-dev-data",
        "Nothing of takings-dev is left.",
    ]


@pytest.mark.parametrize("words", ["delete", "yes", "delete takings-scale", "DELETE takings-dev"])
def test_other_words_delete_nothing_at_all(cloud: StackDouble, tmp_path: Path, words: str) -> None:
    with pytest.raises(SettingsError, match='Write DATA="delete takings-dev"'):
        destroy(situation(tmp_path, Boto3Clients(cloud)), SaidScreen().screen, words)
    assert cloud.left() == ["takings-dev-data", "takings-dev-ingest"]


def test_no_is_an_answer(cloud: StackDouble, tmp_path: Path) -> None:
    spoken = SaidScreen(answer=False)
    assert destroy(situation(tmp_path, Boto3Clients(cloud)), spoken.screen, "delete takings-dev") == 1
    assert cloud.left() == ["takings-dev-data", "takings-dev-ingest"]
    assert spoken.said[-1] == "Nothing was changed."
    assert Boto3Clients().client("s3").list_objects_v2(Bucket=LAKE)["KeyCount"] == 1


def test_a_deletion_that_was_stopped_half_way_goes_on(cloud: StackDouble, tmp_path: Path) -> None:
    """The stream and the stack `ingest` are gone already."""
    Boto3Clients().client("kinesis").delete_stream(StreamName="takings-dev-events")
    cloud.now["takings-dev-ingest"] = "DELETE_COMPLETE"
    spoken = SaidScreen()
    assert destroy(situation(tmp_path, Boto3Clients(cloud)), spoken.screen, "delete takings-dev") == 0
    assert spoken.said[-1] == "Nothing of takings-dev is left."
    assert cloud.left() == []
