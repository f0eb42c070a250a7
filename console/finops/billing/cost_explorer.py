"""AWS Cost Explorer: cost and usage by day. Fills the `SpendSource` port.

Cost Explorer groups by at most two dimensions, and a charge has five: service, usage type, account, kind of charge, and
region. So the bill is asked for in parts: one small question by month finds the accounts and kinds, then each pair is
asked for its days by service and usage type. One more question finds the region of each usage type; a usage type in
several regions has none. Every request is paid for, so a snapshot is kept in the lake once a day, and the parts are
made larger where there would be more than `MOST_CALLS`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa

from catalogue.errors import SourceError
from console.aws.paid import PaidClient
from console.finops.billing import aws_lines
from console.finops.billing.charge_rows import SCHEMA
from console.finops.billing.tags import written
from console.finops.decimals import DIGITS, STEP

NAME = "cost_explorer"
MOST_CALLS = 40  # of one snapshot, without further pages: $0.40 a day at most
MONTHS, FIRST_MONTHS = 2, 13  # the last bill is closed some days after its month; daily data reach 14 months back

SERVICE, USAGE_TYPE, ACCOUNT, KIND, REGION = "SERVICE", "USAGE_TYPE", "LINKED_ACCOUNT", "RECORD_TYPE", "REGION"
_METRICS = ("UnblendedCost", "NetUnblendedCost", "AmortizedCost", "NetAmortizedCost", "UsageQuantity")
_BILLED, _EFFECTIVE = ("NetUnblendedCost", "UnblendedCost"), ("NetAmortizedCost", "AmortizedCost")
_NOTHING = {"", "NoRegion", "NoUsageType", "NoService"}

Cut = Mapping[str, str]  # dimension or tag:KEY → value; together a part of the bill


@dataclass(frozen=True)
class Plan:
    """How the bill is asked for.

    Attributes
    ----------
    by : at most two dimensions that a day's costs are grouped by
    cut : dimensions (or ``tag:KEY``) by whose values the bill is asked for in parts
    regions : whether to ask which region a usage type belongs to
    """

    by: tuple[str, ...] = (SERVICE, USAGE_TYPE)
    cut: tuple[str, ...] = (ACCOUNT, KIND)
    regions: bool = True


@dataclass
class _Names:
    """What Cost Explorer answers beside the figures."""

    accounts: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str | None] = field(default_factory=dict)


class CostExplorer:
    """The charges of some days.

    Parameters
    ----------
    start, end : days, the last one not included
    plan : the dimensions that are kept apart; by default all that can be
    tag : key of a cost allocation tag whose values are kept apart too
    most_calls : questions a snapshot may ask; with more parts the tag and then the accounts are left out
    """

    name = NAME

    def __init__(
        self,
        client: PaidClient,
        *,
        start: date,
        end: date,
        plan: Plan | None = None,
        tag: str | None = None,
        most_calls: int = MOST_CALLS,
    ) -> None:
        if end <= start:
            raise SourceError(
                f"The period ends ({end}) before it starts ({start})", where=NAME, remedy="Ask for a day at least."
            )
        self._client = client
        self._start, self._end = start, end
        self._plan = plan or Plan()
        self._tag = tag
        self._most_calls = most_calls
        self.notes: list[str] = []

    def charges(self) -> Iterator[pa.RecordBatch]:
        """All charge rows, one batch for each part of the bill."""
        names = _Names()
        cuts = self._cuts(names)
        if self._plan.regions and USAGE_TYPE in self._plan.by:
            names.regions = self._regions()
        for cut in cuts:
            pages = self._ask("DAILY", self._plan.by, _METRICS, cut)
            rows = [row for page in pages for row in _rows(page, self._plan.by, cut, names)]
            rows.sort(key=_place)
            if rows:
                yield pa.RecordBatch.from_pylist(rows, SCHEMA)

    def _cuts(self, names: _Names) -> list[dict[str, str]]:
        """The parts of the bill, as few as `most_calls` allows."""
        wanted = list(self._plan.cut)
        if not wanted and self._tag is None:
            return [{}]
        found = self._values(wanted, names) if wanted else [()]
        cuts = [dict(zip(wanted, values, strict=True)) for values in found]
        if self._tag is not None:
            key = f"tag:{self._tag}"
            tagged = [value for (value,) in self._values([key], names)]
            both = [cut | {key: value} for cut, value in product(cuts, tagged)]
            if len(both) <= self._most_calls:
                return both
            values = len(tagged)
            self.notes.append(f"Tag {self._tag} is left out: its {values} values would take {len(both)} questions")
        if len(cuts) > self._most_calls and ACCOUNT in wanted:
            accounts = len({cut[ACCOUNT] for cut in cuts})
            self.notes.append(f"Accounts are left out: {accounts} of them would take {len(cuts)} questions")
            coarser = dict.fromkeys(tuple((k, v) for k, v in cut.items() if k != ACCOUNT) for cut in cuts)
            cuts = [dict(kept) for kept in coarser]
        return cuts

    def _values(self, dimensions: Sequence[str], names: _Names) -> list[tuple[str, ...]]:
        """The values that have any cost or usage in the period, together."""
        found: set[tuple[str, ...]] = set()
        for page in self._ask("MONTHLY", dimensions, ("UnblendedCost",), {}):
            names.accounts |= _descriptions(page)
            for keys in _keys(page):
                found.add(tuple(_key(name, value) for name, value in zip(dimensions, keys, strict=True)))
        return sorted(found)

    def _regions(self) -> dict[str, str | None]:
        """The region of each usage type; None where there are several."""
        found: dict[str, set[str]] = defaultdict(set)
        for page in self._ask("MONTHLY", (USAGE_TYPE, REGION), ("UnblendedCost",), {}):
            for usage_type, region in _keys(page):
                found[usage_type].add(region)
        return {usage_type: next(iter(regions)) if len(regions) == 1 else None for usage_type, regions in found.items()}

    def _ask(self, granularity: str, by: Sequence[str], metrics: Sequence[str], cut: Cut) -> Iterator[dict[str, Any]]:
        question: dict[str, Any] = {
            "TimePeriod": {"Start": self._start.isoformat(), "End": self._end.isoformat()},
            "Granularity": granularity,
            "Metrics": list(metrics),
            "GroupBy": [_group(name) for name in by],
        }
        if cut:
            parts = [_filter(name, value) for name, value in cut.items()]
            question["Filter"] = parts[0] if len(parts) == 1 else {"And": parts}
        return self._client.pages("get_cost_and_usage", **question)


def _keys(page: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """The keys of the groups of a page."""
    return (group["Keys"] for result in page["ResultsByTime"] for group in result.get("Groups", ()))


def _place(row: Mapping[str, Any]) -> tuple[datetime, str, str]:
    """The order of the charges of a part: by day, service and usage type."""
    return row["charge_period_start"], row["service_name"] or "", row["usage_type"] or ""


def snapshot_period(today: date, months: int) -> tuple[date, date]:
    """Days of a snapshot, half-open: `months` bills, the one of yesterday included, up to yesterday."""
    month = (today - timedelta(days=1)).replace(day=1)
    for _ in range(months - 1):
        month = (month - timedelta(days=1)).replace(day=1)
    return month, today


def months_since(last: date | None, today: date) -> int:
    """Bills to ask for: the last ones, and all since the last snapshot, so that days without one are made up for."""
    if last is None:
        return FIRST_MONTHS
    until = today - timedelta(days=1)
    passed = 12 * (until.year - last.year) + until.month - last.month
    return min(FIRST_MONTHS, MONTHS + max(0, passed))


def _rows(page: Mapping[str, Any], by: Sequence[str], cut: Cut, names: _Names) -> Iterator[dict[str, Any]]:
    """The charges of one page."""
    names.accounts |= _descriptions(page) if ACCOUNT in by else {}
    for result in page["ResultsByTime"]:
        day = date.fromisoformat(result["TimePeriod"]["Start"])
        until = date.fromisoformat(result["TimePeriod"]["End"])
        for group in result.get("Groups", ()):
            known = dict(cut) | {name: _key(name, value) for name, value in zip(by, group["Keys"], strict=True)}
            yield _row(day, until, known, group["Metrics"], bool(result.get("Estimated")), names)


def _row(
    day: date, until: date, known: Mapping[str, str], metrics: Mapping[str, Any], estimated: bool, names: _Names
) -> dict[str, Any]:
    service, usage_type, account = (_present(known.get(name)) for name in (SERVICE, USAGE_TYPE, ACCOUNT))
    kind = known.get(KIND, "Tax" if service == "Tax" else "Usage")  # Cost Explorer lists tax among the services
    line = aws_lines.line(kind)
    billed, currency = _amount(metrics, _BILLED)
    effective, _ = _amount(metrics, _EFFECTIVE)
    quantity, unit = _amount(metrics, ("UsageQuantity",)) if usage_type else (None, "")
    measured = unit not in ("", "N/A")  # quantities of several units were added up: they mean nothing
    month = day.replace(day=1)
    tags = {name.removeprefix("tag:"): value for name, value in known.items() if name.startswith("tag:") and value}
    return {
        "billed_cost": billed,
        "effective_cost": effective,
        "billing_currency": currency,
        "billing_period_start": _midnight(month),
        "billing_period_end": _midnight((month + timedelta(days=31)).replace(day=1)),
        "charge_period_start": _midnight(day),
        "charge_period_end": _midnight(until),
        "charge_category": line.category,
        "pricing_category": line.pricing if kind != "Tax" else None,
        "commitment_discount_status": line.commitment,
        "charge_description": None if kind == "Usage" else kind,
        "provider_name": aws_lines.PROVIDER,
        "service_name": service,
        "service_category": aws_lines.category(service),
        "usage_type": usage_type,
        "region_id": _present(names.regions.get(usage_type or "")),
        "sub_account_id": account,
        "sub_account_name": names.accounts.get(account or ""),
        "pricing_quantity": quantity if measured else None,
        "consumed_quantity": quantity if measured else None,
        "pricing_unit": unit if measured else None,
        "consumed_unit": unit if measured else None,
        "tags": written(tags),
        "estimated": estimated,
        "source": NAME,
    }


def _amount(metrics: Mapping[str, Any], names: Sequence[str]) -> tuple[Decimal | None, str]:
    """The first of these metrics that was answered, exact, with its unit."""
    for name in names:
        if name in metrics:
            return Decimal(metrics[name]["Amount"]).quantize(STEP, context=DIGITS), str(metrics[name].get("Unit", ""))
    return None, ""


def _group(name: str) -> dict[str, str]:
    if name.startswith("tag:"):
        return {"Type": "TAG", "Key": name.removeprefix("tag:")}
    return {"Type": "DIMENSION", "Key": name}


def _filter(name: str, value: str) -> dict[str, Any]:
    if not name.startswith("tag:"):
        return {"Dimensions": {"Key": name, "Values": [value]}}
    key = name.removeprefix("tag:")
    if value:
        return {"Tags": {"Key": key, "Values": [value]}}
    return {"Tags": {"Key": key, "MatchOptions": ["ABSENT"]}}


def _key(name: str, value: str) -> str:
    """A group's key; Cost Explorer answers tags as ``KEY$VALUE``, ``KEY$`` where there is none."""
    return value.partition("$")[2] if name.startswith("tag:") else value


def _present(value: str | None) -> str | None:
    return None if value is None or value in _NOTHING else value


def _descriptions(page: Mapping[str, Any]) -> dict[str, str]:
    """Names of accounts, which Cost Explorer answers beside the groups."""
    return {
        described["Value"]: described["Attributes"]["description"]
        for described in page.get("DimensionValueAttributes", ())
        if described.get("Attributes", {}).get("description")
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
