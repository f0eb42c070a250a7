"""What CloudFormation cannot do with Macie: make a job that looks for personal data."""

from __future__ import annotations

from typing import Any

from .answering import NONE, Answer, Event, answer

OVER = ("ConflictException", "ResourceNotFoundException", "ValidationException")
"""Answers to the cancellation of a job that cannot be cancelled any more."""
NOT_ENABLED = "Macie is not enabled"  # of a denied access


def classification_job(client: Any, event: Event) -> Answer:
    """Look each week at a share of what is new below a prefix; gives the job's id.

    Nothing of a job can be changed: an update makes another one, and CloudFormation then deletes the one before.
    """
    given = event["ResourceProperties"]
    if event["RequestType"] == "Delete":
        job: str = event["PhysicalResourceId"]
        if job != NONE:
            _cancel(client, job)
        return job, {}
    scope = {"simpleScopeTerm": {"comparator": "STARTS_WITH", "key": "OBJECT_KEY", "values": [given["Prefix"]]}}
    made: str = client.create_classification_job(
        clientToken=event["RequestId"],
        name=given["Name"],
        jobType="SCHEDULED",
        scheduleFrequency={"weeklySchedule": {"dayOfWeek": "SUNDAY"}},
        initialRun=False,
        samplingPercentage=int(given["SamplingPercentage"]),
        managedDataIdentifierSelector="RECOMMENDED",
        s3JobDefinition={
            "bucketDefinitions": [{"accountId": given["Account"], "buckets": [given["Bucket"]]}],
            "scoping": {"includes": {"and": [scope]}},
        },
        tags=given["Tags"],
    )["jobId"]
    return made, {}


def _cancel(client: Any, job: str) -> None:
    """Cancel a job, unless it is over, was cancelled, or went when somebody turned Macie off."""
    try:
        client.update_classification_job(jobId=job, jobStatus="CANCELLED")
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in OVER and NOT_ENABLED not in str(error):
            raise


def handler(event: Event, context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Make, change or delete a job."""
    answer(event, "macie2", {"Custom::ClassificationJob": classification_job})
