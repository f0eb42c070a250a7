"""Events go through what the templates made, on an emulator, and come out on the console's pages.

API → collector → stream → live, and stream → raw files → Spark → Glue's catalogue → Trino → pages; each hop keeps every
record, and what is shown is what the embedded profile makes of the same raw files. A model is trained from the same
tables, and the API answers from it by what a customer viewed last.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from catalogue.tables import CURATED_TABLES
from infra_cdk.configuration import DEPLOYMENT
from pipeline.jobs.arguments import read as job_arguments
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from tests.engines import spark_session
from tests.engines.ministack_server import KEY
from tests.engines.names import REGION
from tests.engines.test_curation_on_spark_glue import read, written
from tests.infra.emulator.deployment import POISON, PREFIX, TIER, Deployment, Sent
from tests.infra.emulator.stacks import Emulated
from tests.infra.templates import synthesised
from tests.support.given import Given
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.ministack_server import MinistackServer
    from tests.engines.trino_server import TrinoServer

pytestmark = spark_session.marks("engines")

RECORDS = 5_000
REFUSED = b'{"record":'  # how the line of a refused record begins
PAGES = ("Revenue", "Products", "Definitions")
SECONDS = 600


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, ministack: MinistackServer) -> Deployment:
    scratch = tmp_path_factory.mktemp("deployment")
    configuration = scratch / "deployment.toml"
    configuration.write_text(DEPLOYMENT.read_text(encoding="utf-8").replace("eu-central-1", REGION), encoding="utf-8")
    emulated = Emulated(ministack, synthesised(TIER, scratch / "cdk.out", configuration))
    for part in ("data", "ingest", "lake", "recommendations", "edge", "console"):
        emulated.create(part, scratch)
    return Deployment(emulated, scratch)


@pytest.fixture(scope="module")
def sent(deployment: Deployment) -> Sent:
    """All that senders send, and poison, delivered to live and to the raw lake."""
    told = deployment.send(RECORDS)
    deployment.poison()
    while deployment.live.drain():  # poison comes back to the stream, as refused records
        pass
    deployment.delivery.drain()
    return told


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment, spark_jvm: None) -> Iterator[SparkSession]:
    """Spark with the settings of the job in the template, and the emulator in the place of AWS."""
    settings = dict(part.split("=", 1) for part in deployment.job("curate")["--conf"].split(" --conf "))
    catalog, endpoint = "spark.sql.catalog.glue_catalog", deployment.emulated.server.endpoint
    settings |= {
        f"{catalog}.glue.endpoint": endpoint,
        f"{catalog}.s3.endpoint": endpoint,
        f"{catalog}.s3.path-style-access": "true",
        f"{catalog}.client.region": REGION,
    }
    names = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY)
    names |= {"AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL_S3": endpoint, "AWS_ENDPOINT_URL_DYNAMODB": endpoint}
    settings |= {f"spark.executorEnv.{name}": value for name, value in names.items()}  # of Spark's Python workers
    keys, folder = {"aws.accessKeyId": KEY, "aws.secretAccessKey": KEY}, tmp_path_factory.mktemp("spark")
    with spark_session.session(folder, settings, keys) as session, patch.dict(os.environ, names):
        yield session


@pytest.fixture(scope="module")
def curated(deployment: Deployment, sent: Sent, spark: SparkSession) -> dict[str, Any]:
    """The state that the curation job published."""
    from pipeline.curate.spark import curate

    given = [word for name, value in deployment.job("curate").items() for word in (name, value)]
    arguments = job_arguments("takings-curate", given)
    curate(spark, arguments.lake, arguments.namespace, arguments.settings)
    state = deployment.s3.get_object(Bucket=deployment.lake, Key="curated/state.json")["Body"].read()
    found: dict[str, Any] = json.loads(state)
    return found


@pytest.fixture(scope="module")
def embedded(deployment: Deployment, sent: Sent, tmp_path_factory: pytest.TempPathFactory) -> Given:
    """The embedded profile on the same lines: its own stream keeps refused records apart from the beginning."""
    given = Given(tmp_path_factory.mktemp("embedded"))
    lines = deployment.raw_lines()
    for area, refused in (("raw/events", False), ("raw/quarantine", True)):
        of_kind = [line for line in lines if line.startswith(REFUSED) == refused]
        given.raw(b"".join(line + b"\n" for line in of_kind), area=area)
    return given.curate()


def test_who_does_not_come_by_the_edge_is_refused(deployment: Deployment) -> None:
    status, answer = deployment.post(b"{}", Content_Type="application/json")
    assert (status, answer["code"]) == (403, "forbidden"), answer


def test_every_request_is_answered_with_a_verdict_for_each_record(sent: Sent) -> None:
    assert set(sent.answers) == {202}
    counts = sent.counts
    assert counts["received"] == RECORDS
    assert counts["received"] == counts["accepted"] + counts["duplicates"] + counts["quarantined"]
    assert min(counts["accepted"], counts["duplicates"], counts["quarantined"]) > 200


def test_live_counted_what_senders_were_told_and_the_poison(deployment: Deployment, sent: Sent) -> None:
    store = DynamoDbLiveStore(deployment.emulated.server.client("dynamodb"), f"{PREFIX}-live", "USD")
    totals = store.totals().flow
    told = sent.counts
    assert totals.received == RECORDS + len(POISON)
    assert (totals.accepted, totals.duplicates) == (told["accepted"], told["duplicates"])
    assert totals.quarantined == told["quarantined"] + len(POISON)
    assert deployment.given_up == []


def test_the_raw_lake_holds_every_line_of_the_stream(deployment: Deployment, sent: Sent) -> None:
    lines = deployment.raw_lines()
    refused = [line for line in lines if line.startswith(REFUSED)]
    assert len(refused) == sent.counts["quarantined"] + len(POISON)
    assert len(lines) == RECORDS + 2 * len(POISON)  # poison itself, and as the refused record that live made of it


def test_curation_conserves_every_record(curated: dict[str, Any], embedded: Given) -> None:
    records = curated["records"]
    assert records["received"] == records["accepted"] + records["duplicates"] + records["quarantined"]
    assert records == {name: getattr(embedded.report, name) for name in records}


def test_trino_reads_the_tables_that_the_embedded_profile_makes(
    curated: dict[str, Any], embedded: Given, trino: TrinoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = embedded.tables()
    assert len(expected["order_lines"]) > 100
    monkeypatch.setattr("tests.engines.test_curation_on_spark_glue.DATABASE", "takings_dev")
    for table in CURATED_TABLES:
        found, wanted = read(trino, table, curated["tables"][table]), written(expected[table])
        if table == "quarantine":  # a line that nothing can read has its file's name and time
            found, wanted = _of_what(found), _of_what(wanted)
        assert found == wanted, table


def _of_what(rows: list[str]) -> list[list[Any]]:
    """Rows of the quarantine by record, reason and detail alone."""
    return sorted(literal_eval(row)[:3] for row in rows)


@pytest.fixture(scope="module")
def trained(deployment: Deployment, curated: dict[str, Any], spark: SparkSession) -> str:
    """The version of the model that the training job published; it runs in the session that is there."""
    from pipeline.jobs.running import train

    train([word for name, value in deployment.job("train").items() for word in (name, value)])
    models = DynamoDbModelStore(deployment.emulated.server.client("dynamodb"), f"{PREFIX}-recommendations")
    current = models.current()
    assert current is not None
    return current.card.version


def test_a_customer_is_recommended_other_products_once_another_one_is_viewed(
    deployment: Deployment, trained: str
) -> None:
    asking = {"X_Takings_Origin": deployment.origin_secret(), "Authorization": f"Bearer {deployment.keys['read']}"}
    answers = []
    for product in ("product-3", "product-20"):
        deployment.send_view("customer-7", product)
        while deployment.live.drain():
            pass
        status, answer = deployment.ask("/customer-7", **asking)
        assert (status, answer["model"], answer["served"]) == (200, trained, "for_you"), answer
        answers.append(answer["items"])
        assert product in {item["why"].get("product_id") for item in answer["items"]}
    assert [item["product_id"] for item in answers[0]] != [item["product_id"] for item in answers[1]]


def test_a_key_that_sends_reads_no_recommendations(deployment: Deployment, sent: Sent) -> None:
    asking = {"X_Takings_Origin": deployment.origin_secret(), "Authorization": f"Bearer {deployment.keys['write']}"}
    status, answer = deployment.ask("/customer-7", **asking)
    assert status == 401
    assert "--read" in answer["message"]
    assert deployment.ask("/customer-7")[0] == 403  # past CloudFront


def test_the_pages_show_what_the_embedded_profile_shows(
    deployment: Deployment, curated: dict[str, Any], embedded: Given, trino: TrinoServer
) -> None:
    on_aws = _pages(
        emulator=deployment.emulated.server.endpoint, environment=_environment(deployment), trino=trino.port
    )
    at_home = _pages(lake=str(embedded.lake.root))
    for title in PAGES:
        page, expected = on_aws[title], at_home[title]
        assert page["exceptions"] == []
        assert "tk-failed" not in page["html"], page["html"]
        assert page["tables"] == expected["tables"], title
        assert page["charts"] == expected["charts"], title
    assert on_aws["Revenue"]["tables"]


def _pages(**given: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.aws_pages"],
        input=json.dumps({"again": [], "views": {}, "pages": PAGES} | given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    pages: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["pages"]
    return pages


def _environment(deployment: Deployment) -> dict[str, str]:
    """The environment of a console on one's own machine, as the stack's output has it."""
    lines = deployment.emulated.outputs("console")["ConsoleEnvironment"].splitlines()
    return {
        **dict(line.split("=", 1) for line in lines),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
