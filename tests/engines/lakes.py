"""The lakes that every engine is asked about: a sample year in UTC, and two fortnights of edges around a clock change.

The edges are what engines tend to disagree on: instants at midnight in the reporting zone and in hours that a clock
skips or repeats, microseconds, names that look like SQL or need escaping, null in every column that may be, amounts
with as many digits as the tables hold, other currencies, lines without a cost, fractions of a cent in the bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from console.metering.compaction import compact_days
from console.metering.folder import FolderFiles
from pipeline.contract.shape import Event
from pipeline.curate import curate
from pipeline.lake import Lake, LakeSettings
from pipeline.sample.year import generate
from tests.engines.names import SAMPLE
from tests.support.given import Given, event

SAMPLE_EVENTS = 30_000
SAMPLE_END = date(2025, 12, 3)  # Black Friday is in it
FORTNIGHT = timedelta(days=14)

# Texts that are only texts. `it's` and the statement after it stand for whoever types SQL into a filter.
HOSTILE = (
    "it's",
    "'; drop table orders; --",
    'say "hi"',
    "back\\slash",
    "100%_of",
    "new\nline",
    "comma, semicolon; tab\t",
    "Ärger 日本 🛒",
    "e\u0301",
    "NULL",
    "(none)",
    ":start_date ${x} ?",
    " led and trailed ",
)


@dataclass(frozen=True)
class EngineLake:
    """A lake with a name that is a schema in Trino, a database in PostgreSQL and a database in Glue.

    Attributes
    ----------
    days : the first day with events, the day of the clock change (or a busy one), the day after the last
    """

    name: str
    lake: Lake
    days: tuple[date, date, date]

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.lake.root


def build_all(folder: Path) -> dict[str, EngineLake]:
    """The three lakes, by name."""
    return {
        SAMPLE: sample(folder / SAMPLE),
        "berlin": edges(folder / "berlin", "berlin", "Europe/Berlin", date(2025, 3, 30)),
        # half an hour, backwards, in April; its offset from UTC is no whole hour
        "lord_howe": edges(folder / "lord_howe", "lord_howe", "Australia/Lord_Howe", date(2025, 4, 6)),
    }


def sample(folder: Path) -> EngineLake:
    """The sample year, curated."""
    lake = Lake.create(folder)
    report = generate(lake, events=SAMPLE_EVENTS, end=SAMPLE_END)
    curate(lake)
    calls(lake.root, datetime(2025, 11, 28))
    return EngineLake(SAMPLE, lake, (report.start, date(2025, 11, 28), report.end))


def edges(folder: Path, name: str, zone: str, change: date) -> EngineLake:
    """A fortnight around the day on which a zone's clocks change, curated."""
    given = Given(folder, LakeSettings(reporting_time_zone=zone))
    first = change - FORTNIGHT / 2
    given.events(_traffic(ZoneInfo(zone), first)).events(_extremes(change))
    for day in range(FORTNIGHT.days):
        received = f"{first + timedelta(days=day)} 12:00"
        given.quarantine(b"{broken", b"\xff\x00'", received=received, reason="invalid_json")
    given.quarantine(b"[]", received=f"{change} 00:00", reason="invalid_json")
    given.spend(*_bill(first)).curate()
    calls(given.lake.root, datetime.combine(first, time()), hours=17)
    return EngineLake(name, given.lake, (first, change, first + FORTNIGHT))


def _traffic(zone: ZoneInfo, first: date) -> Iterator[Event]:
    """Each day the same visits, at instants around midnight and around the hours that clocks skip or repeat."""
    moments = [
        time(0),
        time(0, 0, 0, 1),
        time(1, 30),
        time(2, 15),
        time(2, 45),
        time(3),
        time(12),
        time(23, 59, 59, 999999),
    ]
    number = 0
    for day in range(FORTNIGHT.days):
        for moment in moments:
            for fold in (0, 1):  # the hour that is repeated stands twice
                at = datetime.combine(first + timedelta(days=day), moment, zone).replace(fold=fold)
                if fold and at.utcoffset() == at.replace(fold=0).utcoffset():
                    continue
                number += 1
                yield from _visit(number, at.astimezone(UTC))


def _visit(number: int, at: datetime) -> Iterator[Event]:
    """A view, a cart, often an order of two lines, some refunds, recommendations; every column is null now and then."""
    hostile = HOSTILE[number % len(HOSTILE)]
    common: dict[str, Any] = {
        "customer_id": None if number % 5 == 0 else f"c{number % 7}",
        "session_id": f"s{number // 3}",
        "channel": (None, "web", hostile)[number % 3],
        "device": (None, "phone", "desktop")[number % 3],
        "region": (None, "North", "O'Higgins", "Süd")[number % 4],
        "campaign": hostile,
    }
    product = {
        "name": hostile,
        "category": f"{('Home', 'Toys', hostile)[number % 3]}/Small",
        "brand": (None, "Acme")[number % 2],
    } | ({"unit_cost": Decimal("0.3333")} if number % 3 else {})
    lines: list[tuple[str, dict[str, Any]]] = [("product_view", {}), ("cart_add", {"quantity": 1})]
    if number % 2:
        order = {"order_id": f"o{number}", "currency": ("USD", "EUR")[number % 11 == 0]}
        lines += [("purchase", order | {"quantity": number % 4 + 1, "unit_price": Decimal("19.9999")})]
        # now and then a present: it is in no pair of products bought together
        second = Decimal("0.0000" if number % 5 == 1 else "5.0001")
        lines += [("purchase", order | {"product_id": "p0", "quantity": 1, "unit_price": second})]
        if number % 3 == 0:
            lines += [("refund", order | {"quantity": 1, "unit_price": Decimal("19.9999")})]
    recommended = {"surface": (None, "home", hostile)[number % 3], "model": hostile, "rank": 1, "request_id": "r"}
    timed = list(enumerate(lines))  # so many microseconds later
    if number % 4:
        timed += [(0, ("recommendation_impression", {"recommendation": recommended}))]
    if number % 3:
        timed += [(1, ("recommendation_click", {"recommendation": recommended}))]
    for number_in_visit, (place, (kind, fields)) in enumerate(timed):
        moment = at + timedelta(microseconds=place) if at.microsecond != 999999 else at
        stamp = moment.replace(tzinfo=None).isoformat(sep=" ")
        given = common | {"product_id": f"p{number % 6}", "product": product} | fields
        yield event(f"e{number}-{number_in_visit}", stamp, event_type=kind, **given)


