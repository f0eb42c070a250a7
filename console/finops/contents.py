"""The days of the cloud bill in the lake, and the values it can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from console.asking.engines import Result
from console.asking.scope import Question, Scope


@dataclass(frozen=True)
class Contents:
    """The days, values and currencies of the bill.

    Attributes
    ----------
    first_day, last_day : first and last day with a charge; None without any
    last_used_day : last day with usage: fees may be dated ahead; None without any
    today : in the lake's reporting time zone
    values : slice → its values in the order of the alphabet: service, account, cloud_region, charge
    names : account → its name, where it has one
    currencies : billing currencies, the one with most charges first
    tag_keys : keys of tags
    """

    first_day: date | None
    last_day: date | None
    today: date
    values: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    currencies: tuple[str, ...]
    tag_keys: tuple[str, ...]
    results: Sequence[Result] = ()
    last_used_day: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no charge at all."""
        return self.first_day is None

    @property
    def last_complete_day(self) -> date | None:
        """The last day that is over and was used, or charged where there is no usage: presets end with it."""
        if self.first_day is None or self.last_day is None:
            return None
        return max(min(self.last_used_day or self.last_day, self.today - timedelta(days=1)), self.first_day)

    def currency(self, asked: str | None, preferred: str) -> str:
        """The currency to show: the one asked for, else the preferred one, else the most frequent; only what occurs."""
        for wanted in (asked, preferred):
            if wanted in self.currencies:
                return wanted
        return self.currencies[0] if self.currencies else preferred


QUESTIONS = (Question("spend/days"), Question("spend/slices"))
SLICES = ("service", "account", "cloud_region", "charge")


def contents(scope: Scope) -> Contents:
    """The days and values of the bill; every viewer sees all of it."""
    days, slices = scope.ask_all(QUESTIONS)
    row, found = days.rows()[0], slices.rows()
    values = {name: tuple(one["value"] for one in found if one["slice"] == name) for name in (*SLICES, "tag")}
    currencies = sorted((-one["charges"], one["value"]) for one in found if one["slice"] == "currency")
    return Contents(
        first_day=row["first_day"],
        last_day=row["last_day"],
        today=scope.today,
        values={name: values[name] for name in SLICES},
        names={one["value"]: one["label"] for one in found if one["label"] is not None},
        currencies=tuple(currency for _, currency in currencies),
        tag_keys=values["tag"],
        results=(days, slices),
        last_used_day=row["last_used_day"],
    )
