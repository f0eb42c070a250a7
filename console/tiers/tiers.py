"""The sizes of the AWS deployment: `infra_cdk/tiers.toml`, read and checked. The stacks are made from the same file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from catalogue.errors import SettingsError

TIERS = Path(__file__).resolve().parents[2] / "infra_cdk" / "tiers.toml"


@dataclass(frozen=True)
class Band:
    """What a month of a tier must cost, in US dollars, both ends included."""

    low: Decimal
    high: Decimal

    def holds(self, amount: Decimal) -> bool:
        """Whether an amount lies in the band."""
        return self.low <= amount <= self.high


@dataclass(frozen=True)
class TypicalUsage:
    """What is used where nothing was measured: views of console pages, people who open them, recommendations asked."""

    page_views_per_day: int
    people: int
    recommendations_per_day: int


@dataclass(frozen=True)
class Stream:
    """Kinesis: its mode (``provisioned`` or ``on_demand``), its shards, and how long live gathers a batch."""

    mode: str
    shards: int
    most_shards: int
    autoscaling: bool
    retention_hours: int
    live_window_seconds: int


@dataclass(frozen=True)
class Collector:
    """The collector's function and its logs."""

    memory_megabytes: int
    log_retention_days: int


@dataclass(frozen=True)
class LakeStore:
    """How long events are kept, and how often Firehose writes an object."""

    raw_retention_days: int
    firehose_buffer_seconds: int


@dataclass(frozen=True)
class Curation:
    """The Glue job: how often, workers of one DPU each, and the minutes of a run without its events."""

    every_minutes: int
    workers: int
    minutes_per_run: int
    crawler_runs_per_day: int


@dataclass(frozen=True)
class Warehouse:
    """Redshift Serverless: its base capacity, the RPU-hours a day it may use, and the share of questions it answers."""

    enabled: bool
    base_rpu: int
    most_rpu_hours_per_day: int
    share_of_questions: Decimal


@dataclass(frozen=True)
class HostedConsole:
    """The console's containers; none where it runs on the reader's own machine."""

    hosted: bool
    tasks: int
    vcpu: Decimal
    memory_gigabytes: Decimal


@dataclass(frozen=True)
class Network:
    """What stands in the way of packets and is charged by the hour."""

    availability_zones: int
    nat_gateways: int
    interface_endpoints: int
    public_addresses: int
    hosted_zones: int


@dataclass(frozen=True)
class Watching:
    """Metrics, alarms, dashboards, the share of requests traced, and the bytes each one writes to the logs."""

    custom_metrics: int
    alarms: int
    dashboards: int
    traced_share: Decimal
    log_bytes_per_request: int


@dataclass(frozen=True)
class Security:
    """The firewall's rules, the services that watch the account, and keys and secrets."""

    waf_rules: int
    guardduty: bool
    security_hub: bool
    checks_per_day: int
    config_items_per_month: int
    management_events_per_month: int
    macie_buckets: int
    macie_gigabytes_per_month: int
    keys: int
    secrets: int


@dataclass(frozen=True)
class Tier:
    """One size of the deployment.

    Attributes
    ----------
    name, title, summary : ``dev``, its heading, and what sets it apart in one line
    events_per_day : the traffic it is made for
    monthly_usd : the band its bill must fall in
    """

    name: str
    title: str
    summary: str
    events_per_day: int
    monthly_usd: Band
    usage: TypicalUsage
    stream: Stream
    collector: Collector
    lake: LakeStore
    curation: Curation
    warehouse: Warehouse
    console: HostedConsole
    network: Network
    watching: Watching
    security: Security


_SECTIONS: Mapping[str, type[Any]] = {
    "monthly_usd": Band,
    "usage": TypicalUsage,
    "stream": Stream,
    "collector": Collector,
    "lake": LakeStore,
    "curation": Curation,
    "warehouse": Warehouse,
    "console": HostedConsole,
    "network": Network,
    "watching": Watching,
    "security": Security,
}
_MODES = ("provisioned", "on_demand")
_Section = TypeVar("_Section")


@lru_cache(maxsize=8)
def load(path: Path = TIERS) -> tuple[Tier, ...]:
    """The tiers, smallest first.

    Raises
    ------
    SettingsError
        The file cannot be read, or a tier lacks a setting, has one too many, or one of another kind; names it.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The tiers cannot be read: {error}", where=str(path), remedy="Mend the file, or name another."
        ) from error
    written = values.get("tier")
    if not isinstance(written, dict) or not written:
        raise SettingsError("There is no tier", where=str(path), remedy="Write [tier.dev] and its settings.")
    found = [_tier(path, name, entry) for name, entry in written.items()]
    return tuple(sorted(found, key=lambda tier: tier.events_per_day))


def _tier(path: Path, name: str, entry: Mapping[str, Any]) -> Tier:
    here = f"{path}: [tier.{name}]"
    plain = {key: value for key, value in entry.items() if key not in _SECTIONS}
    sections = {key: _section(f"{path}: [tier.{name}.{key}]", kind, entry.get(key)) for key, kind in _SECTIONS.items()}
    own = {each.name for each in fields(Tier)} - {"name", *_SECTIONS}
    _check_names(here, set(plain), own)
    for key in ("title", "summary"):
        if not isinstance(plain[key], str):
            raise _wrong(here, key, plain[key], "a text")
    if not isinstance(plain["events_per_day"], int) or plain["events_per_day"] <= 0:
        raise _wrong(here, "events_per_day", plain["events_per_day"], "a positive number")
    tier = Tier(name=name, **plain, **sections)
    if tier.stream.mode not in _MODES:
        raise _wrong(f"{path}: [tier.{name}.stream]", "mode", tier.stream.mode, " or ".join(_MODES))
    return tier


def _section(here: str, kind: type[_Section], entry: object) -> _Section:
    """One table as its dataclass: numbers are whole and not negative, shares and money are decimals in quotes."""
    if not isinstance(entry, dict):
        raise SettingsError("A table is missing", where=here, remedy="Write it, with all its settings.")
    wanted = {each.name: str(each.type) for each in fields(kind)}  # type: ignore[arg-type]
    _check_names(here, set(entry), set(wanted))
    values: dict[str, object] = {}
    for name, form in wanted.items():
        value = entry[name]
        if form == "Decimal":
            values[name] = _decimal(here, name, value)
        elif form == "bool" and not isinstance(value, bool):
            raise _wrong(here, name, value, "true or false")
        elif form == "int" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise _wrong(here, name, value, "a whole number, not negative")
        elif form == "str" and not isinstance(value, str):
            raise _wrong(here, name, value, "a text")
        else:
            values[name] = value
    return kind(**values)


def _check_names(here: str, given: set[str], wanted: set[str]) -> None:
    for name in sorted(wanted - given):
        raise SettingsError(f"{name} is missing", where=here, remedy=f"Settings: {', '.join(sorted(wanted))}.")
    for name in sorted(given - wanted):
        raise SettingsError(f"There is no setting {name}", where=here, remedy=f"Settings: {', '.join(sorted(wanted))}.")


def _decimal(here: str, name: str, value: object) -> Decimal:
    try:
        if not isinstance(value, str):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite() or number < 0:
            raise InvalidOperation
    except InvalidOperation:
        raise _wrong(here, name, value, 'a decimal in quotes, such as "0.5"') from None
    return number


def _wrong(here: str, name: str, value: object, wanted: str) -> SettingsError:
    return SettingsError(f"{name} is {value!r}", where=here, remedy=f"Write {wanted}.")
