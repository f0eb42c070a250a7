"""Answers of AWS that moto does not have, as they come over the wire.

Amounts, names and times are literal; the shapes are those of the services' API references, and botocore parses them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import botocore.handlers
from botocore.awsrequest import AWSResponse
from moto.ce.responses import CostExplorerResponse

from tests.engines.names import ACCOUNT, REGION

_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:takings-collector"


def _anomalies() -> dict[str, Any]:
    """Two anomalies of Cost Anomaly Detection, of last week: AWS keeps them for 90 days."""
    start = datetime.now(UTC).date() - timedelta(days=6)
    return {
        "Anomalies": [
            {
                "AnomalyId": "7f2ad2c4-0001",
                "AnomalyStartDate": f"{start}T00:00:00Z",
                "AnomalyEndDate": f"{start + timedelta(days=2)}T00:00:00Z",
                "DimensionValue": "Amazon Athena",
                "RootCauses": [
                    {
                        "Service": "Amazon Athena",
                        "Region": REGION,
                        "LinkedAccount": ACCOUNT,
                        "UsageType": "USE1-DataScannedInTB",
                    }
                ],
                "AnomalyScore": {"MaxScore": 0.87, "CurrentScore": 0.61},
                "Impact": {
                    "MaxImpact": 31.5,
                    "TotalImpact": 73.25,
                    "TotalActualSpend": 91.5,
                    "TotalExpectedSpend": 18.25,
                    "TotalImpactPercentage": 401.36,
                },
                "MonitorArn": f"arn:aws:ce::{ACCOUNT}:anomalymonitor/m-1",
            },
            {
                "AnomalyId": "7f2ad2c4-0002",
                "AnomalyStartDate": f"{start}T00:00:00Z",
                "DimensionValue": "AWS Glue",
                "RootCauses": [{"Service": "AWS Glue", "Region": REGION, "UsageType": "USE1-ETL-DPU-Hour"}],
                "AnomalyScore": {"MaxScore": 0.4, "CurrentScore": 0.4},
                "Impact": {"MaxImpact": 4.5, "TotalImpact": 4.5},
                "MonitorArn": f"arn:aws:ce::{ACCOUNT}:anomalymonitor/m-1",
                "Feedback": "PLANNED_ACTIVITY",
            },
        ]
    }


def _rightsizing() -> dict[str, Any]:
    return {
        "lambdaFunctionRecommendations": [
            {
                "functionArn": _FUNCTION,
                "functionVersion": "$LATEST",
                "accountId": ACCOUNT,
                "currentMemorySize": 1024,
                "numberOfInvocations": 1_200_000,
                "lookbackPeriodInDays": 14.0,
                "finding": "NotOptimized",
                "findingReasonCodes": ["MemoryOverprovisioned"],
                "memorySizeRecommendationOptions": [
                    {
                        "rank": 1,
                        "memorySize": 512,
                        "savingsOpportunity": {
                            "savingsOpportunityPercentage": 45.0,
                            "estimatedMonthlySavings": {"currency": "USD", "value": 12.75},
                        },
                    }
                ],
            }
        ]
    }


def _advice() -> dict[str, Any]:
    return {
        "items": [
            {
                "recommendationId": "rec-0001",
                "accountId": ACCOUNT,
                "region": REGION,
                "resourceId": "takings",
                "resourceArn": f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/takings",
                "currentResourceType": "RedshiftReservedInstances",
                "recommendedResourceType": "RedshiftReservedInstances",
                "estimatedMonthlySavings": 41.5,
                "estimatedSavingsPercentage": 24.0,
                "estimatedMonthlyCost": 131.4,
                "currencyCode": "USD",
                "implementationEffort": "VeryLow",
                "restartNeeded": False,
                "actionType": "PurchaseReservedInstances",
                "rollbackPossible": False,
                "currentResourceSummary": "8 RPU on demand",
                "recommendedResourceSummary": "8 RPU reserved for a year",
                "lastRefreshTimestamp": 1_764_547_200,
                "recommendationLookbackPeriodInDays": 30,
                "source": "CostExplorer",
            }
        ]
    }


RECORDED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "compute-optimizer.GetEnrollmentStatus": lambda: {"status": "Active", "memberAccountsEnrolled": False},
    "compute-optimizer.GetLambdaFunctionRecommendations": _rightsizing,
    "compute-optimizer.GetECSServiceRecommendations": lambda: {"ecsServiceRecommendations": []},
    "cost-optimization-hub.ListEnrollmentStatuses": lambda: {
        "items": [{"accountId": ACCOUNT, "status": "Active", "createdTimestamp": 1_764_547_200}]
    },
    "cost-optimization-hub.ListRecommendations": _advice,
    "redshift-serverless.ListWorkgroups": lambda: {"workgroups": []},
}
"""By botocore's name of the event: service and operation."""


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _answer(url: str, content: Mapping[str, Any]) -> AWSResponse:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "recorded"}
    return AWSResponse(url, 200, headers, _Body(json.dumps(content).encode()))


@contextmanager
def answering() -> Iterator[None]:
    """Answer what is recorded, in every session made inside. Stands inside moto's `mock_aws`."""

    def recorded(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        made = RECORDED.get(event_name.removeprefix("before-send."))
        return None if made is None else _answer(request.url, made())

    def anomalies(_: CostExplorerResponse) -> str:
        return json.dumps(_anomalies())

    hook = ("before-send", recorded)
    handlers = botocore.handlers.BUILTIN_HANDLERS
    handlers.insert(0, hook)  # moto is asked too, and the first answer counts
    try:
        with patch.object(CostExplorerResponse, "get_anomalies", anomalies, create=True):  # moto has the service only
            yield
    finally:
        handlers.remove(hook)
