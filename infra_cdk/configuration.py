"""The one file that says where to deploy and for whom, read and checked: `deployment.toml`."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from console.finops.toml_files import TomlFile, read_toml

DEPLOYMENT = Path(__file__).with_name("deployment.toml")
LONGEST_NAME = 14  # of an installation: a bucket's name has 63 characters, with tier, purpose, account and region in it
MOST_MAILS = 10  # of a budget's threshold. Source: AWS Budgets API reference, NotificationWithSubscribers
LEAST_ZONES = 3  # of Redshift Serverless; source: its considerations for workgroups, subnets in three zones
RESERVED_BY_COGNITO = ("aws", "amazon", "cognito")  # source: Cognito developer guide, prefix domains
RESERVED_BEGINNINGS = ("internal-", "sthree-", "xn--")
"""Of names of load balancers and buckets. Source: Elastic Load Balancing API, CreateLoadBalancer; S3 naming rules."""
LARGEST_NETWORK, SMALLEST_NETWORK = 16, 20
"""Bits of the prefix: of the largest that a VPC takes, and of the smallest that has room for nine subnets."""

Presence = Literal["create", "adopt", "skip"]
Mail = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+\Z")]


class _Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class InstallationSettings(_Section, frozen=True):
    """Whose names, which account, which region."""

    name: Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9-]{{0,{LONGEST_NAME - 2}}}[a-z0-9]\Z")]
    account: Annotated[str, Meta(pattern=r"^\d{12}\Z")]
    region: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d\Z")]
    zones: Annotated[tuple[str, ...], Meta(min_length=LEAST_ZONES, max_length=LEAST_ZONES)]


class LakeSettings(_Section, frozen=True):
    """How events are read: the same in collector, curation and console."""

    reporting_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    reporting_time_zone: str
    retention_days: Annotated[int, Meta(ge=1)]
    largest_amount: Annotated[int, Meta(ge=0)]
    origins: tuple[str, ...]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    confirm_public_orders: bool
    fractional_quantities: bool


class People(_Section, frozen=True):
    """Who is written to."""

    operators: tuple[Mail, ...]
    finance: Annotated[tuple[Mail, ...], Meta(max_length=MOST_MAILS)]


class Domain(_Section, frozen=True):
    """A hosted zone of Route 53 in this account; `events.<name>` is the collector's, `console.<name>` the console's."""

    name: Annotated[str, Meta(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}\Z")]
    hosted_zone_id: Annotated[str, Meta(pattern=r"^Z[A-Z0-9]{1,31}\Z")]


class NetworkSettings(_Section, frozen=True):
    """Addresses of the private network, where a tier has one."""

    cidr: str


class AccountServices(_Section, frozen=True):
    """What an account has once: made, used as it is, or left out."""

    guardduty: Presence
    security_hub: Presence
    macie: Presence
    config_recorder: Presence
    cost_anomaly_monitor: Presence


class Flags(_Section, frozen=True):
    """What is made only where it is wanted.

    `cost_tags_active` is a fact of the account: the tags of our resources are cost allocation tags.
    """

    focus_export: bool
    quicksight: bool
    cost_tags_active: bool


class QuickSightSettings(_Section, frozen=True):
    """Who gets the dashboard: the ARN of a user or group of QuickSight."""

    principal_arn: Annotated[str, Meta(pattern=r"^arn:aws:quicksight:[a-z0-9-]+:\d{12}:(user|group)/[^/\s]+/\S+\Z")]


class Configuration(_Section, frozen=True):
    """All of `deployment.toml`."""

    installation: InstallationSettings
    lake: LakeSettings
    people: People
    network: NetworkSettings
    account: AccountServices
    flags: Flags
    domain: Domain | None = None
    quicksight: QuickSightSettings | None = None


@lru_cache(maxsize=8)
def load(path: Path = DEPLOYMENT) -> Configuration:
    """The configuration of a file.

    Raises
    ------
    SettingsError
        The file cannot be read, lacks a setting, has one too many, or one that cannot be; names the line.
    """
    file = read_toml(path, name="deployment file")
    configuration = file.convert(Configuration)
    for place, what, remedy in _mistakes(configuration):
        raise file.mistake(place, what, remedy)
    _check_time_zone(file, configuration)
    return configuration


def _mistakes(configuration: Configuration) -> list[tuple[tuple[str, str], str, str]]:
    """What types alone do not say: place, what is wrong, remedy."""
    given = configuration.installation
    found = []
    strangers = [zone for zone in given.zones if not re.fullmatch(rf"{given.region}[a-z]", zone)]
    if strangers:
        found.append((
            ("installation", "zones"),
            f"{strangers[0]!r} is no zone of {given.region}",
            f"Write three of {given.region}a, {given.region}b, …; `aws ec2 describe-availability-zones` lists them.",
        ))  # fmt: skip
    if len(set(given.zones)) < LEAST_ZONES:
        found.append((("installation", "zones"), "A zone is named twice", "Write three different ones."))
    try:
        fits = LARGEST_NETWORK <= IPv4Network(configuration.network.cidr).prefixlen <= SMALLEST_NETWORK
    except ValueError:
        fits = False
    if not fits:
        found.append((
            ("network", "cidr"),
            f"{configuration.network.cidr!r} is no network of 4,096 to 65,536 addresses",
            "Write one such as 10.71.0.0/16.",
        ))  # fmt: skip
    if f"{given.name}-".startswith(RESERVED_BEGINNINGS):
        found.append((
            ("installation", "name"), f"{given.name!r} begins as AWS's own names do", "Choose another name."
        ))  # fmt: skip
    reserved = [word for word in RESERVED_BY_COGNITO if word in given.name]
    if configuration.domain is not None and reserved:
        found.append((
            ("installation", "name"),
            f"{given.name!r} contains {reserved[0]!r}, which the address of Cognito's sign-in may not",
            "Choose another name.",
        ))  # fmt: skip
    if configuration.flags.quicksight and configuration.quicksight is None:
        found.append((
            ("flags", "quicksight"),
            "Nobody is named who gets the dashboard",
            "Write [quicksight] with principal_arn: `aws quicksight list-users` and `list-groups` show ARNs.",
        ))  # fmt: skip
    for origin in configuration.lake.origins:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
            found.append((
                ("lake", "origins"), f"{origin!r} is no origin of a page", "Write scheme and host: https://shop.example."
            ))  # fmt: skip
    return found


def _check_time_zone(file: TomlFile, configuration: Configuration) -> None:
    zone = configuration.lake.reporting_time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        place = ("lake", "reporting_time_zone")
        raise file.mistake(place, f"Time zone {zone!r} is unknown", "Write it like Europe/Berlin.") from error
