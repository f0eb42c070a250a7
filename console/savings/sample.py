"""The sample shop's resources, derived from the sample's bill. They are made up, and every page says so.

Their use is what the bill charges: shards, requests, bytes, DPU-hours. What a bill does not say, such as the memory
of a run or which queries name no date, is a constant below.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from console.asking.engines.prices import TERABYTE
from console.asking.periods import Period
from console.savings import facts
from console.savings.inventory import Inventory, Read, Unread

DAYS = 28
REGION = "us-east-1"
ORIGIN = "the sample shop's account"
ACCOUNT = "210000000017"

EVENT_BYTES = 465  # a raw line of the sample, on average
_REGION_CODE = "USE1-"  # before the usage types of some services
CONSUMERS = 2  # of the stream: history and live
HOURLY_SHARE = (2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 8, 7, 5, 3)  # of a day, in percent
MEMORY = 512  # MB of every function
MEMORY_USED = {"collector": 131, "live": 297, "recommend": 402}  # MB of the largest run
FUNCTION_SHARE = {"collector": Decimal("0.55"), "live": Decimal("0.37"), "recommend": Decimal("0.08")}  # of GB-seconds
SECONDS_A_RUN = {"collector": Decimal("0.030"), "live": Decimal("0.200"), "recommend": Decimal("0.020")}
WAREHOUSE_BASE, WAREHOUSE_LIMIT = 8, Decimal(150)  # RPU; RPU-hours a month
WOKEN_SHARE = Decimal("0.15")  # of RPU-hours: a dashboard that refreshes at night
WHOLE_SCAN_SHARE = Decimal("0.4")  # of bytes scanned: queries that name no date
FILES_A_DAY = 12  # of a partition: the curation appends every two hours
CRAWLER_RUNS_A_DAY, CRAWLER_CHANGED = 2, 3  # changed: of all runs in the period
WRITES_BY_NIGHT = 60_000  # recommendations, all written again at three


def inventory(bill: facts.BilledUsage) -> Inventory:
    """The resources that fit this bill; their use is measured over the bill's last four weeks."""
    usage = _Usage(bill)
    period = Period(bill.last_day - timedelta(days=DAYS - 1), bill.last_day + timedelta(days=1))
    stored = usage.stored(bill.last_day)
    curated = stored / 2  # raw and curated take the same
    days_kept = (bill.last_day - bill.first_day).days + 1
    tables = _tables(curated, days_kept)
    return Inventory(
        taken_at=datetime.combine(period.end, time(), UTC),
        period=period,
        region=REGION,
        origin=ORIGIN,
        is_sample=True,
        streams=Read((_stream(usage, period),)),
        warehouses=Read((_warehouse(usage, period),)),
        queries=Read(_queries(usage, period, tables[0])),
        stored_tables=Read(tables),
        buckets=Read((_bucket(usage, bill, stored, curated),)),
        log_groups=Read((_log_group(usage, bill, period),)),
        functions=Read(_functions(usage, period)),
        nat_gateways=Read((_nat_gateway(usage, period),)),
        web_acls=Read((_web_acl(usage, period),)),
        crawlers=Read((_crawler(usage, period),)),
        capacity_tables=Read((_capacity_table(usage, period),)),
        recommendations=Read(
            missing=(
                Unread(
                    "Cost Optimization Hub and Compute Optimizer",
                    "the sample shop's account is not enrolled",
                    "On your own account: enrol in the billing console; both are free.",
                ),
            )
        ),
    )


class _Usage:
    """Quantities by usage type and day."""

    def __init__(self, bill: facts.BilledUsage) -> None:
        self._by_day: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for row in bill.rows:
            days = self._by_day[row["usage_type"].removeprefix(_REGION_CODE)]
            days[row["charge_date"]] = days.get(row["charge_date"], Decimal(0)) + (row["quantity"] or 0)

    def on(self, usage_type: str, day: date) -> Decimal:
        return self._by_day[usage_type].get(day, Decimal(0))

    def over(self, usage_type: str, period: Period) -> Decimal:
        return sum(
            (amount for day, amount in self._by_day[usage_type].items() if period.start <= day < period.end), Decimal(0)
        )

    def stored(self, day: date) -> Decimal:
        """Bytes in S3, from the day's share of the month's GB-months on the bill."""
        month = day.replace(day=1)
        days = ((month + timedelta(days=31)).replace(day=1) - month).days
        return self.on("TimedStorage-ByteHrs", day) * days * 10**9


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _stream(usage: _Usage, period: Period) -> facts.Stream:
    hours = []
    for day in period.dates:
        events = usage.on("PutRequestPayloadUnits", day)
        for share in HOURLY_SHARE:
            records = int(events * share / 100)
            hours.append(facts.StreamHour(records * EVENT_BYTES, records, records * EVENT_BYTES * CONSUMERS))
    shards = int(usage.on("Storage-ShardHour", period.last_day) / 24)
    return facts.Stream("events", _arn("kinesis", "stream/events"), False, shards, tuple(hours))


