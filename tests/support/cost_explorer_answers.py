"""Literal Cost Explorer answers, through a real boto3 client whose wire is cut: botocore checks every shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.stub import Stubber

Group = tuple[Sequence[str], Mapping[str, str]]


def client() -> Any:
    """A client that could not reach AWS if it tried."""
    return boto3.client("ce", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106


def stubbed() -> tuple[Any, Stubber]:
    """A client, and the stubber that answers for it; activate it."""
    made = client()
    return made, Stubber(made)


def day(start: str, end: str, *groups: Group, estimated: bool = False, unit: str = "GB") -> dict[str, Any]:
    """One day's groups: keys and metrics, such as ``(["AWS Glue", "USE1-ETL"], {"UnblendedCost": "0.5"})``."""
    return {
        "TimePeriod": {"Start": start, "End": end},
        "Total": {},
        "Estimated": estimated,
        "Groups": [
            {
                "Keys": list(keys),
                "Metrics": {
                    name: {"Amount": amount, "Unit": unit if name == "UsageQuantity" else "USD"}
                    for name, amount in metrics.items()
                },
            }
            for keys, metrics in groups
        ],
    }


def answer(
    *days: Mapping[str, Any], token: str | None = None, accounts: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One page."""
    page: dict[str, Any] = {
        "ResultsByTime": list(days),
        "DimensionValueAttributes": [
            {"Value": value, "Attributes": {"description": name}} for value, name in (accounts or {}).items()
        ],
    }
    return page | ({"NextPageToken": token} if token else {})
