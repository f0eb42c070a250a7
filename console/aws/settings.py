"""Settings of the ``aws`` profile, read by `console.settings` from the environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalogue.errors import SettingsError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_LOCATION = re.compile(r"s3://[a-z0-9.-]{3,63}(/[^'\s]*)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DEPLOYED = "The deployment's outputs name it."
MOST_RPUS = 1024  # the largest base capacity of Redshift Serverless


@dataclass(frozen=True)
class AwsSettings:
    """Where the console finds what was deployed.

    Attributes
    ----------
    region : ``AWS_REGION``, else ``AWS_DEFAULT_REGION``
    lake_bucket, lake_prefix : ``TAKINGS_LAKE_BUCKET``, ``TAKINGS_LAKE_PREFIX`` (empty, or with a slash at its end)
    database : the Glue database of the curated tables (``TAKINGS_DATABASE``)
    athena_workgroup : the workgroup with the byte cutoff (``TAKINGS_ATHENA_WORKGROUP``)
    athena_results : ``s3://bucket/prefix/`` of result files (``TAKINGS_ATHENA_RESULTS``)
    live_table, decisions_table : DynamoDB tables (``TAKINGS_LIVE_TABLE``, ``TAKINGS_DECISIONS_TABLE``)
    redshift_workgroup, redshift_database : the warehouse, None for none: Athena answers all
        (``TAKINGS_REDSHIFT_WORKGROUP``, ``TAKINGS_REDSHIFT_DATABASE``)
    redshift_base_rpus : the warehouse's base capacity (``TAKINGS_REDSHIFT_BASE_RPUS``)
    reporting_currency, reporting_time_zone : as curation was told (``TAKINGS_REPORTING_CURRENCY``,
        ``TAKINGS_REPORTING_TIME_ZONE``)
    """

    region: str
    lake_bucket: str
    database: str
    athena_workgroup: str
    athena_results: str
    live_table: str
    decisions_table: str
    lake_prefix: str = ""
    redshift_workgroup: str | None = None
    redshift_database: str | None = None
    redshift_base_rpus: int = 8
    reporting_currency: str = "USD"
    reporting_time_zone: str = "UTC"


def read(values: Mapping[str, str]) -> AwsSettings:
    """Settings from these variables.

    Raises
    ------
    SettingsError
        A variable is missing or cannot be used; names it.
    """
    warehouse = _name(values, "TAKINGS_REDSHIFT_WORKGROUP", needed=False)
    return AwsSettings(
        region=_region(values),
        lake_bucket=_needed(values, "TAKINGS_LAKE_BUCKET"),
        lake_prefix=_prefix(values.get("TAKINGS_LAKE_PREFIX", "")),
        database=_needed(values, "TAKINGS_DATABASE"),
        athena_workgroup=_needed(values, "TAKINGS_ATHENA_WORKGROUP"),
        athena_results=_location(values, "TAKINGS_ATHENA_RESULTS"),
        live_table=_needed(values, "TAKINGS_LIVE_TABLE"),
        decisions_table=_needed(values, "TAKINGS_DECISIONS_TABLE"),
        redshift_workgroup=warehouse,
        redshift_database=_name(values, "TAKINGS_REDSHIFT_DATABASE", needed=warehouse is not None),
        redshift_base_rpus=_rpus(values.get("TAKINGS_REDSHIFT_BASE_RPUS") or "8"),
        reporting_currency=_currency(values.get("TAKINGS_REPORTING_CURRENCY") or "USD"),
        reporting_time_zone=_zone(values.get("TAKINGS_REPORTING_TIME_ZONE") or "UTC"),
    )


def _needed(values: Mapping[str, str], variable: str) -> str:
    return _name(values, variable, needed=True) or ""


def _name(values: Mapping[str, str], variable: str, *, needed: bool) -> str | None:
    text = values.get(variable, "").strip()
    if not text:
        if needed:
            raise SettingsError("The aws profile needs a value", where=variable, remedy=_DEPLOYED)
        return None
    if not _NAME.fullmatch(text):
        raise SettingsError(f"{text!r} is no name of an AWS resource", where=variable, remedy=_DEPLOYED)
    return text


def _region(values: Mapping[str, str]) -> str:
    text = (values.get("AWS_REGION") or values.get("AWS_DEFAULT_REGION") or "").strip()
    if not _REGION.fullmatch(text):
        what = f"{text!r} is no region" if text else "The aws profile needs a region"
        raise SettingsError(what, where="AWS_REGION", remedy="Write it like eu-central-1.")
    return text


def _prefix(text: str) -> str:
    stripped = text.strip().strip("/")
    return f"{stripped}/" if stripped else ""


def _location(values: Mapping[str, str], variable: str) -> str:
    text = values.get(variable, "").strip()
    if not _LOCATION.fullmatch(text):
        what = f"{text!r} is no place in S3" if text else "The aws profile needs a value"
        raise SettingsError(what, where=variable, remedy="Write it like s3://bucket/results/.")
    return text.rstrip("/") + "/"


def _rpus(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 0 < number <= MOST_RPUS:
        raise SettingsError(
            f"A base capacity of {text!r} is not possible",
            where="TAKINGS_REDSHIFT_BASE_RPUS",
            remedy=f"Give a whole number of RPUs, 1 to {MOST_RPUS}.",
        )
    return number


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise SettingsError(
            f"Currency {text!r} is not an ISO 4217 code",
            where="TAKINGS_REPORTING_CURRENCY",
            remedy="Write it like USD.",
        )
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"Time zone {text!r} is unknown", where="TAKINGS_REPORTING_TIME_ZONE", remedy="Write it like Europe/Berlin."
        ) from error
    return text
