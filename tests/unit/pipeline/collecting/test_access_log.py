"""The running server, at its most talkative: a line for each request, and no secret in anything that it writes."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.collecting.keys import FILE, KeyFile
from pipeline.lake import Lake
from pipeline.streams.checkpoints import STREAM
from tests.support.collecting import VIEW
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

WRONG = "tk_wrong-and-still-a-secret"  # a mistyped key is nearly the right one
PATIENCE = 60.0
TALKATIVE = """
import logging, sys
logging.basicConfig(level=1, stream=sys.stderr)
import app
sys.argv[0] = "app.py"
app.main()
"""
EVENT = json.dumps(VIEW | {"occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}).encode()


@dataclass
class Running:
    """A server, and all that it has written when it has ended."""

    process: subprocess.Popen[bytes]
    port: int
    key: str
    lake: Path
    said: Path

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, body, {"Content-Type": "application/json", **names})
            return connection.getresponse().status
        finally:
            connection.close()

    def send_raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            return connection.recv(65536)

    def end(self) -> list[str]:
        """Stop it; returns the lines of its access log."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return [line for line in self.said.read_text().splitlines() if line.startswith('{"method"')]


def is_ready(server: Running) -> bool:
    try:
        return server.send("GET", "/readyz") == 200
    except OSError:
        return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    lake = Lake.create(tmp_path / "lake")
    _, key = KeyFile(lake.root / FILE).create("web-shop")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "TAKINGS_LAKE": str(lake.root),
        "TAKINGS_ACCESS_LOG": "1",
        "TAKINGS_ORIGINS": "https://shop.example",
        "STREAMLIT_LOGGER_LEVEL": "debug",
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONPATH": str(ROOT),
    }
    said = tmp_path / "said"
    with said.open("wb") as output:
        command = [sys.executable, "-c", TALKATIVE, "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        running = Running(process, port, key, lake.root, said)
        try:
            deadline = time.monotonic() + PATIENCE
            while not is_ready(running):
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.05)  # between two looks
            yield running
        finally:
            process.kill()
            process.wait()


def test_a_line_for_each_request_and_a_secret_in_none(server: Running) -> None:
    answered: list[tuple[str, int]] = []

    def send(method: str, target: str, body: bytes = EVENT, **headers: str) -> None:
        answered.append((target.partition("?")[0], server.send(method, target, body, **headers)))

    for secret in (server.key, WRONG):
        basic = base64.b64encode(f"{secret}:".encode()).decode()
        track = {"event": "Product Viewed", "userId": "c", "properties": {"product_id": "p"}, "writeKey": secret}
        measured = {"client_id": "c", "events": [{"name": "view_item", "params": {"items": [{"item_id": "p"}]}}]}
        send("POST", "/v1/events", Authorization=f"Bearer {secret}")
        send("POST", "/v1/events", X_Write_Key=secret)
        send("POST", f"/v1/events?key={secret}")
        send("POST", "/v1/track", json.dumps(track).encode(), Authorization=f"Basic {basic}")
        send("POST", "/v1/track", json.dumps(track).encode())
        send("POST", f"/mp/collect?measurement_id=G-1&api_secret={secret}", json.dumps(measured).encode())
        send("PUT", f"/v1/events?key={secret}")
        send("POST", f"/v1/events?key={secret}", b"{" * (1024 * 1024 + 1))
        send("POST", f"/v1/events?key={secret}", b"not JSON")
        send("POST", f"/v1/events?key={secret}", Content_Type=f"text/{secret}")
        send("OPTIONS", f"/v1/events?key={secret}", Origin="https://shop.example")
        in_access_log = len(answered)
        server.send("GET", f"/?key={secret}")
        server.send("POST", f"/v1/no-such?key={secret}", EVENT)
        server.send("GET", f"/healthz?key={secret}")
        server.send_raw(f"POST /v1/events?key={secret} BROKEN\r\nx-write-key: {secret}\r\n\r\n".encode())
        server.send_raw(f"POST /v1/events?key={secret} HTTP/1.1\r\n: {secret}\r\n\r\n".encode())
        server.send_raw(
            f"GET /v1/events?key={secret} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
    lines = [json.loads(line) for line in server.end()]

    assert [(line["route"], line["status"]) for line in lines] == answered
    assert in_access_log * 2 > len(answered)
    assert {status for _, status in answered} >= {200, 202, 204, 400, 401, 405, 413, 415}
    stored = next(line for line in lines if line["status"] == 202)
    assert stored["milliseconds"] > 0
    del stored["milliseconds"]
    counts = {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert stored == {"method": "POST", "route": "/v1/events", "status": 202, "source": "web-shop", **counts}
    assert {line["source"] for line in lines if line["status"] == 401} == {None}

    written = [server.said, *(path for path in server.lake.rglob("*") if path.is_file())]
    for path in written:
        if STREAM not in path.relative_to(server.lake.parent).parts:  # the events themselves
            content = path.read_bytes()
            for secret in (server.key, WRONG):
                assert secret.encode() not in content, f"{path}: {content!r}"
                assert base64.b64encode(f"{secret}:".encode()) not in content, path
