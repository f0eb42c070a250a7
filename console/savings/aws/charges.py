"""What the requests of an inventory cost: each answered request is metered, with who asked.

Prices are those of the price book, given by its keys. A request that is neither priced here nor known to be free has an
unknown cost, not 0. Sources: the pricing pages of CloudWatch, S3 and Glue; the others' name no price of reading what
there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.metering import Asker, Call, Meter, NoMeter

GIBIBYTE = 2**30  # what CloudWatch Logs bills as a gigabyte
UNFINISHED = ("Scheduled", "Running")  # of a query in CloudWatch Logs

_LISTING, _READING = "s3.put_request", "s3.get_request"
PRICES: Mapping[str, str] = {
    "cloudwatch:GetMetricData": "cloudwatch.metric_request",
    "cloudwatch:ListMetrics": "cloudwatch.api_request",
    "glue:GetTables": "glue.catalogue_request",
    "logs:GetQueryResults": "cloudwatch.logs_insights_gigabyte",  # the query is paid for, by what it scanned
    "logs:StartQuery": "cloudwatch.logs_insights_gigabyte",
    "s3:GetBucketLifecycleConfiguration": _READING,
    "s3:GetBucketVersioning": _READING,
    "s3:ListMultipartUploads": _LISTING,
    "s3:ListObjectVersions": _LISTING,
    "s3:ListObjectsV2": _LISTING,
    "s3:ListParts": _LISTING,
}
"""Key in the price book by service and operation, as botocore names them."""

FREE = frozenset(
    {
        "athena",
        "cloudfront",
        "compute-optimizer",
        "cost-optimization-hub",
        "dynamodb",
        "ec2",
        "kinesis",
        "lambda",
        "redshift-serverless",
        "wafv2",
    }
)
"""Services whose operations here cost nothing."""
FREE_OPERATIONS = frozenset({"glue:GetCrawlers", "glue:ListCrawls", "logs:DescribeLogGroups"})


@dataclass(frozen=True)
class RequestCharges:
    """Meters the requests of an inventory.

    Attributes
    ----------
    prices : dollars by key of the price book; a price that is not there is unknown
    asker : who is shown what is read
    """

    meter: Meter = field(default_factory=NoMeter)
    prices: Mapping[str, Decimal | None] = field(default_factory=dict)
    asker: Asker = field(default_factory=Asker)

    def answered(
        self, model: Any, operation: str, given: Mapping[str, Any], answer: Mapping[str, Any], at: datetime, took: float
    ) -> None:
        """Meter one request that was answered: botocore's model of the service, what was asked and answered, and when.

        `took` is how many seconds it took.
        """
        name = f"{model.service_name}:{operation}"
        scanned: int | None = None
        if name == "logs:StartQuery" or (name == "logs:GetQueryResults" and answer["status"] in UNFINISHED):
            return  # paid for when it is known what it scanned
        quantity: Decimal | None = Decimal(1)
        if name == "cloudwatch:GetMetricData":
            quantity = Decimal(len(given["MetricDataQueries"]))
        elif name == "logs:GetQueryResults":
            read = answer.get("statistics", {}).get("bytesScanned")
            scanned = None if read is None else int(read)
            quantity = None if scanned is None else Decimal(scanned) / GIBIBYTE
        self._record(
            model,
            operation,
            at,
            query_id=str(answer.get("ResponseMetadata", {}).get("RequestId", "")),
            elapsed_seconds=took,
            rows=_rows(answer),
            bytes_scanned=scanned,
            dollars=self._dollars(name, quantity),
        )

    def unknown(self, model: Any, operation: str, at: datetime) -> None:
        """Meter one request whose cost is unknown and stays so."""
        self._record(model, operation, at, query_id="", elapsed_seconds=0.0, rows=0, bytes_scanned=None, dollars=None)

    def _dollars(self, name: str, quantity: Decimal | None) -> Decimal | None:
        if name in FREE_OPERATIONS or name.partition(":")[0] in FREE:
            return Decimal(0)
        price = self.prices.get(PRICES.get(name, ""))
        return None if price is None or quantity is None else price * quantity

    def _record(self, model: Any, operation: str, at: datetime, **measured: Any) -> None:
        """Meter one request; `measured` are the other fields of its `Call`."""
        self.meter.record(
            Call(
                called_at=at,
                viewer=self.asker.viewer,
                page=self.asker.page,
                kind="cloudwatch" if model.service_name in ("cloudwatch", "logs") else "inventory",
                name=operation,
                engine=str(model.metadata["serviceId"]),
                cached=False,
                dollars_saved=Decimal(0),
                **measured,
            )
        )


def _rows(answer: Mapping[str, Any]) -> int:
    """What an answer holds: values of metrics, else the members of its first list."""
    if "MetricDataResults" in answer:
        return sum(len(result["Values"]) for result in answer["MetricDataResults"])
    return next((len(value) for value in answer.values() if isinstance(value, list)), 0)
