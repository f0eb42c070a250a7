"""What CloudFormation cannot do with Redshift Serverless: set a usage limit, and say where the admin's password is."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

NONE = "none"  # in the place of an id, where nothing was made
KIND = "serverless-compute"

Event = dict[str, Any]
Answer = tuple[str, Mapping[str, str]]
"""The physical id of the resource, and its attributes."""


def usage_limit(client: Any, event: Event) -> Answer:
    """Limit the RPU-hours of a day: when they are used, the workgroup answers nothing until the next one (UTC).

    A limit of a day that is there already, such as after a create that was answered too late, is changed.
    """
    given, limit = event["ResourceProperties"], event.get("PhysicalResourceId", NONE)
    if event["RequestType"] == "Delete":
        if limit != NONE:
            with suppress(client.exceptions.ResourceNotFoundException):  # its workgroup is gone, or somebody deleted it
                client.delete_usage_limit(usageLimitId=limit)
        return limit, {}
    arn = given["WorkgroupArn"]
    wanted = {"amount": int(given["RpuHoursADay"]), "breachAction": "deactivate"}
    limits = client.list_usage_limits(resourceArn=arn, usageType=KIND)["usageLimits"]
    found = next((found["usageLimitId"] for found in limits if found["period"] == "daily"), None)
    if found is not None:
        client.update_usage_limit(usageLimitId=found, **wanted)
        return found, {}
    made = client.create_usage_limit(resourceArn=arn, usageType=KIND, period="daily", **wanted)
    return made["usageLimit"]["usageLimitId"], {}


def admin_secret(client: Any, event: Event) -> Answer:
    """The ARN of the secret in which Redshift keeps the admin's password."""
    if event["RequestType"] == "Delete":
        return event["PhysicalResourceId"], {}
    namespace = client.get_namespace(namespaceName=event["ResourceProperties"]["Namespace"])["namespace"]
    arn = namespace["adminPasswordSecretArn"]
    return arn, {"Arn": arn}


KINDS: Mapping[str, Callable[[Any, Event], Answer]] = {
    "Custom::UsageLimit": usage_limit,
    "Custom::AdminSecret": admin_secret,
}


def handler(event: Event, context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Make, change or delete the resource of an event, and tell CloudFormation: without an answer it waits."""
    answer: dict[str, Any] = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    try:
        import boto3

        made, attributes = KINDS[event["ResourceType"]](boto3.client("redshift-serverless"), event)
        answer |= {"Status": "SUCCESS", "PhysicalResourceId": made, "Data": attributes}
    except Exception as error:  # noqa: BLE001 - CloudFormation shows whatever it is
        reason = f"{type(error).__name__}: {error}"
        answer |= {"Status": "FAILED", "PhysicalResourceId": event.get("PhysicalResourceId", NONE), "Reason": reason}
    send(event["ResponseURL"], json.dumps(answer).encode())


def send(url: str, body: bytes) -> None:
    """Put the answer where CloudFormation reads it: an address in S3, which is signed without a type."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
