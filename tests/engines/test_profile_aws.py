"""The aws profile from its settings to its pages, on real engines, without DuckDB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from console import permissions
from console.ui.navigation import PAGES

if TYPE_CHECKING:
    from tests.engines.lakes import EngineLake
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 900  # every page twice, on real engines and two cores
EMPTY = {  # why a page has nothing to draw here
    "Own cost": "Calls reach its table by way of the bucket, which stands apart from the engines' files here.",
    "Savings": "The deployment of this test has nothing that could be saved.",
}
# calls of a reader who leaves, of large results and of decisions: `tests/unit/test_permissions.py` makes them
RARE = frozenset(
    {
        "athena:StopQueryExecution",
        "dynamodb:PutItem",
        "redshift-data:CancelStatement",
        "s3:DeleteObject",
        "s3:ListBucket",
    }
)

Ran = dict[str, Any]


def run(
    lake: EngineLake, trino: TrinoServer, postgres: PostgresServer, *, warehouse: bool, again: list[str] | None = None
) -> Ran:
    """Every page in a process of its own."""
    given = {
        "trino": trino.port,
        "postgres": str(postgres.folder),
        "state": (lake.root / "curated" / "state.json").read_text(),
        "warehouse": warehouse,
        "again": again or [],
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.engines.aws_pages"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: Ran = json.loads(done.stdout.splitlines()[-1])  # Streamlit prints what pages raise before it
    return answer


@pytest.fixture(scope="module")
def with_warehouse(sample_lake: EngineLake, lakes_on_trino: TrinoServer, lakes_on_postgres: PostgresServer) -> Ran:
    """Athena and Redshift."""
    return run(sample_lake, lakes_on_trino, lakes_on_postgres, warehouse=True, again=["Revenue"])


@pytest.fixture(scope="module")
def without_warehouse(sample_lake: EngineLake, lakes_on_trino: TrinoServer, lakes_on_postgres: PostgresServer) -> Ran:
    """Athena alone, as in the smallest tier."""
    return run(sample_lake, lakes_on_trino, lakes_on_postgres, warehouse=False)


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.title)
def test_every_page_draws_its_data(with_warehouse: Ran, entry: Any) -> None:
    page = with_warehouse["pages"][entry.title]
    assert page["exceptions"] == []
    assert "tk-failed" not in page["html"], page["html"]
    assert ("tk-empty" in page["html"]) == (entry.title in EMPTY)


def test_duckdb_is_never_imported(with_warehouse: Ran, without_warehouse: Ran) -> None:
    assert not with_warehouse["duckdb"]
    assert not without_warehouse["duckdb"]


def test_the_trust_line_says_who_answered_and_what_it_cost(with_warehouse: Ran) -> None:
    html = with_warehouse["pages"]["Revenue"]["html"]
    assert "Data as of" in html
    assert "Athena" in html or "Redshift" in html
    assert "Price of the queries" in html


def test_the_source_of_a_query_decides_who_answers_and_without_a_warehouse_athena_answers_all(
    with_warehouse: Ran, without_warehouse: Ran
) -> None:
    assert with_warehouse["athena"]
    assert with_warehouse["redshift"]
    assert without_warehouse["redshift"] == []
    assert len(without_warehouse["athena"]) > len(with_warehouse["athena"])
    for title, page in without_warehouse["pages"].items():
        assert page["exceptions"] == [], title
        assert "tk-failed" not in page["html"], title


def test_a_page_seen_again_asks_nothing(with_warehouse: Ran) -> None:
    assert "Answered from the cache" in with_warehouse["again"]["Revenue"]["html"]
    asked = with_warehouse["athena"] + with_warehouse["redshift"]
    assert len(asked) == len(set(asked)), "the same question was asked twice"


def test_the_pages_call_nothing_that_the_role_may_not_and_all_that_it_may(with_warehouse: Ran) -> None:
    made = set(with_warehouse["actions"])
    always = [
        need.adapter for need in permissions.NEEDS if not need.adapter.startswith(("console.spend", "console.savings"))
    ]
    assert made <= permissions.actions_of()
    assert permissions.actions_of(*always) - made <= RARE
