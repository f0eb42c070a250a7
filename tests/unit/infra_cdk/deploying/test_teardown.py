"""Stacks are deleted last one first, for as long as AWS takes, and again where something holds on for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.errors import SourceError
from infra_cdk.deploying import teardown
from infra_cdk.deploying.stacks import stacks_of
from infra_cdk.deploying.teardown import Teardown
from tests.support.deployments import REGION, AnsweringClients, StackDouble, situation, stack


def tear_down(folder: Path, cloud: StackDouble) -> list[str]:
    """Delete all stacks; returns what was reported."""
    installation = situation(folder, cloud.clients).installation
    said: list[str] = []
    one = Teardown(cloud.clients, installation, said.append, cloud.slept.append)
    one.delete(stacks_of(cloud.clients, installation, [REGION]))
    return said


def test_the_last_stack_that_was_made_goes_first_and_its_progress_is_shown(tmp_path: Path) -> None:
    cloud = StackDouble({
        "takings-dev-global": ["DELETE_COMPLETE"],
        "takings-dev-ingest": ["DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"],
    })  # fmt: skip
    assert tear_down(tmp_path, cloud) == [
        "takings-dev-ingest: deleting",
        "takings-dev-ingest: DELETE_IN_PROGRESS AWS::CloudFormation::Stack takings-dev-ingest",
        "takings-dev-ingest: DELETE_COMPLETE AWS::CloudFormation::Stack takings-dev-ingest",
        "takings-dev-ingest: deleted",
        "takings-dev-global: deleting",
        "takings-dev-global: DELETE_COMPLETE AWS::CloudFormation::Stack takings-dev-global",
        "takings-dev-global: deleted",
    ]


def test_a_deletion_that_takes_hours_is_waited_for(tmp_path: Path) -> None:
    cloud = StackDouble({"takings-dev-ingest": ["DELETE_IN_PROGRESS"] * 3_000 + ["DELETE_COMPLETE"]})
    assert tear_down(tmp_path, cloud)[-1] == "takings-dev-ingest: deleted"
    assert sum(cloud.slept) > 4 * 3_600


def test_a_stack_that_cannot_be_deleted_yet_is_tried_again(tmp_path: Path) -> None:
    cloud = StackDouble({"takings-dev-network": ["DELETE_FAILED", "DELETE_FAILED", "DELETE_COMPLETE"]})
    said = tear_down(tmp_path, cloud)
    assert cloud.asked_to_delete == ["takings-dev-network"] * 3
    assert cloud.slept == [teardown.PAUSE_SECONDS] * 2
    assert "AWS::EC2::SecurityGroup sg-1: resource sg-1 has a dependent object" in said[2]


def test_a_stack_that_never_can_be_is_an_error_that_names_what_holds_it(tmp_path: Path) -> None:
    cloud = StackDouble({"takings-dev-network": ["DELETE_FAILED"] * 20})
    with pytest.raises(SourceError, match="SecurityGroup sg-1: resource sg-1 has a dependent object") as caught:
        tear_down(tmp_path, cloud)
    assert caught.value.where == f"takings-dev-network in {REGION}"
    assert len(cloud.asked_to_delete) == teardown.ATTEMPTS


def test_a_stack_of_another_installation_with_a_like_name_is_not_seen(tmp_path: Path) -> None:
    others = stack("takings-dev-ingest", Tags=[{"Key": "takings:installation", "Value": "other"}])
    gone = stack("takings-dev-lake", "DELETE_COMPLETE")
    longer = stack("takings-device-lake")
    clients = AnsweringClients({"cloudformation:DescribeStacks": {"Stacks": [others, gone, longer]}})
    assert situation(tmp_path, clients).stacks == []
