"""The aws profile from its settings to its pages, on real engines, without DuckDB."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from console.aws import permissions
from console.kit.navigation import PAGES
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.engines.lakes import EngineLake
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

SECONDS = 900  # every page, on real engines and two cores
VIEWS = {"Own cost": {"period": ["custom"], "from": ["2025-11-28"], "to": ["2025-12-02"]}}  # when the console was used
# what stands on a page besides the shop's and the bill's own rows, by the source that it comes from
SOURCES = {
    "Live": ("39.98", "Sessions 1,"),  # DynamoDB
    "Recommendations": ("Teapot", "Trending now"),  # DynamoDB
    "Budgets and forecast": (
        "Everything",  # AWS Budgets
        "Amazon Athena",
        "73.25",  # Cost Explorer: what AWS found unusual
    ),
    "Savings": (
        "Stream takings-events carried nothing",  # Kinesis, CloudWatch
        "PurchaseReservedInstances",  # Cost Optimization Hub
        "512 MB",  # Compute Optimizer
    ),
    "Own cost": ("anna", "o'neil"),  # the console's own calls, in the lake
}
# pages that stand on the lake alone: what they show is what DuckDB shows
ON_THE_LAKE = ("Revenue", "Products", "Spend", "Unit costs", "Tiers", "Own cost", "Definitions")
TILE = re.compile(r'<div class="tk-tile" role="group" aria-label="([^"]*)"')
# calls of a reader who leaves, of large results, of decisions, of experiments and of commands, and of what the account
# does not have: the tests of each adapter make them
RARE = frozenset(
    {
        "athena:BatchGetQueryExecution",
        "athena:StopQueryExecution",
        "ce:GetCostAndUsage",
        "cloudfront:ListDistributionsByWebACLId",
        "cloudwatch:ListMetrics",
        "dynamodb:BatchWriteItem",
        "dynamodb:DescribeTable",
        "dynamodb:PutItem",
        "ec2:DescribeVpcEndpoints",
        "glue:ListCrawls",
        "logs:GetQueryResults",
        "logs:StartQuery",
        "pricing:GetProducts",
        "redshift-data:CancelStatement",
        "redshift-serverless:ListUsageLimits",
        "s3:DeleteObject",
        "s3:ListBucketVersions",
        "s3:ListMultipartUploadParts",
        "wafv2:GetWebACL",
        "wafv2:ListResourcesForWebACL",
    }
)

Ran = dict[str, Any]


def run(**given: Any) -> Ran:
    """Every page in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.engines.aws_pages"],
        input=json.dumps({"again": [], "views": VIEWS} | given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: Ran = json.loads(done.stdout.splitlines()[-1])  # Streamlit prints what pages raise before it
    return answer


def on_aws(lake: EngineLake, trino: TrinoServer, postgres: PostgresServer, **more: Any) -> Ran:
    state = (lake.root / "curated" / "state.json").read_text()
    return run(trino=trino.port, postgres=str(postgres.folder), state=state, **more)


@pytest.fixture(scope="module")
def with_warehouse(sample_lake: EngineLake, lakes_on_trino: TrinoServer, lakes_on_postgres: PostgresServer) -> Ran:
    """Athena and Redshift."""
    return on_aws(sample_lake, lakes_on_trino, lakes_on_postgres, warehouse=True, again=["Revenue"])


@pytest.fixture(scope="module")
def without_warehouse(sample_lake: EngineLake, lakes_on_trino: TrinoServer, lakes_on_postgres: PostgresServer) -> Ran:
    """Athena alone, as in the smallest tier."""
    return on_aws(sample_lake, lakes_on_trino, lakes_on_postgres, warehouse=False)


@pytest.fixture(scope="module")
def embedded(sample_lake: EngineLake, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """DuckDB on a copy of the same lake: the console writes its own calls there."""
    copied = tmp_path_factory.mktemp("embedded") / "lake"
    shutil.copytree(sample_lake.root, copied)
    return run(lake=str(copied))


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.title)
def test_every_page_draws_its_data(with_warehouse: Ran, entry: Any) -> None:
    page = with_warehouse["pages"][entry.title]
    assert page["exceptions"] == []
    assert "tk-failed" not in page["html"], page["html"]
    assert "tk-empty" not in page["html"], page["html"]
    cells = [cell for table in page["tables"] for row in table for cell in row]
    for words in SOURCES.get(entry.title, ()):
        assert any(words in element for element in (page["html"], *cells)), words


@pytest.mark.parametrize("title", ON_THE_LAKE)
def test_a_page_shows_the_figures_and_rows_that_it_shows_on_duckdb(
    with_warehouse: Ran, without_warehouse: Ran, embedded: Ran, title: str
) -> None:
    expected = embedded["pages"][title]
    assert title == "Definitions" or expected["tables"]
    for ran in (with_warehouse, without_warehouse):
        page = ran["pages"][title]
        assert TILE.findall(page["html"]) == TILE.findall(expected["html"])
        assert page["tables"] == expected["tables"]
        assert page["charts"] == expected["charts"]


def test_duckdb_is_never_imported(with_warehouse: Ran, without_warehouse: Ran) -> None:
    assert not with_warehouse["duckdb"]
    assert not without_warehouse["duckdb"]


def test_the_trust_line_says_who_answered_and_what_it_cost(with_warehouse: Ran) -> None:
    html = with_warehouse["pages"]["Revenue"]["html"]
    assert "Data as of" in html
    assert "Athena" in html or "Redshift" in html
    assert "Price of the queries" in html


def test_the_source_of_a_query_names_its_engine_and_athena_stands_in_for_a_warehouse(
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


def test_whatever_a_page_asks_is_metered_with_the_page_and_its_reader(with_warehouse: Ran) -> None:
    metered = with_warehouse["metered"]
    assert {call["viewer"] for call in metered} == {"anonymous"}
    assert "" not in {call["page"] for call in metered}
    pages = {call["name"]: call["page"] for call in metered if call["kind"] != "query"}
    assert pages["GetAnomalies"] == "Budgets and forecast"
    assert {pages[name] for name in ("GetMetricData", "ListObjectsV2", "DescribeNatGateways")} == {"Savings"}
    assert [call["name"] for call in metered if call["dollars"] == "None"] == []


def test_the_pages_call_nothing_that_the_role_may_not_and_all_that_it_may(with_warehouse: Ran) -> None:
    made = set(with_warehouse["actions"]) - {"sts:GetCallerIdentity"}  # everyone may
    assert made <= permissions.actions_of()
    assert permissions.actions_of() - made <= RARE
