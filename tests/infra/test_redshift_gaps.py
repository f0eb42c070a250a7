"""The function behind custom resources of the warehouse: its calls, as AWS takes them, and its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from console.aws.permissions import action_of
from console.aws.runners import actions_of_runner
from infra_cdk.custom import answering, redshift_gaps

ARN = "arn:aws:redshift-serverless:eu-central-1:123456789012:workgroup/0f1d2c3b-0000-4000-8000-000000000000"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:redshift!takings-scale-warehouse-admin-a1b2c3"  # noqa: S105
FOUND = {"usageLimitId": "limit-1", "resourceArn": ARN, "usageType": "serverless-compute", "amount": 8}
LISTED = {"resourceArn": ARN, "usageType": "serverless-compute"}
AT_IT = {"amount": 30, "breachAction": "deactivate"}


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """The service: each call and its answer are checked against the model of AWS's own library."""
    client = boto3.client(
        "redshift-serverless",
        region_name="eu-central-1",
        aws_access_key_id="made",
        aws_secret_access_key="up",  # noqa: S106
    )
    monkeypatch.setattr(boto3, "client", lambda _name: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What CloudFormation was told."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(answering, "send", lambda url, body: told.append({"to": url, **json.loads(body)}))
    return told


def event(kind: str, request: str, properties: dict[str, Any], made: str | None = None) -> dict[str, Any]:
    return {
        "RequestType": request,
        "ResourceType": kind,
        "ResponseURL": "https://answers.example",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Limit",
        "ResourceProperties": properties,
    } | ({} if made is None else {"PhysicalResourceId": made})


def limit(request: str, made: str | None = None) -> dict[str, Any]:
    return event("Custom::UsageLimit", request, {"WorkgroupArn": ARN, "RpuHoursADay": "30"}, made)


def test_a_limit_that_stops_queries_is_made(stubbed: Stubber, sent: list[dict[str, Any]]):
    weekly = FOUND | {"period": "weekly"}
    stubbed.add_response("list_usage_limits", {"usageLimits": [weekly]}, LISTED)
    stubbed.add_response("create_usage_limit", {"usageLimit": FOUND}, LISTED | AT_IT | {"period": "daily"})
    redshift_gaps.handler(limit("Create"), None)
    assert sent == [
        {
            "to": "https://answers.example",
            "Status": "SUCCESS",
            "PhysicalResourceId": "limit-1",
            "Data": {},
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Limit",
        }
    ]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_limit_that_is_there_is_changed(stubbed: Stubber, sent: list[dict[str, Any]], request_type: str):
    stubbed.add_response("list_usage_limits", {"usageLimits": [FOUND | {"period": "daily"}]}, LISTED)
    stubbed.add_response("update_usage_limit", {"usageLimit": FOUND}, {"usageLimitId": "limit-1"} | AT_IT)
    redshift_gaps.handler(limit(request_type, "limit-1"), None)
    assert (sent[0]["Status"], sent[0]["PhysicalResourceId"]) == ("SUCCESS", "limit-1")


def test_a_limit_is_deleted_and_one_that_is_gone_or_was_never_made_is_no_failure(
    stubbed: Stubber, sent: list[dict[str, Any]]
):
    stubbed.add_response("delete_usage_limit", {"usageLimit": FOUND}, {"usageLimitId": "limit-1"})
    stubbed.add_client_error("delete_usage_limit", "ResourceNotFoundException")
    for made in ("limit-1", "limit-1", "none"):
        redshift_gaps.handler(limit("Delete", made), None)
    assert [answer["Status"] for answer in sent] == ["SUCCESS"] * 3


def test_a_refusal_is_told_with_its_reason_and_no_id(stubbed: Stubber, sent: list[dict[str, Any]]):
    stubbed.add_client_error("list_usage_limits", "AccessDeniedException", "not allowed")
    redshift_gaps.handler(limit("Create"), None)
    assert (sent[0]["Status"], sent[0]["PhysicalResourceId"]) == ("FAILED", "none")
    assert "not allowed" in sent[0]["Reason"]


def test_the_secret_of_the_admin_is_found_and_not_deleted(stubbed: Stubber, sent: list[dict[str, Any]]):
    stubbed.add_response(
        "get_namespace",
        {"namespace": {"adminPasswordSecretArn": SECRET}},
        {"namespaceName": "takings-scale-warehouse"},
    )
    given = {"Namespace": "takings-scale-warehouse"}
    redshift_gaps.handler(event("Custom::AdminSecret", "Create", given), None)
    redshift_gaps.handler(event("Custom::AdminSecret", "Delete", given, SECRET), None)
    assert [answer["Status"] for answer in sent] == ["SUCCESS"] * 2
    assert sent[0]["Data"] == {"Arn": SECRET}


def test_its_role_allows_what_it_calls():
    calls = ("ListUsageLimits", "CreateUsageLimit", "UpdateUsageLimit", "DeleteUsageLimit", "GetNamespace")
    assert actions_of_runner("infra_cdk.custom.redshift_gaps") == {
        action_of("redshift-serverless", call) for call in calls
    }
