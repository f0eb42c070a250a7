"""CloudWatch metrics by the hour, many in one request. CloudWatch charges for each metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.savings.aws.reading import Account

MOST_QUERIES = 500  # of one request
HOUR = 3600


@dataclass(frozen=True)
class Metric:
    """One series: namespace, name, dimensions and statistic."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"


def series(namespace: str, names: Iterable[str], dimension: str, value: str) -> list[Metric]:
    """The sums of several metrics of one resource, by the dimension that names it."""
    return [Metric(namespace, name, {dimension: value}) for name in names]


@dataclass(frozen=True)
class Metrics:
    """Asks metrics of an account over its period."""

    account: Account

    def hourly(
        self, metrics: Sequence[Metric], region: str = "", *, since: datetime | None = None
    ) -> list[list[Decimal]]:
        """The values of each metric, one for every hour of the period; an hour without a value counts 0.

        Parameters
        ----------
        since : when the resource was created; the hours before are left out, for it did not idle in them
        """
        hours = self.account.period.days * 24
        found = [[Decimal(0)] * hours for _ in metrics]
        for start in range(0, len(metrics), MOST_QUERIES):
            some = metrics[start : start + MOST_QUERIES]
            for number, at, value in self._asked(some, region):
                hour = int((at - self.account.start).total_seconds()) // HOUR
                if 0 <= hour < hours:
                    found[start + number][hour] += value
        first = 0 if since is None else self.account.hours_before(since)
        return [values[first:] for values in found]

    def total(self, metrics: Sequence[Metric], region: str = "") -> list[Decimal]:
        """The sum of each metric over the period."""
        return [sum(values, Decimal(0)) for values in self.hourly(metrics, region)]

    def largest(self, metrics: Sequence[Metric], region: str = "") -> list[Decimal]:
        """The largest value of each metric over the period; 0 where it has none."""
        return [max(values, default=Decimal(0)) for values in self.hourly(metrics, region)]

    def known(self, namespace: str, name: str, dimensions: Mapping[str, str]) -> list[Metric]:
        """Metrics of that name whose dimensions include these, whatever else they have."""
        reader = self.account.reader("cloudwatch")
        wanted = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        found = reader.items("list_metrics", "Metrics", Namespace=namespace, MetricName=name, Dimensions=wanted)
        return [
            Metric(namespace, name, {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]})
            for metric in found
        ]

    def _asked(self, metrics: Sequence[Metric], region: str) -> Iterable[tuple[int, datetime, Decimal]]:
        reader = self.account.reader("cloudwatch", region)
        queries = [_query(number, metric) for number, metric in enumerate(metrics)]
        answers = reader.items(
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=queries,
            StartTime=self.account.start,
            EndTime=self.account.end,
        )
        for answer in answers:
            for at, value in zip(answer["Timestamps"], answer["Values"], strict=True):
                yield int(answer["Id"][1:]), at, Decimal(str(value))


def _query(number: int, metric: Metric) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
            },
            "Period": HOUR,
            "Stat": metric.statistic,
        },
    }
