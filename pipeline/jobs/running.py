"""What the jobs do: a session, one call, one line about it; and a failure that nobody overlooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from catalogue.errors import TakingsError
from pipeline.curate.spark import curate as curate_lake
from pipeline.curate.spark.exports import WarehouseExports
from pipeline.curate.spark.maintenance import maintain as maintain_tables
from pipeline.jobs.arguments import Arguments, read
from pipeline.objects import opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def curate(given: Sequence[str]) -> None:
    """Bring the curated tables up to date with the raw files, and publish them; see `Arguments`."""
    _run("takings-curate", given, _curate)


def maintain(given: Sequence[str]) -> None:
    """Keep the tables fast and small; once a day, and never beside curation."""
    _run("takings-maintain", given, _maintain)


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
    done = maintain_tables(session, objects, arguments.namespace, keep=arguments.keep, exports=exports)
    return {
        "version": done.version.number,
        "rewritten": done.rewritten,
        "expired": done.expired,
        "orphans": done.orphans,
    }


def _exports(session: SparkSession, arguments: Arguments) -> WarehouseExports | None:
    return WarehouseExports(session, opened(arguments.lake), arguments.namespace) if arguments.warehouse else None


def _run(job: str, given: Sequence[str], work: Callable[[SparkSession, Arguments], dict[str, Any]]) -> None:
    """Do the work and print what was done. A failure ends the process with 1: Glue shows its text and its alarm."""
    try:
        arguments = read(job, given)
        done = work(_session(job), arguments)
    except TakingsError as error:
        failure = {"job": job, "failed": error.what, "where": error.where, "remedy": error.remedy}
        sys.stdout.write(f"{json.dumps(failure)}\n")
        raise SystemExit(str(error)) from error
    sys.stdout.write(f"{json.dumps({'job': job, **done})}\n")


def _session(job: str) -> SparkSession:
    from pyspark.sql import SparkSession

    return SparkSession.builder.appName(job).getOrCreate()


def _report(step: str, done: float) -> None:
    sys.stderr.write(f"{done:4.0%}  {step}\n")
