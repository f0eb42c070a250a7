"""What CloudFormation cannot do with Redshift Serverless: set a usage limit, and say where the admin's password is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from .answering import NONE, Answer, Event, answer

KIND = "serverless-compute"


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
    """Make, change or delete a resource."""
    answer(event, "redshift-serverless", KINDS)
