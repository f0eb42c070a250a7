"""What the jobs do: a session, one call, one line about it; and a failure that nobody overlooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from catalogue.clock import utc_now
from catalogue.errors import SettingsError, TakingsError
from catalogue.tables import CURATED_TABLES
from pipeline.curate.spark import curate as curate_lake
from pipeline.curate.spark.exports import WarehouseExports
from pipeline.curate.spark.iceberg import IcebergTables
from pipeline.curate.spark.maintenance import maintain as maintain_tables
from pipeline.curate.spark.packed import pack
from pipeline.curate.spark.publishing import published
from pipeline.erasure.deployed import NOT_COVERED, DeployedLake
from pipeline.jobs.arguments import Arguments, read
from pipeline.objects import opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def curate(given: Sequence[str]) -> None:
    """Bring the curated tables up to date with the raw files, and publish them; see `Arguments`."""
    _run("takings-curate", given, _curate)


def maintain(given: Sequence[str]) -> None:
    """Keep tables fast and raw objects few; once a day, and never beside curation."""
    _run("takings-maintain", given, _maintain)


def erase(given: Sequence[str]) -> None:
    """Take a person out of the lake, or look for one; see `Arguments`. Ends with 1 where something names the person."""
    if _run("takings-erase", given, _erase)["found"]:
        raise SystemExit("Records still name the person: see `places`.")


def train(given: Sequence[str]) -> None:
    """Learn a model of recommendations from the published tables, and use it where it is better; see `Arguments`."""
    _run("takings-train", given, _train)


def _curate(session: SparkSession, arguments: Arguments) -> dict[str, Any]:
    done = curate_lake(
        session,
        arguments.lake,
        arguments.namespace,
        arguments.settings,
        full=arguments.full,
        exports=_exports(session, arguments),
        progress=_report,
    )
    return {
        "version": done.version.number,
        "raw_files": done.raw_files,
        "changed": sorted(done.changed),
        **done.version.records,
    }


def _maintain(session: SparkSession, arguments: Arguments) -> dict[str, Any]:
    exports, objects = _exports(session, arguments), opened(arguments.lake)
    packed = pack(session, objects, arguments.namespace, exports)
    done = maintain_tables(session, objects, arguments.namespace, keep=arguments.keep, exports=exports)
    return {
        "version": done.version.number,
        "packed": packed,
        "rewritten": done.rewritten,
        "expired": done.expired,
        "orphans": done.orphans,
    }


def _erase(session: SparkSession, arguments: Arguments) -> dict[str, Any]:
    lake = _deployed(session, arguments)
    if arguments.check:
        places, done = lake.scan(lake.person_of(arguments.customers, arguments.sessions), _report), {}
    else:
        erased = lake.erase(arguments.customers, arguments.sessions, reason=arguments.reason, progress=_report)
        places = erased.places
        done = {
            "version": erased.version,
            "records": dict(erased.records),
            "shared_sessions": erased.shared,
            "expired": erased.snapshots,
            "not_covered": list(NOT_COVERED),
        }
    read = {place.name: {"read": place.records, "found": place.found, "alike": place.alike} for place in places}
    return {**done, "places": read, "found": sum(place.found for place in places)}


def _train(session: SparkSession, arguments: Arguments) -> dict[str, Any]:
    # numpy, scipy and pyarrow: no other job needs them
    import boto3

    from pipeline.live.documents import RECENT_ITEMS
    from pipeline.recommend.learning.keeping import HistoryKeeper
    from pipeline.recommend.learning.reading import WINDOW_DAYS, read_published
    from pipeline.recommend.learning.retraining import retrain
    from pipeline.recommend.models.dynamodb import DynamoDbModelStore

    if not arguments.recommendations_table:
        raise SettingsError("No table is named for the models", where="--recommendations_table")
    version = published(opened(arguments.lake))
    tables = IcebergTables(session, arguments.namespace, CURATED_TABLES, version.tables)
    store = DynamoDbModelStore(boto3.client("dynamodb"), arguments.recommendations_table)
    keeper = HistoryKeeper(store.items, now=utc_now(), kept=timedelta(days=WINDOW_DAYS), beyond=RECENT_ITEMS)
    frames = {table: tables.earlier(table) for table in CURATED_TABLES}
    data = read_published(session, frames, refusing=keeper.refusing, active_from=keeper.active_from)
    done = retrain(data, store, seed=arguments.seed, now=utc_now(), keeper=keeper, progress=_report)
    card = done.aside or done.current
    return {
        "version": version.number,
        "model": done.current.version if done.current else None,
        "aside": done.aside.version if done.aside else None,
        "measures": {measure.method: measure.value for measure in card.measures} if card else {},
        "gaps": list(card.gaps) if card else [],
        "histories": done.histories,
    }


def _deployed(session: SparkSession, arguments: Arguments) -> DeployedLake:
    lake = DeployedLake(session, arguments.lake, arguments.namespace, arguments.settings, _exports(session, arguments))
    if not (arguments.live_table or arguments.recommendations_table):
        return lake
    import boto3

    client = boto3.client("dynamodb")
    if arguments.live_table:
        from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
        from pipeline.erasure import live_table
        from pipeline.live.dynamodb import DynamoDbLiveStore

        links = DynamoDbKnownCustomers(client, arguments.live_table)
        items = DynamoDbLiveStore(client, arguments.live_table, arguments.settings.reporting_currency)
        read = partial(live_table.scan, client, arguments.live_table)
        lake = replace(lake, links=links, items=items, others=[read])
    if arguments.recommendations_table:
        from pipeline.erasure.histories import Histories
        from pipeline.recommend.models.dynamodb import DynamoDbItems

        histories = Histories(DynamoDbItems(client, arguments.recommendations_table, now=utc_now))
        lake = replace(lake, histories=histories, others=[*lake.others, histories.scan])
    return lake


def _exports(session: SparkSession, arguments: Arguments) -> WarehouseExports | None:
    return WarehouseExports(session, opened(arguments.lake), arguments.namespace) if arguments.warehouse else None


def _run(job: str, given: Sequence[str], work: Callable[[SparkSession, Arguments], dict[str, Any]]) -> dict[str, Any]:
    """Do the work, print what was done, and return it.

    A failure ends the process with 1: Glue shows its text and its alarm.
    """
    try:
        arguments = read(job, given)
        done = work(_session(job), arguments)
    except TakingsError as error:
        failure = {"job": job, "failed": error.what, "where": error.where, "remedy": error.remedy}
        sys.stdout.write(f"{json.dumps(failure)}\n")
        raise SystemExit(str(error)) from error
    sys.stdout.write(f"{json.dumps({'job': job, **done})}\n")
    return done


def _session(job: str) -> SparkSession:
    from pyspark.sql import SparkSession

    return SparkSession.builder.appName(job).getOrCreate()


def _report(step: str, done: float) -> None:
    sys.stderr.write(f"{done:4.0%}  {step}\n")
