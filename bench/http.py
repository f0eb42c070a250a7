"""The collector over HTTP: how soon an event is visible, how many are durable in a second, and in how much memory.

A real server on a new lake, on this machine's loopback; the senders share its cores. What was sent is counted, and
compared with what live shows.

``python -m bench http`` prints one JSON object a line; ``tests/load`` runs the same for longer.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event, Thread, Timer

import psutil

from bench.options import Options, Record, percentile, record
from bench.single import CONNECTIONS as SINGLE_CONNECTIONS
from bench.single import exchange, requests
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.lake import Lake
from pipeline.live.documents import Flow
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.sample.shop import open_shop
from pipeline.traffic.pace import bodies, encoded
from pipeline.traffic.sender import Sender, Tally
from pipeline.traffic.visitors import Visitors

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app.py"
LIVE = "live.sqlite"  # the live store, somewhere in the lake's folder
START_SECONDS, STOP_SECONDS = 60, 30
SECONDS = 10.0  # of each measurement
RATE, BATCH = 200, 10  # what a busy shop's trackers send
LARGE_BATCH, CONNECTIONS = 500, 4
LARGE_BODIES = 400  # 200,000 events: more than a server is expected to take in `SECONDS`
WARM_SECONDS, SINGLE_SECONDS = 1.0, 4.0  # of requests of one event
SETTLE_SECONDS = 13.0  # after its start, in which the console loads what its first pages need
LOOK_SECONDS = 0.01  # between two looks at live; what is measured is that much too long at most
PATIENCE = 120.0  # seconds after the last request in which everything must be visible


@dataclass
class Server:
    """A running server.

    Attributes
    ----------
    sent : every record sent to it so far, and the verdicts
    peak_bytes : the most resident memory that was seen so far
    """

    address: str
    key: str
    lake: Lake
    process: psutil.Process
    sent: Tally = field(default_factory=Tally)
    peak_bytes: int = 0

    def live(self) -> EmbeddedLiveStore:
        """The live store that the server writes, to read what it shows."""
        found = next(self.lake.root.rglob(LIVE), None)
        if found is None:
            raise RuntimeError(f"The server keeps no {LIVE} in {self.lake.root}")
        return EmbeddedLiveStore(found, self.lake.settings.reporting_currency)


def measure(_options: Options) -> Iterator[Record]:
    """Freshness at a shop's rate, then the highest durable rate, the memory of both, and requests of one event."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "lake") as server:
        yield from freshness(server)
        yield from durable_rate(server)
        yield record("http.memory_peak", server.peak_bytes / 2**20, "MiB", limit=1024)
    with tempfile.TemporaryDirectory() as folder:
        yield from single_rate(Path(folder))


