"""Settings of the console: frozen, typed, read once. The only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.errors import SettingsError

if TYPE_CHECKING:
    from console.aws.settings import AwsSettings

PROFILES = ("embedded", "aws")
DEFAULT_LAKE = "lake"
CALL_DAYS = 90  # a quarter
MOST_TRAFFIC = 1000.0  # events a second beside the pages of one process


@dataclass(frozen=True)
class Settings:
    """How this console runs.

    Attributes
    ----------
    profile : ``embedded``: everything in one process, on a lake folder; ``aws``: on what was deployed
    lake : the lake folder
    regions : regions the viewers of this console may see; None for all (``TAKINGS_REGIONS``, separated by commas)
    origins : pages that may send events from a browser (``TAKINGS_ORIGINS``, separated by commas)
    traffic : events per second of the sample shop to play, on a sample lake only (``TAKINGS_TRAFFIC``)
    viewer_header : the request header in which a proxy that signs readers in names them (``TAKINGS_VIEWER_HEADER``);
        set it only behind such a proxy, for anybody else can write what they like there
    country : whose public holidays the forecast knows, ISO 3166 (``TAKINGS_COUNTRY``)
    call_days : how many days the single calls of this console are kept; by day they are kept for good
        (``TAKINGS_CALL_DAYS``)
    access_log : whether each request to the collector is logged, in one line of JSON (``TAKINGS_ACCESS_LOG=1``)
    trusted_proxies : addresses or networks of the proxies in front, whose ``X-Forwarded-For`` names the sender
        (``TAKINGS_TRUSTED_PROXIES``, separated by commas); anybody else can write there what they like
    training : whether the embedded pipeline learns what to recommend each night (``TAKINGS_TRAINING``, 1 or 0)
    aws : where the ``aws`` profile finds what was deployed; None in the embedded one
    """

    profile: str = "embedded"
    lake: Path = Path(DEFAULT_LAKE)
    regions: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()
    traffic: float = 0.0
    viewer_header: str = ""
    country: str = "US"
    aws: AwsSettings | None = None
    call_days: int = CALL_DAYS
    access_log: bool = False
    trusted_proxies: tuple[str, ...] = ()
    training: bool = True


def read(values: Mapping[str, str]) -> Settings:
    """Settings from the variables of an environment.

    Raises
    ------
    SettingsError
        A variable has a value that cannot be used; names it.
    """
    profile = values.get("TAKINGS_PROFILE", "embedded")
    if profile not in PROFILES:
        raise SettingsError(
            f"Profile {profile!r} is unknown", where="TAKINGS_PROFILE", remedy=f"Use {' or '.join(PROFILES)}."
        )
    lake = values.get("TAKINGS_LAKE") or DEFAULT_LAKE
    regions = values.get("TAKINGS_REGIONS")
    chosen = None if regions is None else _listed(regions)
    origins = _listed(values.get("TAKINGS_ORIGINS", ""))
    traffic = _rate(values.get("TAKINGS_TRAFFIC") or "0")
    header = values.get("TAKINGS_VIEWER_HEADER", "").strip()
    days = call_days(values.get("TAKINGS_CALL_DAYS") or str(CALL_DAYS))
    aws = None
    if profile == "aws":
        from console.aws import settings as deployment

        aws = deployment.read(values)
    country = _country(values.get("TAKINGS_COUNTRY") or "US")
    return Settings(
        profile,
        folder(lake, "TAKINGS_LAKE"),
        chosen,
        origins,
        traffic,
        header,
        country,
        aws,
        days,
        access_log=_switch(values.get("TAKINGS_ACCESS_LOG") or "0", "TAKINGS_ACCESS_LOG"),
        trusted_proxies=tuple(map(_network, _listed(values.get("TAKINGS_TRUSTED_PROXIES", "")))),
        training=_switch(values.get("TAKINGS_TRAINING") or "1", "TAKINGS_TRAINING"),
    )


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of this process, read from its environment by the first call; raises as `read`."""
    return read(os.environ)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _switch(text: str, where: str) -> bool:
    if text not in ("0", "1"):
        raise SettingsError(f"{text!r} is neither on nor off", where=where, remedy="Give 1 or 0.")
    return text == "1"


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is no network address: {error}",
            where="TAKINGS_TRUSTED_PROXIES",
            remedy="Give addresses such as 10.0.0.5, or networks such as 10.0.0.0/24.",
        ) from error


def _country(text: str) -> str:
    code = text.strip().upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise SettingsError(
            f"{text!r} is no country", where="TAKINGS_COUNTRY", remedy="Give an ISO 3166 code such as GB."
        )
    return code


def call_days(text: str) -> int:
    """How many days the single calls of a closed day are kept; raises SettingsError where that is no number."""
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise SettingsError(
            f"{text!r} is no number of days", where="TAKINGS_CALL_DAYS", remedy=f"Give a whole one such as {CALL_DAYS}."
        )
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= MOST_TRAFFIC:
        raise SettingsError(
            f"A rate of {text!r} cannot be played",
            where="TAKINGS_TRAFFIC",
            remedy=f"Give events per second, 0 to {MOST_TRAFFIC:.0f}.",
        )
    return rate


def folder(text: str, where: str) -> Path:
    """A folder that somebody wrote, ``~`` included, as an absolute path; `where` names the setting or option.

    Raises SettingsError where the home folder, which ``~`` means, is unknown.
    """
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise SettingsError(
            f"{text} starts with a home folder that is unknown", where=where, remedy="Write the whole path."
        ) from error
