"""Signals: the metrics that say whether Takings is up, and when each is wrong. Pure data, of `signals.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from console.finops.toml_files import DecimalText, Text, WholeNumber

if TYPE_CHECKING:
    from console.tiers.tiers import Tier

OF = "of"
"""The placeholder of the resource that a signal is about."""

Severity = Literal["page", "ticket", "chart"]
Unit = Literal["count", "share", "percent", "bytes", "seconds", "milliseconds", "microseconds", "RPU-hours", "RPU"]
Need = Literal["", "warehouse", "console", "scaling", "cloudfront", "load_balancer"]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Resource(_Section, frozen=True):
    """What has metrics.

    Attributes
    ----------
    part : the stack that makes it
    purpose : last word of its name; None where it has no name of ours, or none made this way
    needs : what a tier must have for it
    timeout_seconds : of a function; 0 for anything else
    """

    title: Text
    part: Text
    purpose: str | None = None
    needs: Need = ""
    timeout_seconds: WholeNumber = 0

    def is_in(self, tier: Tier) -> bool:
        """Whether a tier has it."""
        return {
            "": True,
            "warehouse": tier.warehouse.enabled,
            "console": tier.console.hosted,
            "scaling": tier.stream.autoscaling,
            "cloudfront": tier.collector.entrance == "cloudfront",
            "load_balancer": tier.collector.entrance == "load_balancer",
        }[self.needs]


class Composite(_Section, frozen=True):
    """An alarm that pages where any of its signals is in alarm."""

    name: Text
    title: Text
    runbook: Text


class Metric(_Section, frozen=True):
    """One metric of an expression; `dimensions` come on top of the signal's."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]
    metric: Text
    statistic: Text
    dimensions: Mapping[str, str] = {}


class SignalRow(_Section, frozen=True):
    """A row of the file: the same signal of each resource in `of`.

    Attributes
    ----------
    hop : where on the way of an event it is, such as ``collector``
    chart : title of the chart that draws it; signals with the same one share it
    metric, statistic : of one metric; or `expression` of several `metrics`
    threshold, times : the threshold is their product; `times` names a number of the resource or of the tier
    datapoints : (periods beyond the threshold, of so many)
    """

    name: Text
    hop: Text
    chart: Text
    of: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    namespace: Text
    dimensions: Mapping[str, str]
    unit: Unit
    period_seconds: Annotated[int, msgspec.Meta(ge=60)]
    meaning: Text
    metric: str = ""
    statistic: str = ""
    expression: str = ""
    metrics: tuple[Metric, ...] = ()
    region: str = ""
    severity: Severity = "chart"
    composite: str = ""
    tiers: tuple[str, ...] = ()
    threshold: DecimalText | None = None
    times: str = ""
    comparison: Literal[">", ">=", "<"] | None = None
    datapoints: tuple[int, int] | None = None
    missing: Literal["not_breaching", "breaching", "ignore"] | None = None
    runbook: str = ""


@dataclass(frozen=True)
class Signal:
    """One signal of one resource.

    Attributes
    ----------
    name : unique, such as ``live-errors``
    of : the resource's name in the table
    row : what is the same for its sisters
    """

    name: str
    of: str
    resource: Resource
    row: SignalRow

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Its metrics; an alarm is charged for each."""
        row = self.row
        return row.metrics or (Metric("value", row.metric, row.statistic),)

    def dimensions(self, metric: Metric, names: Mapping[str, str]) -> dict[str, str]:
        """The dimensions of a metric, with the names of the resources, by their names in the table, filled in."""
        filled = {**names, OF: names[self.of]}
        return {key: value.format_map(filled) for key, value in {**self.row.dimensions, **metric.dimensions}.items()}

    def resources(self) -> set[str]:
        """The resources whose names the dimensions hold."""
        texts = [*self.row.dimensions.values(), *(text for m in self.metrics for text in m.dimensions.values())]
        named = {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}
        return named - {OF} | {self.of}

    def threshold(self, tier: Tier) -> Decimal:
        """The value from which on it is wrong, in its unit. Raises ValueError for a signal that is only drawn."""
        if self.row.threshold is None:
            raise ValueError(f"{self.name} has no threshold")
        return self.row.threshold * self._factor(tier)

    def _factor(self, tier: Tier) -> Decimal:
        place = self.row.times
        if not place:
            return Decimal(1)
        found: object = self.resource if hasattr(self.resource, place) else tier
        for name in place.split("."):
            found = getattr(found, name)
        return Decimal(str(found))

    def is_in(self, tier: Tier) -> bool:
        """Whether a tier has its resource."""
        return self.resource.is_in(tier)

    def has_alarm(self, tier: Tier) -> bool:
        """Whether it has an alarm in a tier."""
        row = self.row
        return row.severity != "chart" and self.is_in(tier) and (not row.tiers or tier.name in row.tiers)


@dataclass(frozen=True)
class SignalTable:
    """The whole table.

    Attributes
    ----------
    sources : where each namespace is documented
    """

    sources: Mapping[str, str]
    resources: Mapping[str, Resource]
    composites: tuple[Composite, ...]
    signals: tuple[Signal, ...]

    def drawn(self, tier: Tier) -> Iterator[Signal]:
        """The signals of a tier."""
        return (signal for signal in self.signals if signal.is_in(tier))

    def alarms(self, tier: Tier) -> Iterator[Signal]:
        """The signals that have an alarm in a tier."""
        return (signal for signal in self.signals if signal.has_alarm(tier))

    def members(self, composite: Composite, tier: Tier) -> list[Signal]:
        """The signals whose alarms make up a composite alarm in a tier."""
        return [signal for signal in self.alarms(tier) if signal.row.composite == composite.name]

    def source(self, signal: Signal) -> str:
        """Where the metric is documented."""
        return self.sources[signal.row.namespace]

    def alarm_metrics(self, tier: Tier) -> int:
        """The metrics that the alarms of a tier compare, which is what they are charged by."""
        return sum(len(signal.metrics) for signal in self.alarms(tier))