def _warehouse(usage: _Usage, period: Period) -> facts.Warehouse:
    """Eight hours of the working day have queries; one hour of the night is billed without a query."""
    hours = []
    for day in period.dates:
        seconds = usage.on("ServerlessUsage", day) * 3600
        for hour in range(24):
            if hour == 3:
                hours.append(facts.WarehouseHour(seconds * WOKEN_SHARE, 0, Decimal(0)))
            elif 9 <= hour < 17:
                billed = seconds * (1 - WOKEN_SHARE) / 8
                hours.append(facts.WarehouseHour(billed, 6, billed / WAREHOUSE_BASE / 2))
            else:
                hours.append(facts.WarehouseHour(Decimal(0), 0, Decimal(0)))
    resource = _arn("redshift-serverless", "workgroup/warehouse")
    return facts.Warehouse("warehouse", resource, WAREHOUSE_BASE, 64, WAREHOUSE_LIMIT, tuple(hours))


def _tables(curated: Decimal, days: int) -> tuple[facts.StoredTable, ...]:
    def table(name: str, share: Decimal) -> facts.StoredTable:
        size = int(curated * share)
        resource = _arn("glue", f"table/takings/{name}")
        return facts.StoredTable(name, resource, "event_date", days, days * FILES_A_DAY, size, days, True, True)

    return table("events", Decimal("0.9")), table("order_lines", Decimal("0.1"))


def _queries(usage: _Usage, period: Period, events: facts.StoredTable) -> tuple[facts.AthenaQuery, ...]:
    """Queries on the events, with a date and without."""
    scanned = usage.over("DataScannedInTB", period) * TERABYTE
    whole = events.bytes or 1
    dated = max(int(whole * Decimal(DAYS) / events.partitions), 1)
    counts = {
        False: int(scanned * WHOLE_SCAN_SHARE / whole),
        True: min(int(scanned * (1 - WHOLE_SCAN_SHARE) / dated), 5_000),
    }
    return tuple(
        facts.AthenaQuery(
            f"sample-{'dated' if has_date else 'whole'}-{number}", "console", size, (events.name,), unrestricted
        )
        for has_date, size, unrestricted in ((False, whole, (events.name,)), (True, dated, ()))
        for number in range(counts[has_date])
    )


def _bucket(usage: _Usage, bill: facts.BilledUsage, stored: Decimal, curated: Decimal) -> facts.Bucket:
    """Curated files of more than 30 days ago could move to another class; raw ones are too small."""
    before = usage.stored(max(bill.last_day - timedelta(days=30), bill.first_day))
    cold = curated * (before / stored if stored else Decimal(0))
    return facts.Bucket(
        name="lake",
        resource="arn:aws:s3:::lake",
        standard_bytes=int(stored),
        cold_bytes=int(cold),
        cold_objects=((bill.last_day - bill.first_day).days - 30) * FILES_A_DAY,
        noncurrent_bytes=0,
        has_transition=False,
        has_noncurrent_expiration=False,
        aborts_uploads=True,
        incomplete_uploads=0,
        incomplete_bytes=0,
    )


def _log_group(usage: _Usage, bill: facts.BilledUsage, period: Period) -> facts.LogGroup:
    whole = usage.over("DataProcessing-Bytes", Period(bill.first_day, period.end)) * 10**9
    created = datetime.combine(bill.first_day, time(), UTC)
    return facts.LogGroup("/takings/all", _arn("logs", "log-group:/takings/all"), None, int(whole), created)


def _functions(usage: _Usage, period: Period) -> tuple[facts.Function, ...]:
    found = []
    billed = usage.over("Lambda-GB-Second-ARM", period)
    for name, seconds_a_run in SECONDS_A_RUN.items():
        duration = billed * FUNCTION_SHARE[name] * 1024 / MEMORY
        runs = int(duration / seconds_a_run)
        resource = _arn("lambda", f"function:{name}")
        found.append(facts.Function(name, resource, "arm64", MEMORY, MEMORY_USED[name], runs, duration))
    return tuple(found)


def _nat_gateway(usage: _Usage, period: Period) -> facts.NatGateway:
    processed = int(usage.over("NatGateway-Bytes", period) * 10**9)
    return facts.NatGateway("nat-main", _arn("ec2", "natgateway/nat-main"), processed, period.days * 24, 1, (), None)


def _web_acl(usage: _Usage, period: Period) -> facts.WebAcl:
    requests = int(usage.over("RequestV2-Tier1", period))
    return facts.WebAcl("collector", _arn("wafv2", "global/webacl/collector"), 5, requests, 1)


def _crawler(usage: _Usage, period: Period) -> facts.Crawler:
    hours, runs = usage.over("Crawler-DPU-Hour", period), CRAWLER_RUNS_A_DAY * period.days
    unchanged = hours * (runs - CRAWLER_CHANGED) / runs
    schedule = "cron(0 0/12 * * ? *)"
    return facts.Crawler("raw", _arn("glue", "crawler/raw"), schedule, runs, CRAWLER_CHANGED, hours, unchanged)


def _capacity_table(usage: _Usage, period: Period) -> facts.CapacityTable:
    hours = []
    for day in period.dates:
        reads, writes = usage.on("ReadRequestUnits", day), usage.on("WriteRequestUnits", day)
        by_day = max(writes - WRITES_BY_NIGHT, Decimal(0))
        for hour, share in enumerate(HOURLY_SHARE):
            nightly = min(writes, Decimal(WRITES_BY_NIGHT)) if hour == 3 else Decimal(0)
            hours.append(facts.CapacityHour(reads * share / 100, by_day * share / 100 + nightly))
    resource = _arn("dynamodb", "table/recommendations")
    return facts.CapacityTable("recommendations", resource, True, 0, 0, tuple(hours))
