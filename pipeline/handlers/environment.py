"""The environment of the handlers: read once, frozen and typed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

import msgspec

from catalogue.errors import SettingsError
from pipeline.collecting.keys import WriteKey

WRITE_KEYS, WRITE_KEYS_ARN = "TAKINGS_WRITE_KEYS", "TAKINGS_WRITE_KEYS_ARN"
ORIGIN_SECRET, ORIGIN_SECRET_ARN = "TAKINGS_ORIGIN_SECRET", "TAKINGS_ORIGIN_SECRET_ARN"
SHORTEST_SECRET = 16  # characters; of what the edge sends


@dataclass(frozen=True)
class EdgeSettings:
    """How a handler knows what came through the edge. Where both are empty it takes everything.

    Attributes
    ----------
    secrets : values of the header that only the edge sends; two while one takes the other's place
        (``TAKINGS_ORIGIN_SECRET``, separated by a comma)
    arn : the secret of Secrets Manager that holds them in the same way (``TAKINGS_ORIGIN_SECRET_ARN``)
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    arn: str = ""


@dataclass(frozen=True)
class RecommendationSettings:
    """How the handler of recommendations runs; the members that `Environment` has too are as there.

    Attributes
    ----------
    table : name of the table of recommendations (``TAKINGS_RECOMMENDATIONS_TABLE``)
    live_table : name of the live table, which has the recent items of customers (``TAKINGS_LIVE_TABLE``)
    """

    table: str
    live_table: str
    origins: tuple[str, ...] = ()
    write_keys: tuple[WriteKey, ...] = ()
    write_keys_arn: str = ""
    edge: EdgeSettings = EdgeSettings()
    metrics_seconds: int = 0


@dataclass(frozen=True)
class Environment:
    """How a handler runs.

    Attributes
    ----------
    stream : name of the Kinesis stream (``TAKINGS_STREAM``)
    live_table : name of the live table (``TAKINGS_LIVE_TABLE``); the live rollup needs it, and the collector remembers
        known customers in it: without it, nobody is joined
    recommendations_table : name of the table of recommendations (``TAKINGS_RECOMMENDATIONS_TABLE``), of which the live
        rollup reads who refuses them; without it, nobody does
    reporting_currency, retention_days, fractional_quantities, largest_amount, confirm_public_orders : the lake's
        (``TAKINGS_REPORTING_CURRENCY``, ``TAKINGS_RETENTION_DAYS``, ``TAKINGS_FRACTIONAL_QUANTITIES``: 1 or 0,
        ``TAKINGS_LARGEST_AMOUNT``: 0 for no limit, ``TAKINGS_CONFIRM_PUBLIC_ORDERS``: 1 or 0)
    origins : pages that may send from a browser (``TAKINGS_ORIGINS``, separated by commas)
    write_keys : what `python -m pipeline keys` writes to ``keys.json``; it holds digests, and of webhook keys the
        signing secret (``TAKINGS_WRITE_KEYS``). An environment holds 4 KB, some ten keys
    write_keys_arn : the secret of Secrets Manager that holds them instead: 64 KB (``TAKINGS_WRITE_KEYS_ARN``)
    edge : how the collector knows what came through the edge
    metrics_seconds : the least time between two reports of what the collector counted (``TAKINGS_METRICS_SECONDS``,
        default 0: with every answer)
    """

    stream: str
    live_table: str
    reporting_currency: str
    retention_days: int
    origins: tuple[str, ...]
    write_keys: tuple[WriteKey, ...]
    fractional_quantities: bool = False
    largest_amount: Decimal | None = None
    confirm_public_orders: bool = False
    write_keys_arn: str = ""
    edge: EdgeSettings = EdgeSettings()
    metrics_seconds: int = 0
    recommendations_table: str = ""


