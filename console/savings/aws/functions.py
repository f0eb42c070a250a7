"""Lambda functions: how long they ran, and the memory of their largest run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from catalogue.errors import SourceError
from console.aws.failures import error_code
from console.savings.aws.charges import UNFINISHED
from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Collected, ServiceReader
from console.savings.facts import Function
from console.savings.inventory import Read

REPORT_DAYS = 7  # of report lines read where Lambda Insights is off: Logs Insights charges by the GB
MOST_WAITS = 30
_REPORTS = 'filter @type = "REPORT" | stats max(@maxMemoryUsed / 1000 / 1000) as used'


def read(account: Account, metrics: Metrics, *, pause: Callable[[float], None] = time.sleep) -> Read[Function]:
    """All functions of the region."""
    listed = list(account.reader("lambda").items("list_functions", "Functions"))
    names = [function["FunctionName"] for function in listed]
    runs = metrics.total([Metric("AWS/Lambda", "Invocations", {"FunctionName": name}) for name in names])
    lasted = metrics.total([Metric("AWS/Lambda", "Duration", {"FunctionName": name}) for name in names])
    insights = metrics.largest(
        [Metric("LambdaInsights", "used_memory_max", {"function_name": name}, "Maximum") for name in names]
    )
    logs = account.reader("logs")
    found: Collected[Function] = Collected()
    for function, name, invocations, milliseconds, largest in zip(listed, names, runs, lasted, insights, strict=True):
        used = int(largest) or None
        if used is None and invocations:
            with found.part(f"memory used by {name}"):
                used = _reported(account, logs, function, pause)
        found.items.append(
            Function(
                name=name,
                resource=function["FunctionArn"],
                architecture=(function.get("Architectures") or ["x86_64"])[0],
                memory=int(function["MemorySize"]),
                max_memory_used=used,
                invocations=int(invocations),
                duration=milliseconds / 1000,
            )
        )
    return found.read()


def _reported(
    account: Account, logs: ServiceReader, function: dict[str, object], pause: Callable[[float], None]
) -> int | None:
    """Memory (MB) of the largest run that the function's log reports; None where it reports none."""
    config = function.get("LoggingConfig")
    group = config.get("LogGroup") if isinstance(config, dict) else None
    try:
        query = logs.call(
            "start_query",
            logGroupName=group or f"/aws/lambda/{function['FunctionName']}",
            startTime=int((account.end - timedelta(days=REPORT_DAYS)).timestamp()),
            endTime=int(account.end.timestamp()),
            queryString=_REPORTS,
        )
    except SourceError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    for _ in range(MOST_WAITS):
        answer = logs.call("get_query_results", queryId=query["queryId"])
        if answer["status"] not in UNFINISHED:
            break
        pause(1.0)
    else:
        logs.unknown("start_query")  # it goes on, and is paid for
    rows = [{field["field"]: field["value"] for field in row} for row in answer.get("results", ())]
    used = rows[0].get("used") if rows else None
    return int(Decimal(used)) if used else None
