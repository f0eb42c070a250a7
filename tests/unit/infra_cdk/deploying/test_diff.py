"""What a deployment would delete or replace is read from CDK's comparison."""

from __future__ import annotations

from infra_cdk.deploying import diff

PRINTED = """\
Stack takings-dev-data
Resources
[-] AWS::SQS::Queue Old destroy
[-] AWS::S3::Bucket OldB orphan
[~] AWS::Kinesis::Stream Stream Stream790BDEE4
 └─ [~] RetentionPeriodHours
     ├─ [-] 48
     └─ [+] 24
[~] AWS::DynamoDB::Table Live/destroy Live848578DF replace
 └─ [~] TableName (requires replacement)
     ├─ [-] takings-dev-live-old
     └─ [+] takings-dev-live
[~] AWS::Lambda::Function destroy may be replaced

Stack takings-dev-ingest
There were no differences

✨  Number of stacks with differences: 1
"""
"""As CDK's command line 2.1148.1 prints it."""


def test_what_is_deleted_or_replaced_is_named_and_what_only_changes_is_not() -> None:
    assert [danger.line() for danger in diff.read(PRINTED.split("\n")).dangers] == [
        "takings-dev-data: AWS::SQS::Queue Old is deleted",
        "takings-dev-data: AWS::S3::Bucket OldB leaves the stack and stays, unwatched and charged",
        "takings-dev-data: AWS::DynamoDB::Table Live/destroy Live848578DF is replaced: what it holds is lost",
        "takings-dev-data: AWS::Lambda::Function destroy may be replaced: what it holds is lost",
    ]


def test_the_stacks_that_differ_are_counted() -> None:
    assert diff.read(PRINTED.split("\n")).changed == 1
    assert diff.read(["✨  Number of stacks with differences: 0"]).changed == 0
