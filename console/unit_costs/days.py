"""A period of costs and business counts, day by day: what unit costs are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question
from console.finops.decimals import ZERO, difference, total
from console.unit_costs.allocation import COUNTS, Allocation, Charge, DayCosts, allocate
from console.unit_costs.unit_costs import Parts, per_unit


@dataclass(frozen=True)
class Counted:
    """What a cost is divided by: its name among the counts, its words, and how many of them make one unit."""

    name: str
    one: str
    many: str
    units: int = 1

    @property
    def quantity(self) -> str:
        """What a unit cost is the cost of: ``1 order``, ``1,000 events``."""
        return f"1 {self.one}" if self.units == 1 else self.one


COUNTED = (
    Counted("orders", "order", "orders"),
    Counted("sessions", "session", "sessions"),
    Counted("customers", "active customer", "active customers"),
    Counted("events", "1,000 events", "events", 1_000),
    Counted("recommendation_click", "recommendation click", "recommendation clicks"),
)


_Rows = Sequence[Mapping[str, Any]]

EXACT_DAYS = 31  # a month: the distinct customers of longer periods are estimated, or every one of every day is read
ESTIMATE_ERROR = "about ± 2 %"  # standard error; see `queries/unit_costs/customers_estimated.sql`


@dataclass(frozen=True)
class PeriodCosts:
    """A period: its costs by day, allocated, and its business counts.

    Attributes
    ----------
    days : every day of the period
    costs : day → allocated cost; a day without charges is missing, its cost is unknown, and so is one of `uncounted`
    uncounted : days with charges before the lake's first event or after its last one: nothing was counted then, which
        is not the same as nothing having happened
    counts : day → name → how many
    customers : active customers of the days with charges: each once
    margin : day → gross margin over the lines whose cost of goods is known; a day without sales is missing
    net_revenue, net_revenue_with_cost : of the period
    without_cost : charge groups without an effective cost
    other_currencies : effective cost in other billing currencies, in no figure
    """

    label: str
    period: Period
    days: Sequence[date]
    costs: Mapping[date, DayCosts]
    counts: Mapping[date, Mapping[str, int]]
    customers: int
    margin: Mapping[date, Decimal]
    net_revenue: Decimal
    net_revenue_with_cost: Decimal
    without_cost: int
    other_currencies: Mapping[str, Decimal]
    uncounted: Sequence[date] = ()

    @property
    def is_estimated(self) -> bool:
        """Whether customers are counted to two percent rather than to the last one."""
        return _is_estimated(self.period)

    @cached_property
    def parts(self) -> Parts | None:
        """The whole cost of the period, three ways; None where nothing was charged."""
        if not self.costs:
            return None
        return Parts(
            total(amount for day in self.costs.values() for amount in day.direct.values()),
            total(amount for day in self.costs.values() for amount in day.shared.values()),
            total(amount for day in self.costs.values() for amount in day.unallocated.values()),
        )

    def count(self, name: str) -> int:
        """How many there were in the period, on days that have charges: cost and count speak of the same days."""
        if name == "customers":  # distinct: the days do not add up to the period
            return self.customers
        return sum(self.counts.get(day, {}).get(name, 0) for day in self.costs)

    def unit_cost(self, counted: Counted) -> Parts | None:
        """The cost of one; None where nothing was charged, or there was none."""
        return None if self.parts is None else per_unit(self.parts, self.count(counted.name), counted.units)

    def daily(self, counted: Counted) -> list[Decimal | None]:
        """The cost of one, by day; None on a day without charges, or without any."""
        found: list[Decimal | None] = []
        for day in self.days:
            costs, count = self.costs.get(day), self.counts.get(day, {}).get(counted.name, 0)
            unit = per_unit(Parts(shared=costs.total), count, counted.units) if costs else None
            found.append(None if unit is None else unit.total)
        return found

    @cached_property
    def margin_after_cloud(self) -> list[Decimal | None]:
        """Gross margin − effective cost by day; None on a day without charges. A day without sales earns 0."""
        return [
            difference(self.margin.get(day, ZERO), self.costs[day].total) if day in self.costs else None
            for day in self.days
        ]

    @property
    def whole_margin(self) -> Decimal | None:
        """The margin after cloud of all days where it is known; None where it is on none."""
        known = [margin for margin in self.margin_after_cloud if margin is not None]
        return total(known) if known else None

    @property
    def unknown_share(self) -> Decimal | None:
        """The share of net revenue whose cost of goods is unknown, and with it its margin."""
        return 1 - self.net_revenue_with_cost / self.net_revenue if self.net_revenue > 0 else None


def counted(name: str | None) -> Counted:
    """The unit of that name; orders where it is unknown."""
    return next((unit for unit in COUNTED if unit.name == name), COUNTED[0])


def questions(period: Period, allocation: Allocation, currency: str) -> list[Question]:
    """What is asked of the lake about one period, with the charges in one billing currency."""
    days = {"start_date": period.start, "end_date": period.end}
    return [
        Question("unit_costs/charges", {**days, "tag_key": allocation.tag_key}),
        Question("sales/orders_by_day", days),
        Question("traffic/by_day", days),
        Question("unit_costs/events_by_day", days),
        Question(
            "unit_costs/customers_estimated" if _is_estimated(period) else "unit_costs/customers",
            {**days, "currency": currency},
        ),
        Question("unit_costs/margin_by_day", days),
        Question("lake/days"),
    ]


def measured(
    label: str, period: Period, results: Sequence[Result], allocation: Allocation, currency: str
) -> PeriodCosts:
    """The answers of `questions`, with the costs allocated."""
    charged, orders, traffic, events, customers, margin, event_days = (result.rows() for result in results)
    counts = _counts(orders, traffic, events, [row for row in customers if row["session_date"] is not None])
    charges = charges_of(charged, currency)
    first, last = event_days[0]["first_day"], event_days[0]["last_day"]
    counted_days = [charge for charge in charges if first is not None and first <= charge.day <= last]
    return PeriodCosts(
        label=label,
        period=period,
        days=period.dates,
        costs=allocate(counted_days, allocation, counts),
        counts=counts,
        customers=next((row["customers"] for row in customers if row["session_date"] is None), 0),
        margin={row["order_date"]: row["net_revenue_with_cost"] - row["cost"] for row in margin},
        net_revenue=total(row["net_revenue"] for row in margin),
        net_revenue_with_cost=total(row["net_revenue_with_cost"] for row in margin),
        without_cost=sum(row["without_cost"] for row in charged if row["billing_currency"] == currency),
        other_currencies=_others(charged, currency),
        uncounted=sorted({charge.day for charge in charges} - {charge.day for charge in counted_days}),
    )


def charges_of(rows: _Rows, currency: str) -> list[Charge]:
    """The charges in one billing currency among the rows of `unit_costs/charges`; none whose cost is unknown."""
    return [
        Charge(
            row["charge_date"], row["service_name"], row["usage_type"], row["sub_account_id"], row["charge_category"],
            row["tag_value"], row["effective_cost"],
        )
        for row in rows
        if row["billing_currency"] == currency
        and (row["effective_cost"] or not row["without_cost"])  # nothing is known of it: it is no cost of 0
    ]  # fmt: skip


def _is_estimated(period: Period) -> bool:
    return period.days > EXACT_DAYS


def _counts(orders: _Rows, traffic: _Rows, events: _Rows, customers: _Rows) -> dict[date, dict[str, int]]:
    counts: dict[date, dict[str, int]] = defaultdict(dict)
    for rows, day in ((orders, "order_date"), (traffic, "session_date"), (customers, "session_date")):
        for row in rows:
            counts[row[day]].update({name: row[name] for name in COUNTS if name in row})
    for row in events:
        of_day = counts[row["event_date"]]
        of_day[row["event_type"]] = row["events"]
        of_day["events"] = of_day.get("events", 0) + row["events"]
    return counts


def _others(charged: _Rows, currency: str) -> dict[str, Decimal]:
    others: dict[str, Decimal] = {}
    for row in charged:
        if row["billing_currency"] != currency:
            others[row["billing_currency"]] = total((others.get(row["billing_currency"]), row["effective_cost"]))
    return others
