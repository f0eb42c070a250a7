"""Jobs, crawler and questions of the lake: what they are started with, and what limits them, in every tier."""

from __future__ import annotations

import json

import pytest

from infra_cdk.bill.template_set import Properties
from pipeline.jobs.arguments import read
from pipeline.lake import LakeSettings
from tests.infra.templates import Templates

LAKE = "s3://takings-{tier}-lake-123456789012-eu-central-1"


def job(templates: Templates, name: str) -> Properties:
    (found,) = (
        job
        for job in templates.resources("AWS::Glue::Job", "lake").values()
        if job["Name"] == f"takings-{templates.tier}-{name}"
    )
    return found


@pytest.mark.parametrize("name", ["curate", "maintain", "erase"])
def test_a_job_gets_the_arguments_that_it_reads_and_runs_once_at_a_time(templates: Templates, name: str) -> None:
    found = job(templates, name)
    given = [text for pair in found["DefaultArguments"].items() if isinstance(pair[1], str) for text in pair]
    arguments = read(name, given)
    assert arguments.lake == LAKE.format(tier=templates.tier)
    assert arguments.namespace == f"glue_catalog.takings_{templates.tier}"
    assert arguments.settings == LakeSettings(reporting_time_zone="UTC", reporting_currency="USD")
    assert arguments.warehouse == (templates.tier != "dev")
    assert not arguments.full
    assert ("--live_table" in found["DefaultArguments"]) == (name == "erase")
    assert found["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert (found["GlueVersion"], found["MaxRetries"]) == ("5.1", 0)
    assert found["Timeout"] <= 240


def test_a_job_installs_files_under_their_own_names_and_reaches_no_index(templates: Templates) -> None:
    arguments = job(templates, "curate")["DefaultArguments"]
    modules = sorted(address.rpartition("/")[2].split("-")[0] for address in _listed(arguments))
    assert modules == ["msgspec", "sqlglot"]
    assert arguments["--extra-py-files"].endswith("/takings-0.1.0.zip")
    assert arguments["--python-modules-installer-option"] == "--no-index"
    uploaded = json.loads((templates.folder / f"takings-{templates.tier}-lake.assets.json").read_text("utf-8"))["files"]
    keys = {place["objectKey"] for file in uploaded.values() for place in file["destinations"].values()}
    wanted = [*_listed(arguments), arguments["--extra-py-files"], job(templates, "curate")["Command"]["ScriptLocation"]]
    assert {address.split("/", 3)[3] for address in wanted} <= keys
    assert not [value for value in arguments.values() if "{" in value]


def _listed(arguments: Properties) -> list[str]:
    return list(arguments["--additional-python-modules"].split(","))


def test_logs_of_jobs_are_encrypted_and_kept_for_days_and_bookmarks_are_off(templates: Templates) -> None:
    arguments = job(templates, "curate")["DefaultArguments"]
    assert arguments["--job-bookmark-option"] == "job-bookmark-disable"
    prefix = arguments["--custom-logGroup-prefix"]
    groups = {group["LogGroupName"]: group for group in templates.resources("AWS::Logs::LogGroup", "lake").values()}
    for kind in ("error", "output"):
        group = groups[f"{prefix}/{kind}"]
        assert group["RetentionInDays"] in (7, 14, 30)
        assert "KmsKeyId" in group


def test_the_database_of_curated_tables_stays_and_the_crawler_writes_into_another_one(templates: Templates) -> None:
    (curated,) = (
        resource
        for resource in templates.by_part["data"]["Resources"].values()
        if resource["Type"] == "AWS::Glue::Database"
    )
    assert curated["DeletionPolicy"] == "RetainExceptOnCreate"
    assert curated["Properties"]["DatabaseInput"]["Name"] == f"takings_{templates.tier}"
    crawler = templates.one("AWS::Glue::Crawler")
    assert crawler["DatabaseName"] == f"takings_{templates.tier}_raw"
    assert [target["Path"] for target in crawler["Targets"]["S3Targets"]] == [
        f"{LAKE.format(tier=templates.tier)}/raw/stream/"
    ]
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(40 0 * * ? *)"}
    assert crawler["SchemaChangePolicy"] == {"DeleteBehavior": "LOG", "UpdateBehavior": "LOG"}


def test_only_the_job_that_erases_may_delete_versions_and_items(templates: Templates) -> None:
    allowed: dict[str, set[str]] = {}
    for name, policy in templates.resources("AWS::IAM::Policy", "lake").items():
        actions = allowed.setdefault(name.partition("/")[2].partition("Default")[0], set())
        for statement in policy["PolicyDocument"]["Statement"]:
            actions.update([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    for action in ("s3:DeleteObjectVersion", "dynamodb:DeleteItem", "dynamodb:Scan"):
        assert [role for role, actions in allowed.items() if action in actions] == ["EraseRole"]


@pytest.mark.parametrize(
    ("tier", "curation"),
    [("dev", "cron(10 1 * * ? *)"), ("startup", "rate(60 minutes)"), ("scale", "rate(15 minutes)")],
)
def test_curation_and_maintenance_are_started_in_turn_as_often_as_the_tier_says(
    all_templates: dict[str, Templates], tier: str, curation: str
) -> None:
    schedules = all_templates[tier].resources("AWS::Scheduler::Schedule", "lake").values()
    assert {schedule["ScheduleExpression"]: schedule["Target"]["Input"] for schedule in schedules} == {
        curation: '{"job": "curate"}',
        f"cron(20 2 1/{7 if tier == 'dev' else 1} * ? *)": '{"job": "maintain"}',
    }
    for schedule in schedules:
        assert schedule["Target"]["Arn"] == {"Ref": "Turns"} or "Turns" in str(schedule["Target"]["Arn"])
        assert "DeadLetterConfig" in schedule["Target"]
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 3
        assert "KmsKeyArn" in schedule


def test_the_logs_of_the_machine_hold_no_arguments_since_those_of_an_erasure_name_persons(templates: Templates) -> None:
    logging = templates.one("AWS::StepFunctions::StateMachine")["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)


@pytest.mark.parametrize(("tier", "gigabytes"), [("dev", 2), ("startup", 20), ("scale", 100)])
def test_a_question_is_limited_encrypted_and_cannot_leave_its_workgroup(
    all_templates: dict[str, Templates], tier: str, gigabytes: int
) -> None:
    group = all_templates[tier].one("AWS::Athena::WorkGroup")
    configuration = group["WorkGroupConfiguration"]
    assert group["Name"] == f"takings-{tier}-console"
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == gigabytes * 10**9
    assert configuration["PublishCloudWatchMetricsEnabled"] is True
    assert configuration["RequesterPaysEnabled"] is False
    assert configuration["ManagedQueryResultsConfiguration"] == {"Enabled": False}
    results = configuration["ResultConfiguration"]
    assert results["OutputLocation"] == f"s3://takings-{tier}-results-123456789012-eu-central-1/athena/"
    assert results["ExpectedBucketOwner"] == "123456789012"
    assert results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
