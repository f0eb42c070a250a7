"""The work that a tier's traffic causes: requests, records, shards, runs, bytes. Pure arithmetic.

Traffic is measured or typed (`Usage`); what cannot be measured before it runs is an assumption, named below with its
reason. A month is 730 hours, as in the provider's own calculator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from console.asking.engines.prices import LEAST_BYTES
from console.tiers.tiers import Tier

HOURS = Decimal(730)
DAYS = HOURS / 24
SECONDS_A_DAY = Decimal(86_400)
GIGA = Decimal(10) ** 9

BYTES_PER_EVENT = 465  # a raw line of the sample year, on average
EVENTS_PER_VISIT = Decimal("5.6")  # of the sample's web channel: a visit sends on one connection
PEAK_FACTOR = Decimal(4)  # assumed: the busiest minutes of Black Friday ÷ the mean of an ordinary day
PEAK_HOURS = 4  # a day on which a scaling stream keeps its peak shards
CACHED_SHARE = Decimal("0.8")  # of page views that the console answers from its cache
QUESTIONS_PER_PAGE_VIEW = 8

SHARD_RECORDS, SHARD_BYTES = 1_000, 1_000_000  # a second; limits of Kinesis
PAYLOAD_UNIT_BYTES = 25_000  # of a record, by which Kinesis charges
FIREHOSE_STEP_BYTES = 5_000  # to which Firehose rounds a record up
ON_DEMAND_STEP_BYTES = 1_000  # to which an on-demand stream rounds a record up
CONSUMERS = 2  # of the stream: live and Firehose
COMPRESSION = 10  # raw lines and curated columns against the raw bytes, zstd
COPIES = 2  # raw and curated
SCANNED_AT_A_BILLION = 50_000_000  # bytes a page view scans in a lake of a billion events
WAREHOUSE_SECONDS = 60  # the least that waking Redshift Serverless is charged for
WORKING_SECONDS = 36_000  # of the day in which pages are opened, at random
METRIC_BYTES = 390  # of a line of metrics in the logs (`pipeline.handlers.observed`), with CloudWatch's own 26
FLOW_RECORDS = 3  # of a connection to the load balancer: one each way, and half of them last into another ten minutes
FLOW_RECORD_BYTES = 110  # of a record of a network's flow log, as its documentation shows one
METRIC_ENVIRONMENTS = 40  # of the functions that answer requests, at once on average
EVENTS_PER_WORKER_MINUTE = 1_000_000  # that a Glue worker curates
RUN_OBJECTS, RUN_READS = 120, 2_000  # files a run of the curation writes and reads
QUESTION_READS = 20  # files a query reads
CRAWLER_DPU, CRAWLER_MINUTES = 2, 10  # the least a crawler's run is charged for


def raw_gigabytes_a_month(events_per_day: int) -> Decimal:
    """Gigabytes of raw lines that arrive in a month, before they are packed."""
    return events_per_day * BYTES_PER_EVENT * DAYS / GIGA


@dataclass(frozen=True)
class Usage:
    """What a month's bill depends on, apart from how the deployment is built.

    Attributes
    ----------
    events_per_day, bytes_per_event, events_per_request : the shops' traffic
    page_views_per_day, people : of the console
    recommendations_per_day : requests for recommendations
    retention_days : how long events are kept
    """

    events_per_day: Decimal
    page_views_per_day: Decimal
    people: Decimal
    recommendations_per_day: Decimal
    retention_days: Decimal
    events_per_request: Decimal
    bytes_per_event: Decimal = Decimal(BYTES_PER_EVENT)

    def __post_init__(self) -> None:
        if self.events_per_request < 1:
            raise ValueError(f"A request brings at least one event: {self.events_per_request}")
        for name in ("events_per_day", "page_views_per_day", "people", "recommendations_per_day", "retention_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is not negative: {getattr(self, name)}")


def typical(tier: Tier) -> Usage:
    """The usage a tier is made for."""
    return Usage(
        events_per_day=Decimal(tier.events_per_day),
        page_views_per_day=Decimal(tier.usage.page_views_per_day),
        people=Decimal(tier.usage.people),
        recommendations_per_day=Decimal(tier.usage.recommendations_per_day),
        retention_days=Decimal(tier.lake.raw_retention_days),
        events_per_request=tier.usage.events_per_request,
    )


def with_events(usage: Usage, events_per_day: int | Decimal) -> Usage:
    """The same shop with another number of events a day: recommendations asked for grow in proportion."""
    events = Decimal(events_per_day)
    share = usage.recommendations_per_day / usage.events_per_day if usage.events_per_day else Decimal(0)
    return replace(usage, events_per_day=events, recommendations_per_day=events * share)


def with_numbers(usage: Usage, numbers: Mapping[str, Decimal]) -> Usage:
    """The usage with some of its figures replaced, by name; recommendations grow with the events where not given."""
    if "events_per_day" in numbers:
        usage = with_events(usage, numbers["events_per_day"])
    return replace(usage, **numbers)


def ceiling(value: Decimal) -> Decimal:
    """The smallest whole number that is not below."""
    return value.to_integral_value(rounding=ROUND_CEILING)


@dataclass(frozen=True)
class Flow:
    """What one tier does a day under one usage. Every figure is a day's, unless its name says otherwise."""

    tier: Tier
    usage: Usage

    @property
    def requests(self) -> Decimal:
        """Requests to the collector."""
        return self.usage.events_per_day / self.usage.events_per_request

    @property
    def answered(self) -> Decimal:
        """Requests from outside: events and recommendations."""
        return self.requests + self.usage.recommendations_per_day

    @property
    def is_balanced(self) -> bool:
        """Whether they enter through the load balancer, in place of CloudFront and API Gateway."""
        return self.tier.collector.entrance == "load_balancer"

    @property
    def metric_lines(self) -> Decimal:
        """Lines of metrics in the logs: one a call, or of each environment one in so many seconds."""
        every = self.tier.watching.metrics_every_seconds
        if not every:
            return self.calls
        return min(self.calls, self.live_batches + METRIC_ENVIRONMENTS * SECONDS_A_DAY / every)

    @property
    def calls(self) -> Decimal:
        """Calls of the functions that are traced and measured: collector, recommendations, live."""
        return self.requests + self.usage.recommendations_per_day + self.live_batches

    @property
    def connections(self) -> Decimal:
        """Connections to the load balancer: one a visit, as it is kept over the window."""
        return min(self.requests, self.usage.events_per_day / EVENTS_PER_VISIT)

    @property
    def flow_records(self) -> Decimal:
        """Records of senders' connections that GuardDuty reads; the network's own flow log has none of them."""
        return self.connections * FLOW_RECORDS if self.is_balanced else Decimal(0)

    @property
    def record_bytes(self) -> Decimal:
        """Bytes of one record of the stream: a request's events are of one session, and travel packed."""
        return self.usage.events_per_request * self.usage.bytes_per_event

    def shards_for(self, factor: Decimal) -> Decimal:
        """Shards that carry `factor` times the mean traffic."""
        records = self.requests * factor / SECONDS_A_DAY / SHARD_RECORDS
        volume = self.requests * self.record_bytes * factor / SECONDS_A_DAY / SHARD_BYTES
        return max(ceiling(records), ceiling(volume), Decimal(1))

    @property
    def shard_hours(self) -> Decimal:
        """Shard-hours: the peak's shards all day; where the stream scales, only for the hours of the peak."""
        stream = self.tier.stream
        peak = max(Decimal(stream.shards), self.shards_for(PEAK_FACTOR))
        if not stream.autoscaling:
            return peak * 24
        return peak * PEAK_HOURS + max(Decimal(stream.shards), self.shards_for(Decimal(1))) * (24 - PEAK_HOURS)

    @property
    def carries_its_peak(self) -> bool:
        """Whether the shards that the tier may have carry the busiest minutes."""
        return self.tier.stream.mode == "on_demand" or self.shards_for(PEAK_FACTOR) <= self.tier.stream.most_shards

    @property
    def live_batches(self) -> Decimal:
        """Invocations of the live function: one a window and shard, and no more than there are records."""
        windows = self.shard_hours * 3_600 / self.tier.stream.live_window_seconds
        return min(self.requests, windows)

    @property
    def events_per_batch(self) -> Decimal:
        """Events of one invocation of the live function."""
        return self.usage.events_per_day / self.live_batches if self.live_batches else Decimal(0)

    @property
    def stored_gigabytes(self) -> Decimal:
        """What the lake holds once the retention has passed."""
        raw = self.usage.events_per_day * self.usage.bytes_per_event * self.usage.retention_days
        return raw * COPIES / COMPRESSION / GIGA

    @property
    def raw_objects(self) -> Decimal:
        """Objects that Firehose writes: one each time its buffer is over."""
        return SECONDS_A_DAY / self.tier.lake.firehose_buffer_seconds

    @property
    def touched_objects(self) -> Decimal:
        """Objects of the lake that are written and read."""
        curated = self.curation_runs * (RUN_OBJECTS + RUN_READS)
        return self.raw_objects + curated + self.asked_page_views * QUESTIONS_PER_PAGE_VIEW * QUESTION_READS

    @property
    def curation_runs(self) -> Decimal:
        """Runs of the curation."""
        return Decimal(1_440) / self.tier.curation.every_minutes

    @property
    def minutes_per_run(self) -> Decimal:
        """Minutes of one run: starting and merging, and reading its events."""
        curation = self.tier.curation
        read = self.usage.events_per_day / self.curation_runs / (curation.workers * EVENTS_PER_WORKER_MINUTE)
        return curation.minutes_per_run + read

    @property
    def asked_page_views(self) -> Decimal:
        """Page views that the cache does not answer."""
        return self.usage.page_views_per_day * (1 - CACHED_SHARE)

    @property
    def athena_bytes_per_page_view(self) -> Decimal:
        """Bytes Athena is paid for when one page asks: at least 10 MB a query, more in a large lake."""
        share = 1 - self.tier.warehouse.share_of_questions
        least = QUESTIONS_PER_PAGE_VIEW * share * LEAST_BYTES
        stored_events = self.usage.events_per_day * self.usage.retention_days
        return max(least, SCANNED_AT_A_BILLION * stored_events / GIGA * share)

    def rpu_hours(self, page_views: Decimal) -> Decimal:
        """RPU-hours used when the cache leaves so many page views unanswered, up to the daily limit."""
        return min(self.wanted_rpu_hours(page_views), Decimal(self.tier.warehouse.most_rpu_hours_per_day))

    def wanted_rpu_hours(self, page_views: Decimal) -> Decimal:
        """The same without the daily limit: every page view and every load wakes the warehouse for a minute.

        Views come at random over the working day, and those that fall into one minute share it: of a time T with n
        views of w seconds each, the share 1 − exp(−n × w ÷ T) is covered (Poisson). Loads are counted in full.
        """
        warehouse = self.tier.warehouse
        if not warehouse.enabled:
            return Decimal(0)
        viewed = WORKING_SECONDS * (1 - (-page_views * WAREHOUSE_SECONDS / WORKING_SECONDS).exp())
        loaded = Decimal(1_440) / warehouse.load_every_minutes * WAREHOUSE_SECONDS
        return min(viewed + loaded, SECONDS_A_DAY) * warehouse.base_rpu / 3_600

    @property
    def log_gigabytes(self) -> Decimal:
        """Logs written: API Gateway's line a request, each call's metrics, and what is said when nothing happens."""
        quiet = Decimal("0.05") if self.tier.console.hosted else Decimal("0.01")
        lines = Decimal(0) if self.is_balanced else self.answered * self.tier.watching.log_bytes_per_request
        return quiet + (lines + self.metric_lines * METRIC_BYTES) / GIGA


def remarks(flow: Flow) -> Sequence[str]:
    """What does not fit, in sentences: a stream too small for its peak, a warehouse at its limit."""
    found = []
    if not flow.carries_its_peak:
        found.append(
            f"{flow.tier.title}: the busiest minutes need {flow.shards_for(PEAK_FACTOR):,} shards, "
            f"the tier may have {flow.tier.stream.most_shards:,}"
        )
    wanted, used = flow.wanted_rpu_hours(flow.asked_page_views), flow.rpu_hours(flow.asked_page_views)
    if wanted > used:
        found.append(
            f"{flow.tier.title}: the warehouse stops at {used.normalize():f} RPU-hours a day; "
            f"{wanted:.1f} are asked for"
        )
    return found
