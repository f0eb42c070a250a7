"""Every page, in a process of its own; prints what each drew, as JSON.

``python -m tests.engines.aws_pages`` with a JSON object on its input: for the aws profile, which cannot import DuckDB,
the port of a Trino server, the folder of a PostgreSQL server, the state object, and whether there is a warehouse; for
an installation on an emulator, its address and the environment of its console; for the embedded profile, whose answers
are the reference, the folder of the lake. Run by `test_profile_aws` and by the tests of the deployment.
"""

from __future__ import annotations

import importlib.abc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalogue.warehouse import LOADED_STATE
from tests.engines.names import (
    ACCOUNT,
    ATHENA_WORKGROUP,
    LAKE_BUCKET,
    REDSHIFT_WORKGROUP,
    REGION,
    RESULTS,
    SAMPLE,
)

LIVE_TABLE, DECISIONS_TABLE, STREAM = "takings-live", "takings-decisions", "takings-events"
RECOMMENDATIONS_TABLE = "takings-recommendations"
BUDGET = {
    "BudgetName": "Everything",
    "BudgetLimit": {"Amount": "250", "Unit": "USD"},
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
}
SECONDS = 240  # a page asks real engines on a busy machine


class NoDuckDb(importlib.abc.MetaPathFinder):
    """Refuses to import DuckDB, and says who wanted it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] == "duckdb":
            raise ImportError("DuckDB is not part of the aws profile")


def settings(*, warehouse: bool) -> dict[str, str]:
    """The environment of a deployed console."""
    given = {
        "TAKINGS_PROFILE": "aws",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "TAKINGS_LAKE": "/nonexistent/lake",
        "TAKINGS_LAKE_BUCKET": LAKE_BUCKET,
        "TAKINGS_DATABASE": SAMPLE,
        "TAKINGS_ATHENA_WORKGROUP": ATHENA_WORKGROUP,
        "TAKINGS_ATHENA_RESULTS": RESULTS,
        "TAKINGS_LIVE_TABLE": LIVE_TABLE,
        "TAKINGS_DECISIONS_TABLE": DECISIONS_TABLE,
        "TAKINGS_RECOMMENDATIONS_TABLE": RECOMMENDATIONS_TABLE,
    }
    names = {"TAKINGS_REDSHIFT_WORKGROUP": REDSHIFT_WORKGROUP, "TAKINGS_REDSHIFT_DATABASE": SAMPLE}
    return given | (names if warehouse else {})


def deploy(state: str) -> None:
    """What the deployment made a year ago, as far as the console sees it: nothing flows through its stream."""
    import boto3
    from moto.kinesis.models import kinesis_backends

    from tests.engines import athena_double

    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    s3.create_bucket(Bucket=LAKE_BUCKET)
    for key in ("curated/state.json", LOADED_STATE):
        s3.put_object(Bucket=LAKE_BUCKET, Key=key, Body=state.encode())
    for table, keys in (
        (LIVE_TABLE, ("pk", "sk")),
        (RECOMMENDATIONS_TABLE, ("pk", "sk")),
        (DECISIONS_TABLE, ("kind", "key_at")),
    ):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    athena_double.catalogue_tables(SAMPLE)
    boto3.client("kinesis").create_stream(StreamName=STREAM, ShardCount=4)
    kinesis_backends[ACCOUNT][REGION].streams[STREAM].creation_datetime -= timedelta(days=365)
    boto3.client("budgets", region_name="us-east-1").create_budget(AccountId=ACCOUNT, Budget=BUDGET)


def happen() -> None:
    """Somebody buys two things right now, as the collector's Lambda would tell the live table; a model is in use."""
    import boto3

    from pipeline.live.dynamodb import DynamoDbLiveStore
    from pipeline.recommend.models.dynamodb import DynamoDbModelStore
    from pipeline.streams import Batch
    from tests.support.live_lines import event
    from tests.support.models import model

    dynamodb = boto3.client("dynamodb")
    DynamoDbModelStore(dynamodb, RECOMMENDATIONS_TABLE).publish(model(), after=None)
    store = DynamoDbLiveStore(dynamodb, LIVE_TABLE, "USD")
    now = datetime.now(UTC)
    line = {"order_id": "o1", "quantity": 2, "unit_price": "19.99", "currency": "USD"}
    bought = event("e1", "purchase", at=now, received=now, **line)
    assert store.apply(Batch([bought], "1"), after=None)


def patient() -> None:
    """Pages wait for what they otherwise draw later: they are drawn once here."""
    from console.brief import answer as brief
    from console.brief import cloud
    from console.budgets import answer as budgets

    for module in (brief, budgets, cloud):
        for made in vars(module).values():
            defaults = getattr(made, "__kwdefaults__", None)
            if defaults and "patience" in defaults and made.__module__ == module.__name__:
                made.__kwdefaults__ = {**defaults, "patience": SECONDS}


