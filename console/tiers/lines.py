"""The lines of a tier's monthly bill: service, charge, price and quantity.

A quantity is a product of named factors; their assumptions are constants below, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from console.tiers import live_table
from console.tiers.entrances import collecting
from console.tiers.factors import A_MONTH, HOURS_A_MONTH, PER_GB, PER_TB, Row, per, times
from console.tiers.sizing import (
    CONSUMERS,
    CRAWLER_DPU,
    CRAWLER_MINUTES,
    FIREHOSE_STEP_BYTES,
    ON_DEMAND_STEP_BYTES,
    PAYLOAD_UNIT_BYTES,
    QUESTION_READS,
    QUESTIONS_PER_PAGE_VIEW,
    RUN_OBJECTS,
    RUN_READS,
    Flow,
    ceiling,
)
from console.tiers.standing import hosting, securing, watching

MAINTENANCE_MINUTES = 10  # of one run: assumed until Glue says
TURN_TRANSITIONS = 4  # start, look, whose turn, run (`infra_cdk.parts.in_turn`)
RECOMMEND_SECONDS = Decimal("0.020")  # of one call: assumed until CloudWatch says
LIVE_SECONDS, LIVE_SECONDS_PER_EVENT = Decimal("0.15"), Decimal("0.0001")
# Of a question, half a unit for each item: whether the customer refuses, the history, and neighbours of the products in
# it. A process has those of 10,000 products in memory; of a history of 30, ten are not among them in a large shop:
# assumed until CloudWatch says. The directory is read once by each process for a model.
MODEL_READ_UNITS = Decimal("6")
EVENTS_PER_VISIT = Decimal("5.6")  # of the sample's visits (`python -m bench tracker`)
# Share of the visits that are of known customers with more products than live keeps: only their histories are stored.
# Of the sample year's last three months.
LONG_HISTORY_VISITS = Decimal("0.2")
LONG_HISTORIES = 45  # customers of a year who have one, for each of these visits a day: of the sample year
HISTORY_BYTES = 900  # of one, with its keys: one write unit
EVENTS_PER_PRODUCT = 300  # a day: assumed; it says how many products a shop has
NEIGHBOUR_WRITE_UNITS = 8  # of a product in each training: written on three surfaces, deleted in an older model
MODEL_BYTES = 8_000  # of a product: its items in three models, that in use, the one before, and the next
DECISION_GIGABYTES = Decimal("0.01")
COST_EXPLORER_CALLS = 4  # a day: one snapshot
MART_SHARE = Decimal("0.05")  # of the lake that the warehouse holds as marts


def charged(flow: Flow) -> Iterator[Row]:
    """Every line of the bill, in the order of the parts."""
    for part in _PARTS:
        yield from part(flow)


def _streaming(flow: Flow) -> Iterator[Row]:
    records = times(flow.requests, "records a day")
    service = "Amazon Kinesis"
    if flow.tier.stream.mode == "on_demand":
        rounded = times(
            ceiling(flow.record_bytes / ON_DEMAND_STEP_BYTES) * ON_DEMAND_STEP_BYTES, "bytes a record, rounded up"
        )
        yield service, "Stream", "kinesis.on_demand_stream_hour", (HOURS_A_MONTH,)
        yield service, "Data in", "kinesis.on_demand_gigabyte_in", (records, rounded, A_MONTH, PER_GB)
        yield service, "Data out", "kinesis.on_demand_gigabyte_out", (
            records, rounded, times(CONSUMERS, "consumers"), A_MONTH, PER_GB,
        )  # fmt: skip
    else:
        units = ceiling(flow.record_bytes / PAYLOAD_UNIT_BYTES)
        yield service, "Shards", "kinesis.shard_hour", (times(flow.shard_hours, "shard-hours a day"), A_MONTH)
        yield service, "PUT payload units", "kinesis.put_payload_unit", (
            records, times(units, "units a record"), A_MONTH,
        )  # fmt: skip
        if flow.tier.stream.retention_hours > 24:
            yield service, "Retention beyond a day", "kinesis.extended_retention_shard_hour", (
                times(flow.shard_hours, "shard-hours a day"), A_MONTH,
            )  # fmt: skip
    rounded = times(
        ceiling(flow.record_bytes / FIREHOSE_STEP_BYTES) * FIREHOSE_STEP_BYTES, "bytes a record, rounded up"
    )
    yield "Amazon Data Firehose", "Data to the raw lake", "firehose.ingested_gigabyte", (
        records, rounded, A_MONTH, PER_GB,
    )  # fmt: skip


def _counting(flow: Flow) -> Iterator[Row]:
    """The live function."""
    batches = times(flow.live_batches, "batches a day")
    per_batch = LIVE_SECONDS + LIVE_SECONDS_PER_EVENT * flow.events_per_batch
    memory = times(Decimal(flow.tier.live.memory_megabytes) / 1_024, "GB of memory")
    yield "AWS Lambda", "Live calls", "lambda.request", (batches, A_MONTH)
    yield "AWS Lambda", "Live", "lambda.gigabyte_second", (
        batches, times(per_batch, "seconds a batch"), memory, A_MONTH,
    )  # fmt: skip
    yield from live_table.charged(flow)


def _lake(flow: Flow) -> Iterator[Row]:
    s3, glue = "Amazon Simple Storage Service", "AWS Glue"
    curation = flow.tier.curation
    runs, objects = times(flow.curation_runs, "runs a day"), flow.raw_objects
    yield s3, "Raw and curated events", "s3.standard_gigabyte_month", (times(flow.stored_gigabytes, "GB kept"),)
    yield s3, "Raw objects written", "s3.put_request", (times(objects, "objects a day"), A_MONTH)
    yield s3, "Curated objects written", "s3.put_request", (runs, times(RUN_OBJECTS, "objects a run"), A_MONTH)
    yield s3, "Objects read by curation", "s3.get_request", (runs, times(RUN_READS, "objects a run"), A_MONTH)
    yield glue, "Curation", "glue.dpu_hour", (
        runs, times(flow.minutes_per_run, "minutes a run"), times(curation.workers, "DPU"),
        per(60, "minutes an hour"), A_MONTH,
    )  # fmt: skip
    yield glue, "Maintenance", "glue.dpu_hour", (
        times(MAINTENANCE_MINUTES, "minutes a run"), per(curation.maintenance_every_days, "days"),
        times(curation.workers, "DPU"), per(60, "minutes an hour"), A_MONTH,
    )  # fmt: skip
    yield "AWS Step Functions", "Turns of the jobs", "step_functions.state_transition", (
        runs, times(TURN_TRANSITIONS, "transitions a run"), A_MONTH,
    )  # fmt: skip
    yield glue, "Crawler", "glue.crawler_dpu_hour", (
        times(curation.crawler_runs_per_day, "runs a day"), times(CRAWLER_MINUTES, "minutes a run"),
        times(CRAWLER_DPU, "DPU"), per(60, "minutes an hour"), A_MONTH,
    )  # fmt: skip


def _reading(flow: Flow) -> Iterator[Row]:
    asked = times(flow.asked_page_views, "page views a day past the cache")
    warehouse = flow.tier.warehouse
    yield "Amazon Athena", "Data scanned", "athena.scanned_terabyte", (
        asked, times(flow.athena_bytes_per_page_view, "bytes a page view"), A_MONTH, PER_TB,
    )  # fmt: skip
    yield "Amazon Simple Storage Service", "Objects read by queries", "s3.get_request", (
        asked, times(QUESTIONS_PER_PAGE_VIEW * QUESTION_READS, "objects a page view"), A_MONTH,
    )  # fmt: skip
    if warehouse.enabled:
        yield "Amazon Redshift", "Serverless", "redshift.rpu_hour", (
            times(flow.rpu_hours(flow.asked_page_views), "RPU-hours a day, at most the limit"), A_MONTH,
        )  # fmt: skip
        yield "Amazon Redshift", "Marts kept", "redshift.managed_storage_gigabyte_month", (
            times(flow.stored_gigabytes, "GB in the lake"), times(MART_SHARE, "as marts"),
        )  # fmt: skip
    yield "AWS Cost Explorer", "Daily snapshot", "cost_explorer.request", (
        times(COST_EXPLORER_CALLS, "requests a day"), A_MONTH,
    )  # fmt: skip


def _recommending(flow: Flow) -> Iterator[Row]:
    asked, served = times(flow.usage.recommendations_per_day, "recommendations a day"), flow.tier.recommendations
    yield "AWS Lambda", "Recommendation calls", "lambda.request", (asked, A_MONTH)
    yield "AWS Lambda", "Recommendations", "lambda.gigabyte_second", (
        asked, times(RECOMMEND_SECONDS, "seconds a call"),
        times(Decimal(served.memory_megabytes) / 1_024, "GB of memory"), A_MONTH,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Recommendations read", "dynamodb.read_request_unit", (
        asked, times(MODEL_READ_UNITS, "read units"), A_MONTH,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Recommendations written", "dynamodb.write_request_unit", (
        times(flow.usage.events_per_day, "events a day"), per(EVENTS_PER_PRODUCT, "events a product"),
        times(NEIGHBOUR_WRITE_UNITS, "write units a product"), A_MONTH,
    )  # fmt: skip
    visits = (
        times(flow.usage.events_per_day, "events a day"), per(EVENTS_PER_VISIT, "events a visit"),
        times(LONG_HISTORY_VISITS, "of customers with a long history"),
    )  # fmt: skip
    yield "Amazon DynamoDB", "Histories written", "dynamodb.write_request_unit", (*visits, A_MONTH)
    kept = (*visits, times(LONG_HISTORIES, "customers a visit"), times(HISTORY_BYTES, "bytes"), PER_GB)
    yield "Amazon DynamoDB", "Histories kept", "dynamodb.storage_gigabyte_month", kept
    yield "Amazon DynamoDB", "Histories, recoverable", "dynamodb.point_in_time_recovery_gigabyte_month", kept
    yield "AWS Glue", "Training", "glue.dpu_hour", (
        times(served.training_minutes_per_day, "minutes a day"), times(served.training_workers, "DPU"),
        per(60, "minutes an hour"), A_MONTH,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Decisions, recoverable", "dynamodb.point_in_time_recovery_gigabyte_month", (
        times(DECISION_GIGABYTES, "GB"),
    )  # fmt: skip
    yield "Amazon DynamoDB", "Models and refusals, recoverable", "dynamodb.point_in_time_recovery_gigabyte_month", (
        times(flow.usage.events_per_day, "events a day"), per(EVENTS_PER_PRODUCT, "events a product"),
        times(MODEL_BYTES, "bytes a product"), PER_GB,
    )  # fmt: skip
    yield "Amazon DynamoDB", "Storage", "dynamodb.storage_gigabyte_month", (
        times(flow.usage.events_per_day, "events a day"), times(1_000, "bytes kept for each"), PER_GB,
    )  # fmt: skip


_PARTS: Sequence[Callable[[Flow], Iterator[Row]]] = (
    collecting, _streaming, _counting, _lake, _reading, _recommending, hosting, watching, securing,
)  # fmt: skip