@contextmanager
def serving(folder: Path, command: Sequence[str] = (str(APP),)) -> Iterator[Server]:
    """Serve a new lake with the console's own server, on a free loopback port, without its own traffic."""
    lake = Lake.create(folder)
    _, key = KeyFile(lake.root / FILE).create("load")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"TAKINGS_LAKE": str(lake.root), "TAKINGS_TRAFFIC": "0", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as said:
        arguments = [sys.executable, *command, "--port", str(port)]
        process = subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=said, stderr=said)
        server = Server(f"http://127.0.0.1:{port}", key, lake, psutil.Process(process.pid))
        stop = Event()
        watching = Thread(target=_watch_memory, args=(server, stop))
        try:
            _wait_until_ready(process, port)
            watching.start()
            yield server
        except Exception:  # whatever it was: what the server printed explains it, and it is raised again
            said.seek(0)
            sys.stderr.write(said.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            stop.set()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if watching.is_alive():
                watching.join()


def freshness(server: Server, *, rate: float = RATE, seconds: float = SECONDS) -> Iterator[Record]:
    """From the moment before a POST to the moment when its events can be read from the live store, at a steady rate.

    A page that asks once a second adds up to one second.
    """
    posted: list[tuple[float, int]] = []  # when a request began; how many records had been sent after it
    total = Tally()
    with _ending_after(seconds) as stop, _looking(server) as look:
        sender = Sender(server.address, server.key, stop)
        for body in bodies(rate, BATCH, stop):
            begun = time.monotonic()
            taken = sender.post(body)
            if taken is None:
                break
            _count(total, taken)
            posted.append((begun, server.sent.sent + total.sent))
        sender.close()
        server.sent.add(total)
        look.until(server.sent)
    lags = [look.when(count) - begun for begun, count in posted]
    more = {"rate": rate, "seconds": seconds, "sent": total.sent}
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        yield record(f"http.freshness_{name}", 1000 * percentile(lags, share), "ms", **more)
    slowest = round(1000 * max(lags))
    yield record("http.freshness_p99", 1000 * percentile(lags, 0.99), "ms", limit=1000, slowest=slowest, **more)
    yield record("http.response_p99", 1000 * percentile(total.latencies, 0.99), "ms", **more)


def durable_rate(server: Server, *, seconds: float = SECONDS) -> Iterator[Record]:
    """Events acknowledged in a second, in batches of 500 over a few connections that never pause.

    And how many a second live takes in meanwhile and afterwards, until it has shown them all.
    """
    waiting = _large_bodies()
    total = Tally()
    with _looking(server) as look:
        with _ending_after(seconds) as stop, ThreadPoolExecutor(CONNECTIONS) as pool:
            begun = time.monotonic()
            shares = [waiting[place::CONNECTIONS] for place in range(CONNECTIONS)]
            for tally in pool.map(lambda share: _send_all(server, share, stop), shares):
                _count(total, tally)
            took = time.monotonic() - begun
        server.sent.add(total)
        look.until(server.sent)
    more = {"batch": LARGE_BATCH, "connections": CONNECTIONS, "sent": total.sent}
    yield record("http.durable_rate", total.sent / took, "events/s", limit=40_000, **more)
    yield record("http.large_response_p99", 1000 * percentile(total.latencies, 0.99), "ms", **more)
    yield record("http.live_rate", total.sent / (look.when(server.sent.sent) - begun), "events/s", **more)


def single_rate(folder: Path) -> Iterator[Record]:
    """Requests of one event: how many a second are durable, and how long one takes at half of that.

    Beside it, from the same sender: an echo on the same server, and one that writes each group with one fsync.
    """
    with serving(folder / "collector") as server, _looking(server) as look:
        time.sleep(SETTLE_SECONDS)
        found = yield from _single(server, "single", limit=3000)
        look.until(Tally(sent=found, accepted=found))
    for name, more in (("echo", []), ("durable_echo", ["--durable", str(folder)])):
        with serving(folder / name, ["-m", "bench.echo", *more]) as server:
            yield from _single(server, f"single_{name}")


def _single(server: Server, name: str, limit: int | None = None) -> Generator[Record, None, int]:
    """Measure a server; returns how many requests it answered."""
    warm = exchange(server.address, requests(server.key, 1), seconds=WARM_SECONDS)
    used = sum(server.process.cpu_times()[:2])
    fastest = exchange(server.address, requests(server.key, 2), seconds=SINGLE_SECONDS)
    cores = (sum(server.process.cpu_times()[:2]) - used) / fastest.seconds
    half = exchange(server.address, requests(server.key, 3), seconds=SINGLE_SECONDS, rate=fastest.rate / 2)
    shares = {"server_cores": round(cores, 2), "sender_cores": round(fastest.sender_share, 2)}
    bound = {} if limit is None else {"limit": limit}
    yield record(f"http.{name}_rate", fastest.rate, "requests/s", **bound, connections=SINGLE_CONNECTIONS, **shares)
    for word, share in (("p50", 0.5), ("p99", 0.99)):
        yield record(f"http.{name}_half_{word}", 1000 * percentile(half.latencies, share), "ms", rate=round(half.rate))
    return warm.requests + fastest.requests + half.requests


def _count(total: Tally, more: Tally) -> None:
    total.add(more)
    total.latencies += more.latencies


def _send_all(server: Server, share: Sequence[bytes], stop: Event) -> Tally:
    sender, tally = Sender(server.address, server.key, stop), Tally()
    for body in share:
        taken = sender.post(body)
        if taken is None:
            break
        _count(tally, taken)
    sender.close()
    return tally


def _large_bodies() -> list[bytes]:
    """Bodies of new events, made beforehand: the machine is the server's while it is measured."""
    arriving = encoded(Visitors(open_shop(7), RATE))
    return [b"\n".join(islice(arriving, LARGE_BATCH)) for _ in range(LARGE_BODIES)]


class _Look:
    """Looks at the live store again and again, and notes when it showed more than before."""

    def __init__(self, live: EmbeddedLiveStore) -> None:
        self._live = live
        self._seen: list[tuple[float, Flow]] = [(time.monotonic(), live.totals().flow)]

    def run(self, done: Event) -> None:
        """Look until told to stop."""
        while not done.wait(LOOK_SECONDS):
            flow = self._live.totals().flow
            if flow.received > self._seen[-1][1].received:
                self._seen.append((time.monotonic(), flow))

    def when(self, received: int) -> float:
        """The first moment when so many records were seen."""
        return self._seen[bisect_left(self._seen, received, key=lambda seen: seen[1].received)][0]

    def until(self, sent: Tally) -> None:
        """Wait until everything is visible, and compare the verdicts that were given with those of live."""
        deadline = time.monotonic() + PATIENCE
        while self._seen[-1][1].received < sent.sent:
            if time.monotonic() > deadline:
                shown = self._seen[-1][1].received
                raise TimeoutError(f"{PATIENCE:.0f} s after the last of {sent.sent} records, live shows {shown}")
            time.sleep(LOOK_SECONDS)
        flow = self._seen[-1][1]
        reported = (sent.sent, sent.accepted, sent.duplicates, sent.quarantined)
        if reported != (flow.received, flow.accepted, flow.duplicates, flow.quarantined):
            raise RuntimeError(f"The senders received: {sent}. Live shows {flow.totals}")


@contextmanager
def _looking(server: Server) -> Iterator[_Look]:
    live, done = server.live(), Event()
    look = _Look(live)
    thread = Thread(target=look.run, args=(done,))
    thread.start()
    try:
        yield look
    finally:
        done.set()
        thread.join()
        live.close()


def _watch_memory(server: Server, stop: Event) -> None:
    while not stop.wait(0.2):
        try:
            server.peak_bytes = max(server.peak_bytes, server.process.memory_info().rss)
        except psutil.NoSuchProcess:
            return


@contextmanager
def _ending_after(seconds: float) -> Iterator[Event]:
    stop = Event()
    timer = Timer(seconds, stop.set)
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("The server ended while starting")
        if _is_ready(port):
            return
        time.sleep(0.05)
    raise TimeoutError(f"The collector was not ready within {START_SECONDS} s")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read()) == {"status": "ready"}
    except (OSError, http.client.HTTPException, ValueError):  # not up yet, or a page in the collector's place
        return False
    finally:
        connection.close()
