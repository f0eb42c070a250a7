"""Every page on the aws profile, in a process that cannot import DuckDB; prints what each drew, as JSON.

``python -m tests.engines.aws_pages`` with a JSON object on its input: the port of a Trino server, the folder of a
PostgreSQL server, the state object, and whether there is a warehouse. Run by `test_profile_aws`.
"""

from __future__ import annotations

import importlib.abc
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.engines.names import (
    ATHENA_WORKGROUP,
    LAKE_BUCKET,
    REDSHIFT_WORKGROUP,
    REGION,
    RESULTS,
    SAMPLE,
)

LIVE_TABLE, DECISIONS_TABLE = "takings-live", "takings-decisions"
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
    }
    names = {"TAKINGS_REDSHIFT_WORKGROUP": REDSHIFT_WORKGROUP, "TAKINGS_REDSHIFT_DATABASE": SAMPLE}
    return given | (names if warehouse else {})


def deploy(state: str) -> None:
    """What the deployment makes, as far as the console sees it."""
    import boto3

    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    s3.create_bucket(Bucket=LAKE_BUCKET)
    s3.put_object(Bucket=LAKE_BUCKET, Key="curated/state.json", Body=state.encode())
    for table, keys in ((LIVE_TABLE, ("pk", "sk")), (DECISIONS_TABLE, ("kind", "key_at"))):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )


def happen() -> None:
    """Something happens right now, as the collector's Lambda would tell the live table."""
    import boto3

    from pipeline.live.dynamodb import DynamoDbLiveStore
    from pipeline.streams import Batch
    from tests.contracts.live_lines import event

    store = DynamoDbLiveStore(boto3.client("dynamodb"), LIVE_TABLE, "USD")
    assert store.apply(Batch([event("e1", at=datetime.now(UTC))], "1"), after=None)


def drawn(path: Path) -> dict[str, Any]:
    """One page, run as Streamlit runs it."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(path), default_timeout=SECONDS).run()
    return {
        "exceptions": [each.message for each in page.exception],
        "html": "\n".join(each.proto.body for each in page.get("html")),
        "charts": len(page.get("echarts_chart")),
    }


def main() -> None:
    """Run every page; print one JSON object."""
    given = json.load(sys.stdin)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TAKINGS_"))]:
        del os.environ[name]
    os.environ.update(settings(warehouse=given["warehouse"]))
    sys.meta_path.insert(0, NoDuckDb())

    from moto import mock_aws

    from console.ui.navigation import PAGES
    from tests.engines import athena_double, redshift_double
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer
    from tests.iam import recording

    postgres = PostgresServer(Path(given["postgres"]), "")
    with (
        mock_aws(),
        athena_double.serving(TrinoServer(given["trino"], "")) as athena,
        redshift_double.serving(postgres) as redshift,
    ):
        deploy(given["state"])
        happen()
        with recording() as recorder:
            pages = {entry.title: drawn(entry.path) for entry in PAGES}
            again = {entry.title: drawn(entry.path) for entry in PAGES if entry.title in given["again"]}
            from console import wiring

            wiring.viewer().meter.close()  # type: ignore[attr-defined]
    answer = json.dumps(
        {
            "pages": pages,
            "again": again,
            "athena": [each.sql for each in athena.executions.values()],
            "redshift": [each.sql for each in redshift.statements.values()],
            "actions": sorted(recorder.made),
            "duckdb": "duckdb" in sys.modules,
        }
    )
    sys.stdout.write(f"\n{answer}\n")


if __name__ == "__main__":
    main()
