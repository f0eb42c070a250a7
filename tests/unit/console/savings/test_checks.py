"""Every check of savings on literal facts: both sides of its threshold, its dollars by hand, and an unknown price.

Prices are those of `tests.support.saving_facts`: round, and the list prices of us-east-1. A month has 730 hours; the
facts are measured over 14 days, so that 336 hours make a month × 730 ÷ 336.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.finops.pricing import price_book
from console.finops.pricing.price_book import PriceBook
from console.savings.checks import (
    CHECKS,
    crawlers,
    files,
    firewall,
    functions,
    logs,
    network,
    queries,
    recommended,
    run,
    storage,
    streams,
    tables,
    warehouse,
)
from console.savings.findings import Checked, Effort, Finding, Risk
from console.savings.inventory import Inventory, Read, Unread
from tests.support.saving_facts import (
    HOURS,
    NOW,
    PRICES,
    bucket,
    capacity,
    crawler,
    function,
    gateway,
    inventory,
    log_group,
    only,
    query,
    recommendation,
    stream,
    table,
    web_acl,
    without,
)
from tests.support.saving_facts import warehouse as workgroup

D = Decimal
MONTH = D(730) / HOURS  # what was measured over 14 days, for a month
BILLED = D(10**12) / 2**40  # 10^12 bytes in terabytes as Athena bills them
DAY = timedelta(days=1)

Check = Callable[[Inventory, PriceBook], Checked]


def found(check: Check, prices: Any = PRICES, **facts: Any) -> tuple[Finding, ...]:
    return check(inventory(**facts), prices).findings


# Kinesis

ONE_SHARD = 1_200_000_000  # bytes in an hour: 333 kB/s, at three times that 1 MB/s


def test_a_stream_whose_busiest_hour_fits_one_shard_gives_up_the_second() -> None:
    saving = only(found(streams.check, streams=[stream(ONE_SHARD, 1_000_000)]))
    assert saving.key == "streams.shards/arn:aws:kinesis:us-east-1:1:stream/events"
    assert saving.monthly == D("10.95")  # 1 × 730 × 0.015
    assert (saving.effort, saving.risk) == (Effort.LOW, Risk.MEDIUM)
    assert "update-shard-count --stream-name events --target-shard-count 1" in saving.steps[0]
    assert "--target-shard-count 2" in saving.undo[0]
    assert ("Busiest hour", "1.20\u202fGB in, 333\u202fkB a second") in saving.evidence
    assert "17 – 30 Mar 2026, 336 hours" in dict(saving.evidence).values()


@pytest.mark.parametrize(
    "hour",
    [
        pytest.param((ONE_SHARD + 1, 1, 0), id="a byte more in"),
        pytest.param((1, 1_200_001, 0), id="a record more in"),
        pytest.param((1, 1, 2 * ONE_SHARD + 1), id="a byte more out"),
    ],
)
def test_a_stream_just_above_one_shard_keeps_its_second(hour: tuple[int, int, int]) -> None:
    assert streams.shards_needed(stream(*hour).hours) == 2
    assert found(streams.check, streams=[stream(*hour)]) == ()


def test_a_stream_that_carried_nothing_is_idle_whatever_its_mode() -> None:
    provisioned = only(found(streams.check, streams=[stream(0, 0)]))
    assert (provisioned.title, provisioned.monthly) == ("Stream events carried nothing", D("21.90"))  # 2 × 730 × 0.015
    assert provisioned.risk is Risk.HIGH
    on_demand = only(found(streams.check, streams=[stream(0, 0, is_on_demand=True)]))
    assert on_demand.monthly == D("29.20")  # 730 × 0.04
    assert "StreamMode=ON_DEMAND" in on_demand.undo[0]


def test_a_stream_is_not_judged_before_a_week_of_hours() -> None:
    assert found(streams.check, streams=[stream(0, 0, hours=167)]) == ()
    assert len(found(streams.check, streams=[stream(0, 0, hours=168)])) == 1


def test_a_small_stream_on_demand_is_cheaper_provisioned_and_a_large_one_is_not() -> None:
    # 1 MB an hour in records of 1 kB: on demand 29.20 + 0.73 GB × 0.08 = 29.2584; one shard 10.95 + 0.73 M units
    saving = only(found(streams.check, streams=[stream(1_000_000, 1_000, is_on_demand=True)]))
    assert saving.monthly == D("29.2584") - (D("10.95") + D(730_000) * D("0.000000014"))
    assert saving.title == "Stream events is cheaper provisioned with 1 shard"
    assert "StreamMode=PROVISIONED" in saving.steps[0]
    assert "StreamMode=ON_DEMAND" in saving.undo[0]


def test_a_provisioned_stream_with_rare_peaks_is_cheaper_on_demand() -> None:
    """The peak needs four shards, 43.80 a month; on demand the little that passes costs 29.20 and cents."""
    busy = stream(4 * ONE_SHARD, 1_000_000, hours=1)
    quiet = stream(1_000_000, 1_000, hours=HOURS - 1)
    peaky = stream(0, shards=4, hours=1).__class__(
        "events", "arn:aws:kinesis:us-east-1:1:stream/events", False, 4, (*busy.hours, *quiet.hours)
    )
    saving = only(found(streams.check, streams=[peaky]))
    units = D(1_000_000 + 1_000 * (HOURS - 1)) * MONTH
    gigabytes = D(1_000_000 * 5_000 + 1_000_000 * (HOURS - 1)) * MONTH / 10**9  # 4,800 bytes are billed as 5 kB
    provisioned = D("43.80") + units * D("0.000000014")
    assert saving.key.startswith("streams.mode/")
    assert saving.monthly == pytest.approx(provisioned - (D("29.20") + gigabytes * D("0.08")))
    assert "StreamMode=ON_DEMAND" in saving.steps[0]


def test_unneeded_shards_of_unknown_price_are_an_unknown_saving() -> None:
    saving = only(found(streams.check, without("kinesis.shard_hour"), streams=[stream(ONE_SHARD)]))
    assert saving.monthly is None
    assert saving.unknown_because == "no price for kinesis.shard_hour in us-east-1"


def test_without_the_price_of_a_mode_no_mode_is_called_cheaper() -> None:
    facts = [stream(1_000_000, 1_000, is_on_demand=True)]
    assert found(streams.check, without("kinesis.on_demand_gigabyte_in"), streams=facts) == ()


# Redshift


def test_compute_billed_in_hours_without_a_query_is_idle() -> None:
    # every fourth hour 1,800 RPU-seconds and no query: 84 × 0.5 RPU-hours in 14 days
    facts = [workgroup(("1800", 0, "0"), ("0", 0, "0"), ("3600", 5, "450"), ("0", 0, "0"))]
    saving = only(found(warehouse.check, warehouses=facts))
    assert saving.key.startswith("warehouse.idle/")
    assert saving.monthly == pytest.approx(D(42) * MONTH * D("0.375"))
    assert ("Share of billed RPU", "33\u202f%") in saving.evidence


def test_compute_billed_only_while_asked_is_not_idle() -> None:
    assert found(warehouse.check, warehouses=[workgroup(("3600", 1, "450"), ("0", 0, "0"))]) == ()


def test_a_large_base_that_mostly_waits_is_too_large_and_one_that_works_is_not() -> None:
    # 32 RPU, an hour bills 1,920 RPU-seconds (60 s); the query ran 14 s (23 %) or 15 s (25 %)
    waits = only(found(warehouse.check, warehouses=[workgroup(("1920", 1, "14"), base_capacity=32)]))
    use = D(14) * 32 / 1920
    assert waits.monthly == pytest.approx(D(1920) * HOURS * (1 - use) * MONTH / 3600 * D("0.75") * D("0.375"))
    assert "--base-capacity 8" in waits.steps[0]
    assert "--base-capacity 32" in waits.undo[0]
    assert found(warehouse.check, warehouses=[workgroup(("1920", 1, "15"), base_capacity=32)]) == ()
    assert found(warehouse.check, warehouses=[workgroup(("1920", 1, "1"), base_capacity=8)]) == ()


def test_a_workgroup_without_a_limit_says_its_risk_and_an_unknown_saving() -> None:
    saving = only(found(warehouse.check, warehouses=[workgroup(("3600", 1, "450"), rpu_hour_limit=None)]))
    assert saving.monthly is None
    assert "only when use runs out of control" in saving.unknown_because
    assert ("Nothing stops it before", "64 RPU × 730 h, $17,520.00 a month") in saving.evidence


def test_idle_compute_of_unknown_price_is_unknown() -> None:
    facts = [workgroup(("1800", 0, "0"), ("3600", 5, "450"))]
    assert only(found(warehouse.check, without("redshift.rpu_hour"), warehouses=facts)).monthly is None


# Athena


def test_queries_without_a_date_would_read_a_month_instead_of_everything() -> None:
    # 1 TB of 310 days: 31 of them are a tenth, so 0.9 TB is spared twice in 14 days
    whole = [query(10**12), query(10**12, query_id="q2")]
    saving = only(found(queries.check, queries=[*whole, query(10**11, True)], stored_tables=[table()]))
    assert saving.key == "queries.predicate/arn:aws:glue:us-east-1:1:table/lake/events"
    assert saving.monthly == pytest.approx(D("1.8") * BILLED * MONTH * 5)
    evidence = dict(saving.evidence)
    assert evidence["Queries"] == "2 of 3 on this table have no condition on event_date"
    assert evidence["Scanned by them"] == "2.00\u202fTB"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"queries": [query(10**12, True)], "stored_tables": [table()]}, "it names a date"),
        ({"queries": [query(10**12, None)], "stored_tables": [table()]}, "it could not be understood"),
        ({"queries": [query(10**12)], "stored_tables": [table(partitions=31)]}, "there is no more than a month"),
        ({"queries": [query(10**12, tables=("orders",))], "stored_tables": [table()]}, "it reads another table"),
        ({"queries": [query(9_000_000)] * 9999, "stored_tables": [table()]}, "10 MB are billed in any case"),
    ],
)
def test_queries_that_spare_nothing_are_left_alone(facts: Any, why: str) -> None:
    assert found(queries.check, **facts) == (), why


def test_a_query_is_billed_for_ten_megabytes_at_least_unless_it_read_nothing() -> None:
    assert [queries.billed(size) for size in (0, 1, 10_000_000, 10_000_001)] == [0, 10_000_000, 10_000_000, 10_000_001]


def test_a_large_table_without_partitions_is_named_with_what_it_costs_at_most() -> None:
    facts: Any = {"queries": [query(10**12)], "stored_tables": [table(partition="", partitions=0, bytes=10**9)]}
    saving = only(found(queries.check, **facts))
    assert (saving.key.partition("/")[0], saving.monthly) == ("queries.partition", None)
    assert "depends on the queries" in saving.unknown_because
    assert f"${5 * BILLED * MONTH:,.2f} a month" in dict(saving.evidence).values()
    facts["stored_tables"] = [table(partition="", partitions=0, bytes=10**9 - 1)]
    assert found(queries.check, **facts) == ()


def test_uncompressed_text_is_spared_by_what_a_sample_of_it_compresses_to() -> None:
    raw = table(name="raw", is_columnar=False, is_compressed=False, compressed_share=D("0.1"), partition="")
    facts: Any = {"queries": [query(10**12, None, tables=("raw",))], "stored_tables": [raw]}
    saving = next(finding for finding in found(queries.check, **facts) if finding.key.startswith("queries.compression"))
    assert saving.monthly == pytest.approx(D("0.9") * BILLED * MONTH * 5)
    assert "10\u202f% of its size, measured" in dict(saving.evidence).values()


@pytest.mark.parametrize("more", [{"is_compressed": True}, {"is_compressed": None}, {"is_columnar": True}])
def test_compressed_data_and_data_of_unknown_form_are_left_alone(more: Any) -> None:
    raw = table(**{"is_columnar": False, "is_compressed": False, **more})
    assert found(queries.check, queries=[query(10**12, True)], stored_tables=[raw]) == ()


def test_uncompressed_text_that_no_log_counts_is_an_unknown_saving_from_a_size_on() -> None:
    unread = Read[Any](missing=(Unread("Athena's query log", "there is no account"),))
    raw = {"is_columnar": False, "is_compressed": False, "partition": ""}
    large = only(found(queries.check, queries=unread, stored_tables=[table(**raw, bytes=10**8)]))
    assert (large.monthly, large.unknown_because) == (None, "how often it is read is not known here")
    assert found(queries.check, queries=unread, stored_tables=[table(**raw, bytes=10**8 - 1)]) == ()


def test_the_bytes_of_a_query_over_two_tables_are_told_apart_by_their_sizes() -> None:
    # 1 TB, three quarters of it of the events: 0.675 and 0.225 TB are spared, not 0.9 TB twice
    orders = table(name="orders", resource="arn:aws:glue:us-east-1:1:table/lake/orders", bytes=10**12)
    both = [table(bytes=3 * 10**12), orders]
    asked = query(10**12, tables=("events", "orders"))
    of_events, of_orders = found(queries.check, queries=[asked], stored_tables=both)
    assert of_events.monthly == pytest.approx(D("0.675") * BILLED * MONTH * 5)
    assert of_orders.monthly == pytest.approx(D("0.225") * BILLED * MONTH * 5)
    scanned = dict(of_events.evidence)["Scanned by them"]
    assert scanned == "750\u202fGB; 1 also read other tables, whose bytes are split by size"


def test_a_condition_on_one_table_does_not_restrict_the_other() -> None:
    orders = table(name="orders", resource="arn:aws:glue:us-east-1:1:table/lake/orders", partition="order_date")
    asked = query(10**12, tables=("events", "orders"), unrestricted=("orders",))
    assert only(found(queries.check, queries=[asked], stored_tables=[table(), orders])).resource == orders.resource


def test_a_query_that_also_reads_what_is_not_of_the_lake_is_left_out() -> None:
    assert found(queries.check, queries=[query(10**12, reads_others=True)], stored_tables=[table()]) == ()


@given(data=some.data())
def test_no_query_is_spared_more_than_it_is_billed_for(data: some.DataObject) -> None:
    names = ("events", "orders", "raw")
    stored = [
        table(
            name=name,
            resource=f"arn:aws:glue:us-east-1:1:table/lake/{name}",
            bytes=data.draw(some.integers(0, 10**13)),
            partition=data.draw(some.sampled_from(("", "day"))),
            partitions=data.draw(some.integers(0, 400)),
            is_columnar=data.draw(some.booleans()),
            is_compressed=data.draw(some.booleans()),
        )
        for name in names
    ]
    read = data.draw(some.lists(some.sampled_from(names), min_size=1, unique=True))
    scanned, dated = data.draw(some.integers(0, 10**14)), data.draw(some.sampled_from((True, False, None)))
    asked = query(scanned, dated, tables=tuple(read))
    spared = sum(finding.monthly or D(0) for finding in found(queries.check, queries=[asked], stored_tables=stored))
    assert spared <= queries.billed(scanned) / 2**40 * MONTH * 5 + D("0.000001")


def test_whole_scans_of_unknown_price_are_unknown() -> None:
    facts: Any = {"queries": [query(10**12)], "stored_tables": [table()]}
    assert only(found(queries.check, without("athena.scanned_terabyte"), **facts)).monthly is None


# Files


def test_files_beyond_those_needed_cost_two_requests_a_reading() -> None:
    # 14 days with 1,000 whole readings and 1,000 of a month (a tenth): 1,100; 1,000 files too many
    asked = [query(1, False)] * 1000 + [query(1, True)] * 1000
    saving = only(found(files.check, queries=asked, stored_tables=[table(files=1310)]))
    assert saving.monthly == pytest.approx(1000 * 2 * D(1100) * MONTH * D("0.0000004"))
    assert saving.title == "events has 1,310 files where 310 would do"
    assert "optimize events" in saving.steps[0]


def test_a_hundred_files_too_many_are_the_threshold() -> None:
    asked = [query(1, False)] * 100_000
    assert len(found(files.check, queries=asked, stored_tables=[table(files=410)])) == 1
    assert found(files.check, queries=asked, stored_tables=[table(files=409)]) == ()


def test_files_that_nobody_is_known_to_read_are_an_unknown_saving() -> None:
    unread = Read[Any](missing=(Unread("Athena's query log", "denied"),))
    saving = only(found(files.check, queries=unread, stored_tables=[table(files=9999)]))
    assert (saving.monthly, saving.unknown_because) == (None, "how often its files are requested is not known here")
    priceless = found(files.check, without("s3.get_request"), queries=[query(1)], stored_tables=[table(files=9999)])
    assert only(priceless).unknown_because == "no price for s3.get_request in us-east-1"


# S3


def test_uploads_never_completed_cost_their_parts() -> None:
    saving = only(found(storage.check, buckets=[bucket(incomplete_uploads=3, incomplete_bytes=100 * 10**9)]))
    assert (saving.key, saving.monthly) == ("storage.uploads/arn:aws:s3:::lake", D("2.3"))
    assert found(storage.check, buckets=[bucket(incomplete_uploads=0)]) == ()
    assert found(storage.check, buckets=[bucket(incomplete_uploads=None, incomplete_bytes=None)]) == ()
    unlisted = only(found(storage.check, buckets=[bucket(incomplete_uploads=3, incomplete_bytes=None)]))
    assert (unlisted.monthly, unlisted.unknown_because) == (None, "the parts could not be listed")


def test_old_objects_in_standard_would_cost_less_in_infrequent_access() -> None:
    cold = {"has_transition": False, "cold_bytes": 500 * 10**9, "cold_objects": 1000}
    saving = only(found(storage.check, buckets=[bucket(**cold)]))
    assert saving.monthly == 500 * (D("0.023") - D("0.0125"))
    assert ("Moving them costs once", "$0.01") in saving.evidence
    assert found(storage.check, buckets=[bucket(**{**cold, "has_transition": True})]) == ()
    assert found(storage.check, buckets=[bucket(**{**cold, "standard_bytes": 10**9 - 1})]) == ()
    assert found(storage.check, buckets=[bucket(**{**cold, "cold_bytes": 0})]) == ()
    unlisted = only(found(storage.check, buckets=[bucket(**{**cold, "cold_bytes": None})]))
    assert (unlisted.monthly, unlisted.unknown_because) == (None, "the objects' age was not listed")


def test_old_versions_that_never_expire_are_named_with_their_risk() -> None:
    saving = only(found(storage.check, buckets=[bucket(noncurrent_bytes=10**11, has_noncurrent_expiration=False)]))
    assert (saving.key.partition("/")[0], saving.monthly, saving.risk) == ("storage.versions", D("2.3"), Risk.HIGH)
    assert found(storage.check, buckets=[bucket(noncurrent_bytes=10**11)]) == ()
    assert found(storage.check, buckets=[bucket(noncurrent_bytes=None, has_noncurrent_expiration=False)]) == ()


def test_storage_of_unknown_price_is_unknown() -> None:
    facts = [bucket(has_transition=False, cold_bytes=10**12, cold_objects=1)]
    saving = only(found(storage.check, without("s3.infrequent_access_gigabyte_month"), buckets=facts))
    assert saving.unknown_because == "no price for s3.infrequent_access_gigabyte_month in us-east-1"


# Logs


def test_a_group_without_retention_would_keep_thirty_days() -> None:
    # 1 TB in 300 days, 15 % of it billed: a tenth would stay
    saving = only(found(logs.check, log_groups=[log_group(10**12, NOW - 300 * DAY)]))
    assert saving.monthly == 1000 * D("0.15") * D("0.9") * D("0.03")
    assert saving.steps == ("aws logs put-retention-policy --log-group-name /shop --retention-in-days 30",)
    assert "delete-retention-policy" in saving.undo[0]


def test_groups_with_retention_young_ones_and_empty_ones_are_left_alone() -> None:
    for group in (
        log_group(10**12, NOW - 300 * DAY, 365),
        log_group(10**15, NOW - 30 * DAY),
        log_group(0, NOW - 300 * DAY),
    ):
        assert found(logs.check, log_groups=[group]) == ()
    assert len(found(logs.check, log_groups=[log_group(10**15, NOW - 31 * DAY)])) == 1


def test_logs_of_unknown_price_are_unknown() -> None:
    facts = [log_group(10**12, NOW - 300 * DAY)]
    assert only(found(logs.check, without("cloudwatch.logs_stored_gigabyte_month"), log_groups=facts)).monthly is None


# Lambda


def test_memory_that_no_run_used_is_given_back() -> None:
    # 200 MB used × 1.25 = 250, in steps of 64: 256 of 1,024
    saving = only(found(functions.check, functions=[function(200)]))
    assert saving.monthly == pytest.approx(D(100_000) * MONTH * D(768) / 1024 * D("0.0000133334"))
    assert "--memory-size 256" in saving.steps[0]
    assert "--memory-size 1024" in saving.undo[0]
    evidence = dict(saving.evidence)
    assert evidence["Pays unless runs get longer by"] == "300\u202f%"
    assert evidence["Runs"] == "1,000,000, 100 ms each"


def test_a_quarter_of_the_memory_is_the_threshold() -> None:
    assert functions.fitting(614) == 768  # three quarters of 1,024
    assert len(found(functions.check, functions=[function(614)])) == 1
    assert functions.fitting(615) == 832
    assert found(functions.check, functions=[function(615)]) == ()


def test_the_smallest_memory_is_128_and_few_runs_show_no_largest() -> None:
    assert functions.fitting(1) == 128
    assert found(functions.check, functions=[function(1, 128)]) == ()
    assert found(functions.check, functions=[function(200, invocations=49)]) == ()
    assert len(found(functions.check, functions=[function(200, invocations=50)])) == 1


def test_x86_has_a_price_of_its_own() -> None:
    arm, x86 = (only(found(functions.check, functions=[function(200, architecture=a)])) for a in ("arm64", "x86_64"))
    assert x86.monthly is not None
    assert arm.monthly is not None
    assert x86.monthly / arm.monthly == pytest.approx(D("0.0000166667") / D("0.0000133334"))
    assert only(found(functions.check, without("lambda.gigabyte_second"), functions=[function(200)])).monthly is None


def test_a_function_whose_memory_is_not_reported_is_not_judged() -> None:
    checked = functions.check(inventory(functions=[function(None)]), PRICES)
    assert (checked.findings, checked.looked_at, checked.is_judged) == ((), 0, False)
    assert checked.missing[0].what == "memory used by collector"
    never_ran = functions.check(inventory(functions=[function(None, invocations=0)]), PRICES)
    assert (never_ran.is_judged, never_ran.missing) == (True, ())


# NAT gateways


def test_a_gateway_that_carries_nothing_is_idle_below_a_megabyte() -> None:
    idle = only(found(network.check, nat_gateways=[gateway(10**6 - 1)]))
    assert (idle.key, idle.monthly) == ("network.idle/nat-1", D("32.85"))  # 730 × 0.045
    assert found(network.check, nat_gateways=[gateway(10**6)]) == ()


def test_endpoints_replace_a_gateway_that_only_calls_aws() -> None:
    # 14 GB to Kinesis, 14 GB to S3: NAT 32.85 + 28 GB × …; one interface endpoint 7.30 + 14 GB × 0.01, S3 free
    facts = [gateway(28 * 10**9, destinations={"kinesis": 14 * 10**9, "s3": 14 * 10**9})]
    saving = only(found(network.check, nat_gateways=facts))
    assert saving.monthly == (D("32.85") + 28 * MONTH * D("0.045")) - (D("7.30") + 14 * MONTH * D("0.01"))
    assert saving.key == "network.replace/nat-1"
    assert [step.count("Interface") for step in saving.steps] == [1, 0, 0]


def test_five_interface_endpoints_cost_more_than_a_quiet_gateway() -> None:
    names = ("kinesis", "athena", "glue", "logs", "redshift")
    facts = [gateway(5 * 10**6, destinations=dict.fromkeys(names, 10**6))]
    assert found(network.check, nat_gateways=facts) == ()
    fewer = [gateway(4 * 10**6, destinations=dict.fromkeys(names[:4], 10**6))]
    assert len(found(network.check, nat_gateways=fewer)) == 1  # 4 × 7.30 = 29.20 against 32.85


def test_traffic_to_s3_through_a_gateway_is_spared_by_its_free_endpoint() -> None:
    facts = [gateway(200 * 10**9, destinations={"s3": 100 * 10**9, "internet": 100 * 10**9})]
    saving = only(found(network.check, nat_gateways=facts))
    assert (saving.key, saving.monthly) == ("network.endpoints/nat-1", 100 * MONTH * D("0.045"))
    here = [gateway(200 * 10**9, endpoints=("s3", "dynamodb"))]
    assert found(network.check, nat_gateways=here) == ()
    none = [gateway(200 * 10**9, destinations={"internet": 200 * 10**9})]
    assert found(network.check, nat_gateways=none) == ()


def test_without_flow_logs_the_saving_is_unknown_with_its_most() -> None:
    saving = only(found(network.check, nat_gateways=[gateway(100 * 10**9)]))
    assert (saving.monthly, saving.unknown_because) == (None, "flow logs do not say where the bytes go")
    assert f"${100 * MONTH * D('0.045'):,.2f} a month" in dict(saving.evidence).values()
    small = [gateway(10**9)]  # 10 cents a month at most
    assert found(network.check, nat_gateways=small) == ()


def test_a_gateway_of_unknown_price_is_an_unknown_saving() -> None:
    assert only(found(network.check, without("nat_gateway.hour"), nat_gateways=[gateway(0)])).monthly is None


# WAF


def test_a_web_acl_without_a_request_costs_itself_and_its_rules() -> None:
    saving = only(found(firewall.check, web_acls=[web_acl(0)]))
    assert (saving.monthly, saving.risk) == (D(9), Risk.LOW)
    assert only(found(firewall.check, web_acls=[web_acl(0, protects=1)])).risk is Risk.HIGH
    unknown = only(found(firewall.check, web_acls=[web_acl(0, protects=None)]))
    assert (unknown.risk, "disassociate" in unknown.steps[-1]) == (Risk.HIGH, True)
    assert ("Resources it protects", "unknown") in unknown.evidence
    assert found(firewall.check, web_acls=[web_acl(1)]) == ()
    assert only(found(firewall.check, without("waf.rule_month"), web_acls=[web_acl(0)])).monthly is None
    assert only(found(firewall.check, without("waf.rule_month"), web_acls=[web_acl(0, rules=0)])).monthly == 5


# Glue


def test_a_crawler_that_changes_one_run_in_ten_or_less_wastes_the_others() -> None:
    saving = only(found(crawlers.check, crawlers=[crawler(20, 2, "10", "9")]))
    assert saving.monthly == 9 * MONTH * D("0.44")
    assert found(crawlers.check, crawlers=[crawler(19, 2)]) == ()
    assert found(crawlers.check, crawlers=[crawler(6, 0)]) == ()
    assert len(found(crawlers.check, crawlers=[crawler(7, 0)])) == 1
    assert only(found(crawlers.check, without("glue.crawler_dpu_hour"), crawlers=[crawler(20, 0)])).monthly is None


# DynamoDB


def test_a_steady_table_on_demand_is_cheaper_provisioned() -> None:
    # 25,200 writes an hour are 7 a second: 10 units at 70 %; 1 read unit. On demand 730 × 25,200 × 0.000000625
    saving = only(found(tables.check, capacity_tables=[capacity("0", "25200")]))
    on_demand = D(730) * 25_200 * D("0.000000625")
    provisioned = D(730) * (10 * D("0.00065") + D("0.00013"))
    assert saving.monthly == pytest.approx(on_demand - provisioned)
    assert "--billing-mode PROVISIONED" in saving.steps[0]
    assert "PAY_PER_REQUEST" in saving.undo[0]


def test_a_table_provisioned_for_a_peak_is_cheaper_on_demand() -> None:
    facts = [capacity("3600", "3600", is_on_demand=False, provisioned_reads=100, provisioned_writes=100)]
    saving = only(found(tables.check, capacity_tables=facts))
    now = D(730) * 100 * (D("0.00013") + D("0.00065"))
    then = D(730) * 3600 * (D("0.000000125") + D("0.000000625"))
    assert saving.monthly == pytest.approx(now - then)
    assert "ReadCapacityUnits=100,WriteCapacityUnits=100" in saving.undo[0]


def test_a_fifth_of_the_cost_is_what_a_change_of_mode_must_save() -> None:
    """Reads alone: a provisioned unit-hour costs 0.00013, and 1,040 requests cost the same."""

    def at(reads: int) -> tuple[Finding, ...]:
        table = capacity(str(reads), "0", is_on_demand=False, provisioned_reads=100, provisioned_writes=0)
        return found(tables.check, capacity_tables=[table])

    assert only(at(83_200)).monthly == pytest.approx(D(730) * 100 * D("0.00013") / 5)
    assert at(83_201) == ()


def test_a_table_is_not_judged_before_a_week_and_not_without_prices() -> None:
    assert found(tables.check, capacity_tables=[capacity("0", "25200", hours=167)]) == ()
    unknown = without("dynamodb.write_capacity_unit_hour")
    assert found(tables.check, unknown, capacity_tables=[capacity("0", "25200")]) == ()
    unused = [capacity("0", "0", is_on_demand=False, provisioned_reads=5, provisioned_writes=5)]
    assert only(found(tables.check, unknown, capacity_tables=unused)).monthly is None


# AWS's own, and all together

FUNCTION = "arn:aws:lambda:us-east-1:1:function:collector"


def test_a_recommendation_of_aws_is_a_finding_with_its_own_estimate() -> None:
    saving = only(found(recommended.check, recommendations=[recommendation("arn:aws:ecs:us-east-1:1:service/c/web")]))
    assert (saving.monthly, saving.effort, saving.origin) == (D("12.50"), Effort.LOW, "cost_optimization_hub")
    assert saving.title == "Cost Optimization Hub: Rightsize web"
    unknown = only(found(recommended.check, recommendations=[recommendation("x", None)]))
    assert (unknown.monthly, unknown.unknown_because) == (None, "Cost Optimization Hub gives no estimate in dollars")
    assert found(recommended.check, recommendations=[recommendation("x", "0.49")]) == ()
    assert len(found(recommended.check, recommendations=[recommendation("x", "0.50")])) == 1


def test_a_resource_that_both_services_name_is_told_once_as_the_hub_tells_it() -> None:
    twice = [recommendation("x", "3", source="compute_optimizer"), recommendation("x", "4")]
    assert only(found(recommended.check, recommendations=twice)).monthly == 4


def test_what_aws_recommends_for_a_resource_we_found_stands_with_ours() -> None:
    done = run(inventory(functions=[function(200)], recommendations=[recommendation(FUNCTION)]), PRICES)
    every = [finding for item in done for finding in item.findings]
    assert [finding.check for finding in every] == ["functions"]
    assert every[0].also == (("Cost Optimization Hub", "$12.50 a month"),)


def test_what_aws_names_by_arn_and_we_by_identifier_is_one_resource() -> None:
    theirs = recommendation("arn:aws:ec2:us-east-1:1:natgateway/nat-1", "30", kind="NatGateway", action="Delete")
    done = run(inventory(nat_gateways=[gateway(0)], recommendations=[theirs]), PRICES)
    assert [finding.key for item in done for finding in item.findings] == ["network.idle/nat-1"]


def test_advice_on_another_resource_or_on_other_lines_of_the_bill_is_kept() -> None:
    others = [recommendation(FUNCTION + "-2"), recommendation(FUNCTION, kind="EcsService", action="Delete")]
    done = run(inventory(functions=[function(200)], recommendations=others), PRICES)
    assert len([finding for item in done for finding in item.findings]) == 3


def test_nothing_there_is_judged_and_something_refused_is_not() -> None:
    assert all(finding.is_judged for finding in run(inventory(), PRICES))
    denied: Any = Read(missing=(Unread("x", "access is denied (kinesis:ListStreams)", "Allow it."),))
    checked = {finding.check: finding for finding in run(inventory(streams=denied), PRICES)}
    assert not checked["streams"].is_judged
    assert checked["streams"].missing[0].reason == "access is denied (kinesis:ListStreams)"
    assert checked["tables"].is_judged


def test_savings_below_half_a_dollar_are_not_told_and_unknown_ones_are() -> None:
    # 0.5 ÷ 0.44 DPU-hours a month
    at = D("0.5") / D("0.44") / MONTH
    assert len(found(crawlers.check, crawlers=[crawler(20, 0, "1", str(at * D("1.0001")))])) == 1
    assert found(crawlers.check, crawlers=[crawler(20, 0, "1", str(at * D("0.9999")))]) == ()


ALL_FACTS: dict[str, Any] = {
    "streams": [stream(ONE_SHARD)],
    "warehouses": [workgroup(("1800", 0, "0"), ("3600", 5, "450"), rpu_hour_limit=None)],
    "queries": [query(10**12)] * 100,
    "stored_tables": [table(files=9999)],
    "buckets": [bucket(has_transition=False, cold_bytes=10**12, incomplete_uploads=1, incomplete_bytes=10**12)],
    "log_groups": [log_group(10**13, NOW - 300 * DAY)],
    "functions": [function(200)],
    "nat_gateways": [gateway(0)],
    "web_acls": [web_acl(0)],
    "crawlers": [crawler(20, 0)],
    "capacity_tables": [capacity("0", "25200")],
    "recommendations": [recommendation("arn:aws:ecs:us-east-1:1:service/c/web")],
}


def test_every_check_finds_what_there_is_to_find_by_the_price_book_of_the_product() -> None:
    done = run(inventory(**ALL_FACTS), price_book.load())
    assert len(done) == len(CHECKS)
    assert {item.check for item in done if item.findings} == {item.check for item in done}


def test_every_finding_says_by_what_how_and_back_and_has_a_key_of_its_own() -> None:
    findings = [finding for one_finding in run(inventory(**ALL_FACTS), PRICES) for finding in one_finding.findings]
    assert len({finding.key for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.evidence, finding.title
        assert finding.steps, finding.title
        assert finding.undo, finding.title
        assert finding.formula, finding.title
        assert finding.sources, finding.title
        assert finding.key.startswith(f"{finding.check}."), finding.key
        assert (finding.monthly is None) == bool(finding.unknown_because), finding.title


def test_keys_are_the_same_on_another_day() -> None:
    later = inventory(**{**ALL_FACTS, "queries": [query(2 * 10**12)] * 90})
    keys = [
        {f.key for finding in run(facts, PRICES) for f in finding.findings} for facts in (inventory(**ALL_FACTS), later)
    ]
    assert keys[0] == keys[1]


def test_no_unknown_price_ever_reads_as_nothing() -> None:
    from tests.support.saving_facts import AMOUNTS

    done = run(inventory(**ALL_FACTS), without(*AMOUNTS))
    findings = [finding for item in done for finding in item.findings if finding.origin == "takings"]
    assert findings
    assert {finding.monthly for finding in findings} == {None}
