"""The arguments of a job, as Glue passes them: ``--name value``, beside some of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import msgspec

from catalogue.errors import SettingsError
from pipeline.curate.spark.maintenance import KEEP_SNAPSHOTS
from pipeline.lake import LakeSettings

_USAGE = "docs/deploy.md lists the arguments of the jobs."


@dataclass(frozen=True)
class Arguments:
    """What a job is to do.

    Attributes
    ----------
    lake : ``s3://bucket/prefix``, or a folder (``--lake``)
    namespace : catalog and database of the tables, such as ``glue_catalog.takings`` (``--namespace``)
    settings : of the lake: ``--reporting_time_zone``, ``--reporting_currency``, ``--confirm_public_orders`` (1 or 0)
    warehouse : whether a warehouse loads the tables, and needs copies of them (``--warehouse``, 1 or 0)
    full : whether all tables are made again from all raw files (``--full``, 1 or 0)
    keep : how long maintenance keeps snapshots that no version names (``--keep_days``)
    customers, sessions : whom to erase: ids separated by commas (``--customers``, ``--sessions``)
    reason : of an erasure (``--reason``)
    live_table : of DynamoDB, with recent items and links; empty without one (``--live_table``)
    check : whether the lake is only read for these very ids (``--check``, 1 or 0)
    recommendations_table : of DynamoDB, with models and histories; empty without one (``--recommendations_table``)
    seed : of what a training draws (``--seed``)
    """

    lake: str
    namespace: str
    settings: LakeSettings
    warehouse: bool = False
    full: bool = False
    keep: timedelta = KEEP_SNAPSHOTS
    customers: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    reason: str = ""
    live_table: str = ""
    check: bool = False
    recommendations_table: str = ""
    seed: int = 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise what is wrong: a parser's own way is to end the process."""
        raise SettingsError(f"The arguments cannot be used: {message}", where=self.prog, remedy=_USAGE)


def read(job: str, given: Sequence[str]) -> Arguments:
    """The arguments of a job. Those that are not ours are Glue's, and are left alone.

    Raises
    ------
    SettingsError
        One is missing, or has a value that cannot be used.
    """
    defaults = LakeSettings()
    parser = _Parser(prog=job, add_help=False, allow_abbrev=False)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--reporting_time_zone", default=defaults.reporting_time_zone)
    parser.add_argument("--reporting_currency", default=defaults.reporting_currency)
    for name in ("confirm_public_orders", "warehouse", "full", "check"):
        parser.add_argument(f"--{name}", choices=("0", "1"), default="0")
    parser.add_argument("--keep_days", type=int, default=KEEP_SNAPSHOTS.days)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("customers", "sessions", "reason", "live_table", "recommendations_table"):
        parser.add_argument(f"--{name}", default="")
    found, _ = parser.parse_known_args(given)
    catalog, _, database = found.namespace.partition(".")
    if not (catalog.isidentifier() and database.isidentifier()):
        raise SettingsError(
            f"{found.namespace!r} names no catalog and database",
            where="--namespace",
            remedy="Write it as glue_catalog.takings.",
        )
    if found.keep_days < 1:
        raise SettingsError("Snapshots are kept for a day at least", where="--keep_days")
    settings = LakeSettings(
        reporting_time_zone=found.reporting_time_zone,
        reporting_currency=found.reporting_currency,
        confirm_public_orders=found.confirm_public_orders == "1",
    )
    return Arguments(
        lake=found.lake,
        namespace=found.namespace,
        settings=settings,
        warehouse=found.warehouse == "1",
        full=found.full == "1",
        keep=timedelta(days=found.keep_days),
        customers=_ids(found.customers),
        sessions=_ids(found.sessions),
        reason=found.reason,
        live_table=found.live_table,
        check=found.check == "1",
        recommendations_table=found.recommendations_table,
        seed=found.seed,
    )


def _ids(text: str) -> frozenset[str]:
    """Ids as an argument has them: separated by commas; one that has a comma itself, as a JSON list."""
    if text.startswith("["):
        try:
            return frozenset(msgspec.json.decode(text, type=list[str]))
        except msgspec.DecodeError as error:
            raise SettingsError(f"The ids are no JSON list of strings: {error}", where="--customers") from error
    return frozenset(text.split(",")) if text else frozenset()