def drawn(path: Path, view: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One page, run as Streamlit runs it: what stands on it, and its tables as texts."""
    from streamlit.testing.v1 import AppTest

    script = AppTest.from_file(str(path), default_timeout=SECONDS)
    for name, values in view.items():
        script.query_params[name] = list(values)
    page = script.run()
    return {
        "exceptions": [element.message for element in page.exception],
        "html": "\n".join(element.proto.body for element in page.get("html")),
        "charts": len(page.get("echarts_chart")),
        "tables": [
            [list(element.value.columns), *(list(map(text, row)) for row in element.value.itertuples(index=False))]
            for element in page.dataframe
        ],
    }


def text(value: Any) -> str:
    """A cell; a double to as many digits as engines agree on, which add in another order."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def on_aws(given: Mapping[str, Any], stack: ExitStack) -> dict[str, Any]:
    """A deployment behind the AWS APIs of this process, and whom to ask afterwards what it was asked."""
    import boto3
    from moto import mock_aws

    from tests.engines import athena_double, aws_recordings, redshift_double
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer
    from tests.support.iam import recording

    stack.enter_context(mock_aws())
    stack.enter_context(aws_recordings.answering())
    athena = stack.enter_context(athena_double.serving(TrinoServer(given["trino"], "")))
    redshift = stack.enter_context(redshift_double.serving(PostgresServer(Path(given["postgres"]), "")))
    deploy(given["state"])
    happen()
    recorder = stack.enter_context(recording())
    boto3.setup_default_session()  # the one that `deploy` used tells nobody what it calls
    return {"athena": athena.executions, "redshift": redshift.statements, "calls": recorder}


def on_emulator(given: Mapping[str, Any], stack: ExitStack) -> None:
    """An installation whose buckets and tables are an emulator's, and whose Athena is Trino on its tables."""
    import boto3
    from moto import mock_aws

    from tests.engines import athena_double
    from tests.engines.trino_server import TrinoServer

    stack.enter_context(mock_aws())
    for service in ("S3", "DYNAMODB"):
        os.environ[f"AWS_ENDPOINT_URL_{service}"] = given["emulator"]
    names = given["environment"]
    trino = TrinoServer(given["trino"], "").iceberg
    stack.enter_context(
        athena_double.serving(
            trino, workgroup=names["TAKINGS_ATHENA_WORKGROUP"], results=names["TAKINGS_ATHENA_RESULTS"]
        )
    )
    boto3.setup_default_session()


def calls() -> list[dict[str, Any]]:
    """The calls that were metered, as they stand in the lake's bucket."""
    import boto3

    from console.metering.bucket import BucketFiles
    from console.metering.rows import OPEN, ZONE, folder_of, from_parquet

    files = BucketFiles(boto3.client("s3"), LAKE_BUCKET, f"{ZONE}/")
    rows = [row for file in files.found(folder_of(OPEN)) for row in from_parquet(files.read(file.name)).to_pylist()]
    return [{name: str(row[name]) for name in ("viewer", "page", "kind", "name", "dollars")} for row in rows]


def main() -> None:
    """Run every page; print one JSON object."""
    given = json.load(sys.stdin)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TAKINGS_"))]:
        del os.environ[name]
    embedded, emulated = "lake" in given, "emulator" in given
    chosen = {"TAKINGS_LAKE": given["lake"]} if embedded else given.get("environment")
    os.environ.update(chosen or settings(warehouse=given["warehouse"]))
    if not embedded:
        sys.meta_path.insert(0, NoDuckDb())

    from console.kit.navigation import PAGES

    patient()
    views = given["views"]
    with ExitStack() as stack:
        seen = on_aws(given, stack) if not embedded and not emulated else None
        if emulated:
            on_emulator(given, stack)
        asked = [entry for entry in PAGES if entry.title in given.get("pages", [entry.title])]
        pages = {entry.title: drawn(entry.path, views.get(entry.title, {})) for entry in asked}
        again = {entry.title: drawn(entry.path, {}) for entry in PAGES if entry.title in given["again"]}
        from console import wiring

        wiring.viewer().meter.close()  # type: ignore[attr-defined]
        metered = [] if seen is None else calls()
    answer = {"pages": pages, "again": again, "duckdb": "duckdb" in sys.modules}
    if seen is not None:
        answer |= {name: [item.sql for item in seen[name].values()] for name in ("athena", "redshift")}
        answer["actions"] = sorted(seen["calls"].made)
        answer["metered"] = metered
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    main()