def _extremes(day: date) -> Iterator[Event]:
    """The largest and the smallest amounts, and an event that came three times."""
    large = {"quantity": 1_000_000, "unit_price": Decimal("99999999999999.9999")}
    small = {"quantity": 1, "unit_price": Decimal("0.0001")}
    common = {"event_type": "purchase", "session_id": "x", "region": "North", "channel": "web", "device": "phone"}
    yield event("large", f"{day} 12:00", order_id="large", product_id="large", **common, **large)
    yield event("small", f"{day} 12:00", order_id="small", product_id="small", **common, **small)
    for _ in range(3):
        yield event("again", f"{day} 12:30", session_id="x", product_id="small")


def _bill(first: date) -> Iterator[dict[str, Any]]:
    """Charges with fractions of a cent, tags and names of all kinds, null where a provider says nothing."""
    for day in range(FORTNIGHT.days):
        start = datetime.combine(first + timedelta(days=day), time(), UTC)
        for number, cost in enumerate(("0.000000000001", "12.345678901234", "99999999999999.999999999999", "-5")):
            hostile = HOSTILE[(day + number) % len(HOSTILE)]
            component = hostile if number == 1 else "console"
            tags = {"component": component, hostile: "", "none": "x"} if number % 2 else None
            charge: dict[str, Any] = {
                **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), Decimal(cost)),
                "BillingCurrency": ("USD", "EUR")[day % 5 == 4],
                "ChargePeriodStart": start,
                "ChargePeriodEnd": start + timedelta(days=1),
                "ChargeCategory": ("Usage", "Usage", "Purchase", "Credit")[number],
                "ServiceName": ("Amazon Athena", hostile, None, "Amazon S3")[number],
                "ServiceCategory": ("Analytics", (None, "Compute")[day % 2], "Other", "Storage")[number],
                "PricingCategory": ("Standard", "Committed", None, hostile)[number],
                "SkuId": f"sku-{number}",
                "SubAccountId": (None, "1", "2")[day % 3],
                "SubAccountName": (None, "one", hostile)[day % 3],
                "RegionId": (None, "us-east-1")[number % 2],
                "ResourceId": (None, f"arn:{hostile}")[number % 2],
                "ResourceName": (None, hostile)[number % 2],
                "ProviderName": "AWS",
                "PricingQuantity": Decimal("0.000001"),
                "PricingUnit": "GB",
                "Tags": None if tags is None else _json(tags),
            }
            yield charge


def _json(tags: dict[str, str]) -> str:
    import json

    return json.dumps(tags, ensure_ascii=False)


def calls(root: Path, at: datetime, hours: int = 7) -> None:
    """Twenty of the console's own calls, so many hours apart, prices known and unknown; every other day is closed."""
    rows = [
        {
            "called_at": at + timedelta(hours=hours * number, microseconds=number),
            "viewer": ("", "anna", "o'neil")[number % 3],
            "page": ("Revenue", "Brief")[number % 2],
            "kind": ("query", "cost_explorer")[number % 4 == 3],
            "name": f"q{number % 5}",
            "engine": "Athena",
            "query_id": str(number),
            "elapsed_seconds": number / 7,
            "result_rows": number,
            "cached": number % 3 == 0,
            "bytes_scanned": None if number % 4 == 3 else number * 10**6,
            "dollars": None if number % 5 == 0 else Decimal("0.000000000001") * number,
            "dollars_saved": Decimal("0.01") if number % 3 == 0 else Decimal(0),
            "call_date": (at + timedelta(hours=hours * number, microseconds=number)).date(),
        }
        for number in range(20)
    ]
    write_table(root, "console_calls", rows)
    days = sorted({row["call_date"] for row in rows})
    files, over = FolderFiles(root / "console"), datetime.combine(days[-1] + timedelta(days=2), time(), UTC)
    compact_days(files, over, keep_days=90, held=days[::2])


def write_table(root: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Literal rows as the Parquet of one table, where a lake has the table."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    from catalogue.parquet import arrow_type, folder_name
    from catalogue.tables import TABLES

    table = TABLES[name]
    places = [root / table.zone / name / folder_name(name, row.get(table.partition or "")) for row in rows]
    for folder in sorted(set(places)):
        mine = [row for row, place in zip(rows, places, strict=True) if place == folder]
        names = [key for key in table.columns if "=" not in folder.name or key != table.partition]
        schema = pa.schema([(key, arrow_type(table.columns[key])) for key in names])
        folder.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(mine, schema), folder / "data.parquet")