def read(values: Mapping[str, str]) -> Environment:
    """Make the environment from variables.

    Raises
    ------
    SettingsError
        A variable is missing or has a value that cannot be used; names it.
    """
    stream = values.get("TAKINGS_STREAM", "")
    if not stream:
        raise SettingsError(
            "The stream has no name", where="TAKINGS_STREAM", remedy="Set it to the Kinesis stream's name."
        )
    days = values.get("TAKINGS_RETENTION_DAYS", "1100")
    if not days.isdecimal() or int(days) < 1:
        raise SettingsError(f"{days!r} is no number of days", where="TAKINGS_RETENTION_DAYS")
    currency = values.get("TAKINGS_REPORTING_CURRENCY", "USD")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise SettingsError(f"{currency!r} is no ISO 4217 code", where="TAKINGS_REPORTING_CURRENCY")
    largest = values.get("TAKINGS_LARGEST_AMOUNT", "1000000000")
    if not largest.isdecimal():
        raise SettingsError(f"{largest!r} is no amount", where="TAKINGS_LARGEST_AMOUNT", remedy="0 means no limit.")
    return Environment(
        stream,
        values.get("TAKINGS_LIVE_TABLE", ""),
        currency,
        int(days),
        _origins(values),
        _keys(values),
        fractional_quantities=_flag(values, "TAKINGS_FRACTIONAL_QUANTITIES"),
        largest_amount=Decimal(largest) or None,
        confirm_public_orders=_flag(values, "TAKINGS_CONFIRM_PUBLIC_ORDERS"),
        write_keys_arn=values.get(WRITE_KEYS_ARN, ""),
        edge=read_edge(values),
        metrics_seconds=_metrics_seconds(values),
        recommendations_table=values.get("TAKINGS_RECOMMENDATIONS_TABLE", ""),
    )


def read_recommendations(values: Mapping[str, str]) -> RecommendationSettings:
    """Make the settings of the handler of recommendations from variables. Raises SettingsError as `read`."""
    table, live_table = values.get("TAKINGS_RECOMMENDATIONS_TABLE", ""), values.get("TAKINGS_LIVE_TABLE", "")
    if not (table and live_table):
        raise SettingsError(
            "A table has no name",
            where="TAKINGS_RECOMMENDATIONS_TABLE, TAKINGS_LIVE_TABLE",
            remedy="Set both to the names of DynamoDB tables.",
        )
    return RecommendationSettings(
        table,
        live_table,
        origins=_origins(values),
        write_keys=_keys(values),
        write_keys_arn=values.get(WRITE_KEYS_ARN, ""),
        edge=read_edge(values),
        metrics_seconds=_metrics_seconds(values),
    )


def read_edge(values: Mapping[str, str]) -> EdgeSettings:
    """How this handler knows what came through the edge. Raises SettingsError as `origin_secrets`."""
    given, arn = values.get(ORIGIN_SECRET, ""), values.get(ORIGIN_SECRET_ARN, "")
    if given and arn:
        raise SettingsError(
            f"{ORIGIN_SECRET} and {ORIGIN_SECRET_ARN} are both set", where=ORIGIN_SECRET, remedy="Set one of the two."
        )
    return EdgeSettings(origin_secrets(given, where=ORIGIN_SECRET) if given else (), arn)


def origin_secrets(text: str, *, where: str) -> tuple[str, ...]:
    """The values of a text, separated by commas. Raises SettingsError where one could be guessed, or there is none."""
    found = tuple(value.strip() for value in text.split(","))
    if any(len(value) < SHORTEST_SECRET for value in found):
        raise SettingsError(
            f"A value of the edge's secret has less than {SHORTEST_SECRET} characters",
            where=where,
            remedy="Give one value, or two separated by a comma, as `openssl rand -hex 32` makes them.",
        )
    return found


def keys_of(text: str, *, where: str) -> list[WriteKey]:
    """The write keys of the content of a ``keys.json``. Raises SettingsError where it is none, without showing it."""
    try:
        return msgspec.json.decode(text, type=list[WriteKey])
    except msgspec.MsgspecError as error:
        raise SettingsError(
            f"The write keys cannot be read: {error}", where=where, remedy="Set it to the content of keys.json."
        ) from error


def _keys(values: Mapping[str, str]) -> tuple[WriteKey, ...]:
    keys = keys_of(values.get(WRITE_KEYS) or "[]", where=WRITE_KEYS)
    if keys and values.get(WRITE_KEYS_ARN):
        raise SettingsError(
            f"{WRITE_KEYS} and {WRITE_KEYS_ARN} are both set", where=WRITE_KEYS, remedy="Set one of the two."
        )
    return tuple(keys)


def _metrics_seconds(values: Mapping[str, str]) -> int:
    seconds = values.get("TAKINGS_METRICS_SECONDS", "0")
    if not seconds.isdecimal():
        raise SettingsError(f"{seconds!r} is no number of seconds", where="TAKINGS_METRICS_SECONDS")
    return int(seconds)


def _origins(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(origin.strip() for origin in values.get("TAKINGS_ORIGINS", "").split(",") if origin.strip())


def _flag(values: Mapping[str, str], name: str) -> bool:
    given = values.get(name, "0")
    if given not in ("0", "1"):
        raise SettingsError(f"{given!r} is neither 0 nor 1", where=name)
    return given == "1"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """This process's environment."""
    return read(os.environ)
