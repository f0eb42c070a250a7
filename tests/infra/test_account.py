"""What watches an account is made once, with the plans that are priced, and its severe findings reach the operators."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from infra_cdk.custom import answering, macie_gaps
from tests.infra.templates import Templates

ONCE = (
    "AWS::GuardDuty::Detector",
    "AWS::SecurityHub::Hub",
    "AWS::Macie::Session",
    "AWS::Config::ConfigurationRecorder",
    "AWS::Config::DeliveryChannel",
)
"""Types of which an account and region have one."""


def test_a_tier_makes_each_service_once_or_not_at_all(templates: Templates) -> None:
    made = {kind: len(templates.resources(kind)) for kind in ONCE}
    assert made == dict.fromkeys(ONCE, 0 if templates.tier == "dev" else 1)
    assert ("account" in templates.by_part) == (templates.tier != "dev")


def test_services_that_are_there_are_used_as_they_are(without_own_services: Templates) -> None:
    assert [kind for kind in ONCE if without_own_services.resources(kind)] == []
    assert without_own_services.resources("AWS::SecurityHub::Standard") == {}
    assert len(without_own_services.resources("Custom::ClassificationJob")) == 1
    assert len(without_own_services.resources("AWS::Events::Rule", "account")) == 1


def test_guardduty_looks_at_the_log_of_calls_and_at_buckets_and_has_no_plan_that_is_not_priced(
    everything: Templates,
) -> None:
    detector = everything.one("AWS::GuardDuty::Detector")
    assert detector["Enable"] is True
    assert {feature["Name"]: feature["Status"] for feature in detector["Features"]} == {
        "S3_DATA_EVENTS": "ENABLED",
        "EKS_AUDIT_LOGS": "DISABLED",
        "EBS_MALWARE_PROTECTION": "DISABLED",
        "RDS_LOGIN_EVENTS": "DISABLED",
        "LAMBDA_NETWORK_LOGS": "DISABLED",
        "RUNTIME_MONITORING": "DISABLED",
    }


def test_security_hub_checks_one_standard_on_what_config_records(everything: Templates) -> None:
    assert everything.one("AWS::SecurityHub::Hub")["EnableDefaultStandards"] is False
    assert everything.one("AWS::SecurityHub::Standard")["StandardsArn"] == (
        "arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0"
    )
    recorded = everything.one("AWS::Config::ConfigurationRecorder")["RecordingGroup"]
    assert (recorded["AllSupported"], recorded["IncludeGlobalResourceTypes"]) == (False, False)
    assert {"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::IAM::Role", "AWS::Lambda::Function"} <= set(
        recorded["ResourceTypes"]
    )
    channel = everything.one("AWS::Config::DeliveryChannel")
    assert channel == {"S3BucketName": "takings-scale-logs-123456789012-eu-central-1", "S3KeyPrefix": "config"}


def test_macie_reads_as_much_of_the_new_raw_files_as_is_priced(templates: Templates) -> None:
    for job in templates.resources("Custom::ClassificationJob").values():
        assert job["Prefix"] == "raw/"
        assert job["Bucket"] == f"takings-{templates.tier}-lake-123456789012-eu-central-1"
        # startup: 1 GB of 2,000,000 events × 465 bytes × 30.4 days = 28.3 GB; scale: 5 GB of 424 GB
        assert job["SamplingPercentage"] == {"startup": 3, "scale": 1}[templates.tier]


def test_macie_may_decrypt_the_lake_and_nobody_else_by_that_statement(everything: Templates) -> None:
    (statement,) = [
        found for found in everything.one("AWS::KMS::Key")["KeyPolicy"]["Statement"] if found.get("Sid") == "Macie"
    ]
    assert statement["Action"] == "kms:Decrypt"
    role = "aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    assert statement["Condition"]["StringEquals"] == {
        "aws:PrincipalArn": f"arn:aws:iam::123456789012:role/{role}",
        "kms:CallerAccount": "123456789012",
    }


def test_the_function_of_the_job_runs_from_what_is_uploaded_alone(everything: Templates) -> None:
    (function,) = [
        found
        for found in everything.resources("AWS::Lambda::Function", "account").values()
        if found["FunctionName"] == "takings-scale-macie-gaps"
    ]
    folder = everything.folder / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
    assert {file.name for file in folder.rglob("*") if file.is_file()} == {
        "__init__.py", "answering.py", "macie_gaps.py", "redshift_gaps.py",
    }  # fmt: skip
    module, _, name = function["Handler"].rpartition(".")
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from {module} import {name}"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_severe_findings_reach_the_operators_once(everything: Templates) -> None:
    rule = everything.one("AWS::Events::Rule", "account")
    assert rule["EventPattern"]["source"] == ["aws.securityhub"]
    assert rule["EventPattern"]["detail"]["findings"]["Severity"]["Label"] == ["HIGH", "CRITICAL"]
    (target,) = rule["Targets"]
    assert set(target) >= {"DeadLetterConfig", "RetryPolicy", "InputTransformer"}


ANSWERS: list[dict[str, Any]] = []


class _CloudFormation(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        ANSWERS.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def cloudformation() -> Iterator[str]:
    """The address at which CloudFormation takes answers, which are then in `ANSWERS`."""
    ANSWERS.clear()
    with HTTPServer(("127.0.0.1", 0), _CloudFormation) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def macie(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Macie, whose answers a test lines up; botocore checks the calls."""
    client = boto3.client("macie2", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106 - made up
    monkeypatch.setattr(boto3, "client", lambda _service: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event(kind: str, address: str, **more: str) -> dict[str, Any]:
    properties = {
        "Name": "takings-scale-personal-data",
        "Account": "123456789012",
        "Bucket": "lake",
        "Prefix": "raw/",
        "SamplingPercentage": "3",
        "Tags": {"takings:part": "account"},
    }
    return {
        "RequestType": kind,
        "ResourceType": "Custom::ClassificationJob",
        "ResponseURL": address,
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "PersonalData",
        "ResourceProperties": properties,
        **more,
    }


def test_a_job_is_made_and_cancelled(cloudformation: str, macie: Stubber) -> None:
    macie.add_response(
        "create_classification_job",
        {"jobId": "job-1"},
        {
            "clientToken": "r",
            "name": "takings-scale-personal-data",
            "jobType": "SCHEDULED",
            "scheduleFrequency": {"weeklySchedule": {"dayOfWeek": "SUNDAY"}},
            "initialRun": False,
            "samplingPercentage": 3,
            "managedDataIdentifierSelector": "RECOMMENDED",
            "s3JobDefinition": ANY,
            "tags": {"takings:part": "account"},
        },
    )
    macie.add_response("update_classification_job", {}, {"jobId": "job-1", "jobStatus": "CANCELLED"})
    macie_gaps.handler(event("Create", cloudformation), None)
    macie_gaps.handler(event("Delete", cloudformation, PhysicalResourceId="job-1"), None)
    assert [(answer["Status"], answer["PhysicalResourceId"]) for answer in ANSWERS] == [("SUCCESS", "job-1")] * 2


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("ConflictException", "The job is being changed", "SUCCESS"),
        ("ValidationException", "The job is cancelled", "SUCCESS"),
        ("ResourceNotFoundException", "", "SUCCESS"),
        ("AccessDeniedException", "Macie is not enabled.", "SUCCESS"),
        ("AccessDeniedException", "You are not authorized", "FAILED"),
    ],
)
def test_a_job_that_is_over_is_deleted_all_the_same(
    cloudformation: str, macie: Stubber, code: str, message: str, status: str
) -> None:
    macie.add_client_error("update_classification_job", code, message)
    macie_gaps.handler(event("Delete", cloudformation, PhysicalResourceId="job-1"), None)
    assert [answer["Status"] for answer in ANSWERS] == [status]


def test_a_job_that_was_never_made_is_deleted_without_a_call(cloudformation: str, macie: Stubber) -> None:
    macie_gaps.handler(event("Delete", cloudformation, PhysicalResourceId=answering.NONE), None)
    assert [answer["Status"] for answer in ANSWERS] == ["SUCCESS"]


def test_an_answer_is_no_longer_than_cloudformation_takes(cloudformation: str, macie: Stubber) -> None:
    macie.add_client_error("create_classification_job", "ValidationException", "é" * 5_000)
    macie_gaps.handler(event("Create", cloudformation), None)
    assert len(json.dumps(ANSWERS[0], ensure_ascii=False).encode()) <= 4_096


def test_cloudformation_hears_of_a_refusal(cloudformation: str, macie: Stubber) -> None:
    macie.add_client_error("create_classification_job", "AccessDeniedException", "Macie is not enabled.")
    macie_gaps.handler(event("Create", cloudformation), None)
    assert ANSWERS[0]["Status"] == "FAILED"
    assert "Macie is not enabled." in ANSWERS[0]["Reason"]
