"""What CloudFormation cannot do with Macie: make a job that looks for personal data."""

from __future__ import annotations

import json
import urllib.request
from contextlib import suppress
from typing import Any

NONE = "none"  # in the place of an id, where nothing was made

Event = dict[str, Any]


def classification_job(client: Any, event: Event) -> str:
    """Look each week at a share of what is new below a prefix; gives the job's id.

    Nothing of a job can be changed: an update makes another one, and CloudFormation then deletes the one before.
    """
    given = event["ResourceProperties"]
    if event["RequestType"] == "Delete":
        job: str = event["PhysicalResourceId"]
        over = (client.exceptions.ResourceNotFoundException, client.exceptions.ConflictException)
        if job != NONE:
            with suppress(*over):  # somebody cancelled it
                client.update_classification_job(jobId=job, jobStatus="CANCELLED")
        return job
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
    return made


def handler(event: Event, context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Make, change or delete the resource of an event, and tell CloudFormation: without an answer it waits."""
    answer: dict[str, Any] = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    try:
        import boto3

        answer |= {"Status": "SUCCESS", "PhysicalResourceId": classification_job(boto3.client("macie2"), event)}
    except Exception as error:  # noqa: BLE001 - CloudFormation shows whatever it is
        reason = f"{type(error).__name__}: {error}"
        answer |= {"Status": "FAILED", "PhysicalResourceId": event.get("PhysicalResourceId", NONE), "Reason": reason}
    send(event["ResponseURL"], json.dumps(answer).encode())


def send(url: str, body: bytes) -> None:
    """Put the answer where CloudFormation reads it: an address in S3, which is signed without a type."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
