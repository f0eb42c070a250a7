"""Settings of the ``aws`` profile, read by `console.settings` from the environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import replace

from catalogue.errors import SettingsError

DEPLOYED = "The deployment's outputs name it."
MOST_RPUS = 1024  # the largest base capacity of Redshift Serverless


def _matching(pattern: str, what: str, remedy: str, missing: str = "The aws profile needs a value") -> Meta:
    """What a text must match, and how a wrong or missing one is explained."""
    return Meta(pattern=rf"^(?:{pattern})\Z", extra={"what": what, "remedy": remedy, "missing": missing})


Name = Annotated[str, _matching(r"[A-Za-z0-9._-]{1,255}", "{!r} is no name of an AWS resource", DEPLOYED)]
Region = Annotated[
    str,
    _matching(
        r"[a-z]{2}(-[a-z]+)+-\d", "{!r} is no region", "Write it like eu-central-1.", "The aws profile needs a region"
    ),
]
Location = Annotated[
    str,
    _matching(r"s3://[a-z0-9.-]{3,63}(/[^'\s]*)?", "{!r} is no place in S3", "Write it like s3://bucket/results/."),
]
Currency = Annotated[str, _matching("[A-Z]{3}", "Currency {!r} is not an ISO 4217 code", "Write it like USD.")]
Rpus = Annotated[
    int,
    Meta(
        ge=1,
        le=MOST_RPUS,
        extra={
            "what": "A base capacity of {!r} is not possible",
            "remedy": f"Give a whole number of RPUs, 1 to {MOST_RPUS}.",
        },
    ),
]


def _variable(field: str) -> str:
    return "AWS_REGION" if field == "region" else f"TAKINGS_{field.upper()}"


class AwsSettings(Struct, frozen=True, kw_only=True, rename=_variable):
    """Where the console finds what was deployed; a field such as `live_table` is the variable ``TAKINGS_LIVE_TABLE``.

    Attributes
    ----------
    region : ``AWS_REGION``, else ``AWS_DEFAULT_REGION``
    lake_prefix : empty, or with a slash at its end
    database : the Glue database of the curated tables
    athena_workgroup : the workgroup with the byte cutoff
    athena_results : ``s3://bucket/prefix/`` of result files
    live_table, decisions_table : DynamoDB tables
    recommendations_table : DynamoDB table of models; None where nothing is recommended
    redshift_workgroup, redshift_database : the warehouse; None for none: Athena answers all
    redshift_base_rpus : the warehouse's base capacity
    reporting_currency, reporting_time_zone : as curation uses them
    """

    region: Region
    lake_bucket: Name
    database: Name
    athena_workgroup: Name
    athena_results: Location
    live_table: Name
    decisions_table: Name
    recommendations_table: Name | None = None
    lake_prefix: str = ""
    redshift_workgroup: Name | None = None
    redshift_database: Name | None = None
    redshift_base_rpus: Rpus = 8
    reporting_currency: Currency = "USD"
    reporting_time_zone: str = "UTC"


def read(values: Mapping[str, str]) -> AwsSettings:
    """Settings from these variables; the SettingsError for one that is missing or cannot be used names it."""
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    if "AWS_DEFAULT_REGION" in given:
        given.setdefault("AWS_REGION", given["AWS_DEFAULT_REGION"])
    try:
        settings = convert(given, AwsSettings, strict=False)
    except ValidationError as error:
        raise _explained(error, given) from error
    if settings.redshift_workgroup is not None and settings.redshift_database is None:
        raise SettingsError("The aws profile needs a value", where="TAKINGS_REDSHIFT_DATABASE", remedy=DEPLOYED)
    zone = settings.reporting_time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"Time zone {zone!r} is unknown", where="TAKINGS_REPORTING_TIME_ZONE", remedy="Write it like Europe/Berlin."
        ) from error
    prefix = settings.lake_prefix.strip("/")
    return replace(
        settings,
        lake_prefix=f"{prefix}/" if prefix else "",
        athena_results=settings.athena_results.rstrip("/") + "/",
    )


def _explained(error: ValidationError, given: Mapping[str, str]) -> SettingsError:
    """The failure of msgspec, in the words of the variable that it names."""
    named = re.search(r"`(?:\$\.)?([A-Z_]{4,})`", str(error))
    field, variable = next((name, _variable(name)) for name in _HINTS if named and _variable(name) == named[1])
    hint = _HINTS[field] if hasattr(_HINTS[field], "__metadata__") else get_args(_HINTS[field])[0]
    extra: dict[str, Any] = hint.__metadata__[0].extra
    text = given.get(variable)
    what = extra["missing"] if text is None else extra["what"].format(text)
    return SettingsError(what, where=variable, remedy=extra["remedy"])


_HINTS = get_type_hints(AwsSettings, include_extras=True)
