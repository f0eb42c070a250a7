"""Where a load reads and writes: settings from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from catalogue.errors import SettingsError

_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")


@dataclass(frozen=True)
class LoadSettings:
    """Where from and where to.

    Attributes
    ----------
    lake_bucket, lake_prefix : ``TAKINGS_LAKE_BUCKET``, ``TAKINGS_LAKE_PREFIX``: empty, or with a slash at its end
    workgroup, database : ``TAKINGS_REDSHIFT_WORKGROUP``, ``TAKINGS_REDSHIFT_DATABASE``
    reader : role of the database that may read the tables (``TAKINGS_REDSHIFT_READER``); empty for none
    copy_role : ARN of the role that reads the exports (``TAKINGS_REDSHIFT_COPY_ROLE``); empty for the namespace's
        default one
    secret : ARN of the secret of a user that may make schemas, views and roles (``TAKINGS_REDSHIFT_SECRET``); empty to
        sign in as the process's own role
    every : of the versions of so many minutes the first is loaded (``TAKINGS_LOAD_EVERY_MINUTES``); 0 for all
    """

    lake_bucket: str
    workgroup: str
    database: str
    lake_prefix: str = ""
    reader: str = ""
    copy_role: str = ""
    secret: str = ""
    every: timedelta = timedelta(0)


def read(values: Mapping[str, str]) -> LoadSettings:
    """Settings from variables; the SettingsError for one that is missing or cannot be used names it."""
    for name in ("TAKINGS_LAKE_BUCKET", "TAKINGS_REDSHIFT_WORKGROUP", "TAKINGS_REDSHIFT_DATABASE"):
        if not values.get(name):
            raise SettingsError("The load needs a value", where=name, remedy="The deployment's outputs name it.")
    reader, copy_role = values.get("TAKINGS_REDSHIFT_READER", ""), values.get("TAKINGS_REDSHIFT_COPY_ROLE", "")
    if reader and not _ROLE.fullmatch(reader):  # it is written into the SQL
        raise SettingsError(
            f"{reader!r} is no name of a role",
            where="TAKINGS_REDSHIFT_READER",
            remedy="Use small letters, digits and underscores, such as takings_reader.",
        )
    if copy_role and not _ARN.fullmatch(copy_role):
        raise SettingsError(
            f"{copy_role!r} is no ARN of a role",
            where="TAKINGS_REDSHIFT_COPY_ROLE",
            remedy="Write it like arn:aws:iam::123456789012:role/takings-copy.",
        )
    minutes = values.get("TAKINGS_LOAD_EVERY_MINUTES", "0")
    if not (minutes.isascii() and minutes.isdigit()):
        raise SettingsError(
            f"{minutes!r} is no number of minutes",
            where="TAKINGS_LOAD_EVERY_MINUTES",
            remedy="Give a whole one such as 60.",
        )
    prefix = values.get("TAKINGS_LAKE_PREFIX", "").strip("/")
    return LoadSettings(
        values["TAKINGS_LAKE_BUCKET"],
        values["TAKINGS_REDSHIFT_WORKGROUP"],
        values["TAKINGS_REDSHIFT_DATABASE"],
        lake_prefix=f"{prefix}/" if prefix else "",
        reader=reader,
        copy_role=copy_role,
        secret=values.get("TAKINGS_REDSHIFT_SECRET", ""),
        every=timedelta(minutes=int(minutes)),
    )
