"""Answers of a new account to what the deployment program asks and the emulator does not know.

Each is held against botocore's own model of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import validate_parameters

QUOTAS = {  # by their codes: what AWS gives every account
    "L-B99A9384": 1_000.0,  # Lambda: concurrent executions
    "L-8A5B8E43": 10_000.0,  # API Gateway: requests a second
    "L-5E4153CA": 30.0,  # Glue: job runs at once
}
ANSWERS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("kinesis", "DescribeLimits"): {
        "ShardLimit": 500, "OpenShardCount": 0, "OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 50
    },
    ("ce", "GetAnomalyMonitors"): {"AnomalyMonitors": []},
    ("bcm-data-exports", "ListExports"): {"Exports": []},
    ("lakeformation", "GetDataLakeSettings"): {
        "DataLakeSettings": {
            setting: [
                {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
            ]
            for setting in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
        }
    },
}  # fmt: skip
SERVICES = {  # in the name of the variable that points botocore to another endpoint
    "kinesis": "KINESIS", "ce": "COST_EXPLORER", "bcm-data-exports": "BCM_DATA_EXPORTS",
    "lakeformation": "LAKEFORMATION", "service-quotas": "SERVICE_QUOTAS",
}  # fmt: skip
SIGNED_AS = {"servicequotas": "service-quotas"}  # where a service signs with another name than botocore's


def answer(service: str, operation: str, asked: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]] | None:
    """The status and the answer; None for a question that the emulator can answer."""
    service = SIGNED_AS.get(service, service)
    if (service, operation) == ("service-quotas", "GetServiceQuota"):  # no value of its own: the default counts
        return 400, {"__type": "NoSuchResourceException", "Message": "The account has no value of its own."}
    if (service, operation) == ("service-quotas", "GetAWSDefaultServiceQuota"):
        given: Mapping[str, Any] = {"Quota": {"QuotaCode": asked["QuotaCode"], "Value": QUOTAS[asked["QuotaCode"]]}}
    elif (service, operation) in ANSWERS:
        given = ANSWERS[service, operation]
    else:
        return None
    validate_parameters(dict(given), _model(service).operation_model(operation).output_shape)
    return 200, given


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)
