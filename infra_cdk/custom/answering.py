"""Tells CloudFormation what became of a custom resource."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

MOST_REASON = 1_000  # characters: CloudFormation takes no answer beyond 4,096 bytes, and then waits for another one
NONE = "none"  # in the place of an id, where nothing was made

Event = dict[str, Any]
Answer = tuple[str, Mapping[str, str]]
"""The physical id of the resource, and its attributes."""


def answer(event: Event, service: str, kinds: Mapping[str, Callable[[Any, Event], Answer]]) -> None:
    """Make, change or delete the resource of an event, and tell CloudFormation: without an answer it waits.

    Parameters
    ----------
    service : whose boto3 client is needed
    kinds : by ``ResourceType``: takes the client and the event
    """
    answered: dict[str, Any] = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    try:
        import boto3

        made, attributes = kinds[event["ResourceType"]](boto3.client(service), event)
        answered |= {"Status": "SUCCESS", "PhysicalResourceId": made, "Data": attributes}
    except Exception as error:  # noqa: BLE001 - CloudFormation shows whatever it is
        reason = f"{type(error).__name__}: {error}"[:MOST_REASON]
        answered |= {"Status": "FAILED", "PhysicalResourceId": event.get("PhysicalResourceId", NONE), "Reason": reason}
    send(event["ResponseURL"], json.dumps(answered).encode())


def send(url: str, body: bytes) -> None:
    """Put the answer where CloudFormation reads it: an address in S3, which is signed without a type."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
