"""What runs by the clock gets the variables that it reads, one run at a time."""

from __future__ import annotations

from console.handlers import environment
from infra_cdk.bill.template_set import Properties
from pipeline.streams.scaling import Limits, limits_of
from tests.infra.templates import Templates


def functions(templates: Templates) -> dict[str, Properties]:
    """The functions of the stack by the last words of their names."""
    found = templates.resources("AWS::Lambda::Function", "jobs").values()
    return {function["FunctionName"].removeprefix(f"takings-{templates.tier}-"): function for function in found}


def test_only_a_stream_that_scales_has_a_function_for_it(all_templates: dict[str, Templates]) -> None:
    for tier, expected in (
        ("dev", {"cost-snapshot", "own-calls"}),
        ("startup", {"cost-snapshot", "own-calls"}),
        ("scale", {"cost-snapshot", "own-calls", "shards"}),
    ):
        assert set(functions(all_templates[tier])) == expected


def test_a_function_reads_its_variables_and_runs_once_at_a_time(templates: Templates) -> None:
    for name, function in functions(templates).items():
        assert function["ReservedConcurrentExecutions"] == 1
        variables = function["Environment"]["Variables"]
        if name == "shards":
            assert limits_of(variables) == Limits("takings-scale-events", 2, 8)
        else:
            read = environment.read(variables)
            assert read.lake_bucket == f"takings-{templates.tier}-lake-123456789012-eu-central-1"
            assert read.lake_prefix == ""


def test_the_clock_starts_each_function_and_keeps_what_it_could_not_start(templates: Templates) -> None:
    schedules = templates.resources("AWS::Scheduler::Schedule", "jobs").values()
    expected = {
        f"takings-{templates.tier}-cost-snapshot": "cron(15 6 * * ? *)",
        f"takings-{templates.tier}-own-calls": "cron(5 * * * ? *)",
    }
    if templates.tier == "scale":
        expected["takings-scale-shards"] = "rate(5 minutes)"
    assert {schedule["Name"]: schedule["ScheduleExpression"] for schedule in schedules} == expected
    queues = templates.resources("AWS::SQS::Queue", "jobs")
    (queue,) = queues.values()
    assert queue["QueueName"] == f"takings-{templates.tier}-jobs-schedule-failures"
    assert "KmsMasterKeyId" in queue
    for schedule in schedules:
        target = schedule["Target"]
        assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in {name.partition("/")[2] for name in queues}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 3}
        assert schedule["ScheduleExpressionTimezone"] == "UTC"


def test_the_clock_may_start_these_functions_and_nothing_else(templates: Templates) -> None:
    (policy,) = (
        policy for name, policy in templates.resources("AWS::IAM::Policy", "jobs").items() if "ScheduleRole" in name
    )
    started = [
        statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    assert str(started).count("Fn::GetAtt") == len(functions(templates))
    assert "*" not in str(started)
