"""The sizes of the AWS deployment: `infra_cdk/tiers.toml`, read and checked. The stacks are made from the same file."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from catalogue.project_files import project_file
from console.finops.toml_files import DecimalText, WholeNumber, read_toml

TIERS = project_file("infra_cdk/tiers.toml")


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: every setting of it is written."""


class Band(_Section, frozen=True):
    """What a month of a tier must cost, in US dollars, both ends included."""

    low: DecimalText
    high: DecimalText

    def holds(self, amount: Decimal) -> bool:
        """Whether an amount lies in the band."""
        return self.low <= amount <= self.high


class TypicalUsage(_Section, frozen=True):
    """What is used where nothing was measured.

    Attributes
    ----------
    page_views_per_day, people, recommendations_per_day : of the console, who opens it, and what shops ask for
    tracker_wait_seconds : how long the pages' trackers gather events (``wait`` of `takings.init`)
    pages_share : of the events, those that trackers in pages and apps send; servers send the others
    events_per_page_request, events_per_server_request : events that one request brings
    other_trackers_share : of the requests, those of another tracker, whose visitors are joined to customers
    """

    page_views_per_day: WholeNumber
    people: WholeNumber
    recommendations_per_day: WholeNumber
    tracker_wait_seconds: WholeNumber
    pages_share: DecimalText
    events_per_page_request: DecimalText
    events_per_server_request: WholeNumber
    other_trackers_share: DecimalText

    @property
    def events_per_request(self) -> Decimal:
        """Events ÷ requests, of pages and servers together, to two decimals."""
        requests = self.pages_share / self.events_per_page_request
        requests += (1 - self.pages_share) / self.events_per_server_request
        return (1 / requests).quantize(Decimal("0.01"))


class Stream(_Section, frozen=True):
    """Kinesis: its mode (``provisioned`` or ``on_demand``), its shards, and how long live gathers a batch."""

    mode: Literal["provisioned", "on_demand"]
    shards: WholeNumber
    most_shards: WholeNumber
    autoscaling: bool
    retention_hours: WholeNumber
    live_window_seconds: WholeNumber


class Collector(_Section, frozen=True):
    """The collector's function, what requests pass on their way, and how long logs are kept.

    Attributes
    ----------
    entrance : of events and recommendations: ``cloudfront`` (CloudFront, web ACL, API Gateway) or ``load_balancer``
        (the console's, with a web ACL)
    reserved_concurrency : the most calls at once; 0 for the account's own limit
    """

    memory_megabytes: WholeNumber
    log_retention_days: WholeNumber
    entrance: Literal["cloudfront", "load_balancer"]
    timeout_seconds: WholeNumber
    reserved_concurrency: WholeNumber
    log_level: Literal["DEBUG", "INFO", "WARN"]


class Live(_Section, frozen=True):
    """The live function, and the capacity of its table; units a second, 0 where it is charged on demand."""

    memory_megabytes: WholeNumber
    timeout_seconds: WholeNumber
    capacity: Literal["on_demand", "provisioned"]
    least_write_units: WholeNumber
    most_write_units: WholeNumber
    least_read_units: WholeNumber
    most_read_units: WholeNumber


class Recommendations(_Section, frozen=True):
    """The function that serves recommendations, and the job that trains them every night."""

    memory_megabytes: WholeNumber
    timeout_seconds: WholeNumber
    training_minutes_per_day: WholeNumber
    training_workers: WholeNumber


class LakeStore(_Section, frozen=True):
    """How long events are kept, how often Firehose writes an object, and how much one question may scan."""

    raw_retention_days: WholeNumber
    firehose_buffer_seconds: WholeNumber
    most_gigabytes_per_question: WholeNumber


class Curation(_Section, frozen=True):
    """The Glue jobs: how often curation runs, workers of one DPU each, the minutes of a run without its events."""

    every_minutes: WholeNumber
    workers: WholeNumber
    minutes_per_run: WholeNumber
    maintenance_every_days: WholeNumber
    crawler_runs_per_day: WholeNumber


class Warehouse(_Section, frozen=True):
    """Redshift Serverless: base and largest RPUs, its RPU-hours a day, what it answers, and how often it is loaded."""

    enabled: bool
    base_rpu: WholeNumber
    most_rpu: WholeNumber
    most_rpu_hours_per_day: WholeNumber
    share_of_questions: DecimalText
    load_every_minutes: WholeNumber


class HostedConsole(_Section, frozen=True):
    """The console's containers; none where it runs on the reader's own machine."""

    hosted: bool
    tasks: WholeNumber
    vcpu: DecimalText
    memory_gigabytes: DecimalText


class Network(_Section, frozen=True):
    """Network parts that are charged by the hour."""

    availability_zones: WholeNumber
    nat_gateways: WholeNumber
    interface_endpoints: WholeNumber
    public_addresses: WholeNumber
    hosted_zones: WholeNumber


class Watching(_Section, frozen=True):
    """Metrics, alarms, dashboards, the canary, the share of calls traced, and the bytes of a line of API Gateway's log.

    `alarms` counts the metrics that alarms compare, which is what is charged; composite alarms come on top. A function
    writes its counts to the logs every `metrics_every_seconds`, 0 for each call.
    """

    custom_metrics: WholeNumber
    alarms: WholeNumber
    composite_alarms: WholeNumber
    canary_runs_per_day: WholeNumber
    dashboards: WholeNumber
    traced_share: DecimalText
    log_bytes_per_request: WholeNumber
    metrics_every_seconds: WholeNumber


class Security(_Section, frozen=True):
    """The firewall's rules, the services that watch the account, and keys and secrets."""

    waf_rules: WholeNumber
    guardduty: bool
    security_hub: bool
    checks_per_day: WholeNumber
    config_items_per_month: WholeNumber
    management_events_per_month: WholeNumber
    macie_buckets: WholeNumber
    macie_gigabytes_per_month: WholeNumber
    keys: WholeNumber
    secrets: WholeNumber


class Tier(_Section, frozen=True):
    """One size of the deployment.

    Attributes
    ----------
    name, title, summary : ``dev``, its heading, and what sets it apart in one line
    events_per_day : the traffic it is made for
    monthly_usd : the band its bill must fall in
    """

    title: str
    summary: str
    events_per_day: Annotated[int, msgspec.Meta(gt=0)]
    monthly_usd: Band
    usage: TypicalUsage
    stream: Stream
    collector: Collector
    live: Live
    recommendations: Recommendations
    lake: LakeStore
    curation: Curation
    warehouse: Warehouse
    console: HostedConsole
    network: Network
    watching: Watching
    security: Security
    name: str = ""


@lru_cache(maxsize=8)
def load(path: Path = TIERS) -> tuple[Tier, ...]:
    """The tiers, smallest first.

    Raises
    ------
    SettingsError
        The file cannot be read, or a tier lacks a setting, has one too many, or one of another kind; names the line.
    """
    file = read_toml(path, name="file of tiers")
    found = []
    for name in file.tables("tier"):
        tier = file.convert(Tier, ("tier", name))
        if tier.name:
            raise file.mistake(
                ("tier", name, "name"), f"There is no setting tier.{name}.name", f"[tier.{name}] names the tier."
            )
        found.append(msgspec.structs.replace(tier, name=name))
    if not found:
        raise file.mistake((), "There is no tier", "Write [tier.dev] and its settings.")
    return tuple(sorted(found, key=lambda tier: tier.events_per_day))
