"""An installation on the emulator, as senders and readers of recommendations use it, and as AWS moves its records."""

from __future__ import annotations

import gzip
import http.client
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipeline.collecting.keys import KeyFile
from tests.engines.names import ACCOUNT, REGION
from tests.infra.emulator.delivery import Delivery
from tests.infra.emulator.kinesis_source import KinesisSource, invoked
from tests.infra.emulator.shop import requests
from tests.infra.emulator.stacks import Emulated

TIER, PREFIX = "dev", "takings-dev"
ATTEMPTS = 5
POISON = (b"neither an event nor a refused record\n", b"\xff\xfe\n", b'{"event_id": "never-passed-the-collector"}\n')


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

    @cached_property
    def keys(self) -> dict[str, str]:
        """Keys to write and to read with, made at once: functions look for new ones after a minute."""
        file = self.scratch / "keys.json"
        made = {purpose: KeyFile(file).create("shop", purpose=purpose)[1] for purpose in ("write", "read")}
        self.secrets.put_secret_value(SecretId=f"{PREFIX}-write-keys", SecretString=file.read_text())
        return made

    def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """One request as CloudFront passes it on; sent again, as senders do, while the service is busy."""
        for _ in range(ATTEMPTS):
            status, answer = self._request("POST", "/v1/events", body, headers)
            if status != 503:
                break
        return status, answer

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        """One question for recommendations; the path follows that of all recommendations."""
        return self._request("GET", f"/v1/recommendations{path}", None, headers)

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        port, api = self.emulated.server.port, self.emulated.api
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Host": f"{api}.execute-api.localhost", **named})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def origin_secret(self) -> str:
        """What CloudFront adds to each request."""
        return str(self.secrets.get_secret_value(SecretId=f"{PREFIX}-origin-token")["SecretString"])

    def send(self, records: int) -> Sent:
        """Send a shop's requests; every second one is packed."""
        secret, origin = self.keys["write"], self.origin_secret()
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

    def send_view(self, customer: str, product: str) -> None:
        """A view of a product, now."""
        event = {
            "event_id": uuid4().hex,
            "event_type": "product_view",
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer_id": customer,
            "session_id": "last-visit",
            "product_id": product,
        }
        headers = {"Authorization": f"Bearer {self.keys['write']}", "Content_Type": "application/json"}
        status, answer = self.post(json.dumps([event]).encode(), X_Takings_Origin=self.origin_secret(), **headers)
        assert (status, answer["accepted"]) == (202, 1), answer

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

    def job(self, name: str) -> dict[str, str]:
        """The arguments of a job, as the emulator has them."""
        found = self.emulated.server.client("glue").get_job(JobName=f"{PREFIX}-{name}")["Job"]
        arguments: dict[str, str] = found["DefaultArguments"]
        return arguments
