"""Events go through what the templates made, on an emulator, and come out on the console's pages.

API → collector → stream → live, and stream → raw files → Spark → Glue's catalogue → Trino → pages; each hop keeps every
record, and what is shown is what the embedded profile makes of the same raw files.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import subprocess
import sys
from ast import literal_eval
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from catalogue.tables import CURATED_TABLES
from infra_cdk.configuration import DEPLOYMENT
from pipeline.collecting.keys import KeyFile
from pipeline.jobs.arguments import read as job_arguments
from pipeline.live.dynamodb import DynamoDbLiveStore
from tests.engines import spark_session
from tests.engines.ministack_server import KEY
from tests.engines.names import ACCOUNT, REGION
from tests.engines.test_curation_on_spark_glue import read, written
from tests.infra.emulator.delivery import Delivery
from tests.infra.emulator.kinesis_source import KinesisSource, invoked
from tests.infra.emulator.shop import requests
from tests.infra.emulator.stacks import Emulated
from tests.infra.templates import synthesised
from tests.support.given import Given
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.ministack_server import MinistackServer
    from tests.engines.trino_server import TrinoServer

pytestmark = spark_session.marks("engines")

TIER, PREFIX = "dev", "takings-dev"
RECORDS = 5_000
ATTEMPTS = 5
POISON = (b"neither an event nor a refused record\n", b"\xff\xfe\n", b'{"event_id": "never-passed-the-collector"}\n')
REFUSED = b'{"record":'  # how the line of a refused record begins
PAGES = ("Revenue", "Products", "Definitions")
SECONDS = 600


@dataclass
class Sent:
    """What senders were told."""

    counts: Counter[str]
    answers: Counter[int]


class Deployment:
    """The installation on the emulator, and what went through it."""

    def __init__(self, emulated: Emulated, scratch: Path) -> None:
        self.emulated = emulated
        self.scratch = scratch
        self.stream = f"{PREFIX}-events"
        self.lake = f"{PREFIX}-lake-{ACCOUNT}-{REGION}"
        self.given_up: list[dict[str, Any]] = []
        server = emulated.server
        self.kinesis, self.s3 = server.client("kinesis"), server.client("s3")
        self.secrets = server.client("secretsmanager")
        mapping = emulated.templates.one("AWS::Lambda::EventSourceMapping")
        invoke = invoked(server.client("lambda"), f"{PREFIX}-live")
        self.live = KinesisSource(mapping, self.kinesis, self.stream, invoke, self.given_up.append)
        settings = emulated.templates.one("AWS::KinesisFirehose::DeliveryStream")
        self.delivery = Delivery(settings, self.kinesis, self.stream, self._put)

    def _put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.lake, Key=key, Body=content)

    def make_key(self) -> str:
        """A write key, known to the collector; gives its secret."""
        file = self.scratch / "keys.json"
        _, secret = KeyFile(file).create("shop")
        self.secrets.put_secret_value(SecretId=f"{PREFIX}-write-keys", SecretString=file.read_text())
        return secret

    def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """One request as CloudFront passes it on; sent again, as senders do, while the service is busy."""
        for _ in range(ATTEMPTS):
            status, answer = self._post(body, **headers)
            if status != 503:
                break
        return status, answer

    def _post(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        port, api = self.emulated.server.port, self.emulated.api
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", "/v1/events", body, {"Host": f"{api}.execute-api.localhost", **named})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def origin_secret(self) -> str:
        """What CloudFront adds to each request."""
        return str(self.secrets.get_secret_value(SecretId=f"{PREFIX}-origin-token")["SecretString"])

    def send(self, records: int) -> Sent:
        """Send a shop's requests; every second one is packed."""
        secret, origin = self.make_key(), self.origin_secret()
        counts: Counter[str] = Counter()
        answers: Counter[int] = Counter()
        for request in requests(1, datetime.now(UTC), records=records):
            headers = {"Authorization": f"Bearer {secret}", "Content_Type": "application/x-ndjson"}
            body = request.body
            if request.packed:
                headers["Content_Encoding"], body = "gzip", gzip.compress(body)
            status, answer = self.post(body, X_Takings_Origin=origin, **headers)
            answers[status] += 1
            counts.update({name: value for name, value in answer.items() if isinstance(value, int)})
        return Sent(counts, answers)

    def poison(self) -> None:
        """Put records into the stream that never passed the collector."""
        for number, data in enumerate(POISON):
            self.kinesis.put_record(StreamName=self.stream, PartitionKey=str(number), Data=data)

    def raw_lines(self) -> list[bytes]:
        """Every line below the raw zone."""
        return [
            line
            for key in self.raw_keys()
            for line in gzip.decompress(self.s3.get_object(Bucket=self.lake, Key=key)["Body"].read()).split(b"\n")
            if line
        ]

    def raw_keys(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.lake, Prefix="raw/stream/")
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def job(self) -> dict[str, str]:
        """The arguments of the curation job, as the template has them."""
        jobs = self.emulated.templates.resources("AWS::Glue::Job", "lake").values()
        arguments: dict[str, str] = next(job for job in jobs if job["Name"] == f"{PREFIX}-curate")["DefaultArguments"]
        return arguments


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, ministack: MinistackServer) -> Deployment:
    scratch = tmp_path_factory.mktemp("deployment")
    configuration = scratch / "deployment.toml"
    configuration.write_text(DEPLOYMENT.read_text(encoding="utf-8").replace("eu-central-1", REGION), encoding="utf-8")
    emulated = Emulated(ministack, synthesised(TIER, scratch / "cdk.out", configuration))
    for part in ("data", "ingest", "edge", "lake", "console"):
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
    settings = dict(part.split("=", 1) for part in deployment.job()["--conf"].split(" --conf "))
    catalog, endpoint = "spark.sql.catalog.glue_catalog", deployment.emulated.server.endpoint
    settings |= {
        f"{catalog}.glue.endpoint": endpoint,
        f"{catalog}.s3.endpoint": endpoint,
        f"{catalog}.s3.path-style-access": "true",
        f"{catalog}.client.region": REGION,
    }
    names = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY)
    names |= {"AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL_S3": endpoint}
    settings |= {f"spark.executorEnv.{name}": value for name, value in names.items()}  # of Spark's Python workers
    keys, folder = {"aws.accessKeyId": KEY, "aws.secretAccessKey": KEY}, tmp_path_factory.mktemp("spark")
    with spark_session.session(folder, settings, keys) as session, patch.dict(os.environ, names):
        yield session


@pytest.fixture(scope="module")
def curated(deployment: Deployment, sent: Sent, spark: SparkSession) -> dict[str, Any]:
    """The state that the curation job published."""
    from pipeline.curate.spark import curate

    given = [word for name, value in deployment.job().items() for word in (name, value)]
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
