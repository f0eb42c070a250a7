"""A real Trino server, the engine inside Athena version 3: one process, loopback only, stopped by its own id.

``python -m tests.engines.trino_server LAKE`` serves a lake until Ctrl-C, to try statements by hand.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.engines.artifacts import EngineMissing, trino_home
from tests.engines.java import java
from tests.engines.ministack_server import KEY, WAREHOUSE, MinistackServer
from tests.engines.names import REGION
from tests.engines.processes import free_port, stop, tied
from tests.engines.trino_client import TrinoError, TrinoQuery, called

CATALOG = "hive"
ICEBERG = "iceberg"  # the catalogue of a ministack, where one is given
HEAP = "1200M"
READY_SECONDS = 180.0  # a busy machine; one that fails ends sooner
STOP_SECONDS = 20.0
CATALOG_SECONDS = 60.0  # it looks for its nodes' catalogues every five seconds
ATTEMPTS = 3  # somebody else may take the port between its choice and the server's start
_TAKEN = "Address already in use"
_NO_NODES = "NO_NODES_AVAILABLE"

# The tables are small and the statements many: nothing is spread over threads and nodes that would cost more to start.
_CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
catalog.config-dir={folder}/catalog
query.max-memory=500MB
query.max-memory-per-node=500MB
memory.heap-headroom-per-node=250MB
task.concurrency=1
query.min-hash-partition-count=1
query.max-hash-partition-count=1
join-distribution-type=BROADCAST
node.environment=tests
node.id={node}
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
"""
# Timestamps keep their microseconds, as those of the Iceberg tables that Athena reads; the file metastore and the local
# file system stand where Glue and S3 stand.
_HIVE = """\
connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local://{folder}/metastore
fs.native-local.enabled=true
local.location=/
hive.timestamp-precision=MICROSECONDS
hive.recursive-directories=true
"""
# As Athena's: tables of a Glue catalogue, files in S3.
_ICEBERG = """\
connector.name=iceberg
iceberg.catalog.type=glue
iceberg.file-format=PARQUET
hive.metastore.glue.region={region}
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.default-warehouse-dir=s3://{bucket}/
hive.metastore.glue.aws-access-key={key}
hive.metastore.glue.aws-secret-key={key}
fs.native-s3.enabled=true
s3.region={region}
s3.endpoint={endpoint}
s3.path-style-access=true
s3.aws-access-key={key}
s3.aws-secret-key={key}
"""


@dataclass(frozen=True)
class TrinoServer:
    """A running server: where it listens, what it is, and the catalogue that its statements are about."""

    port: int
    version: str
    catalog: str = CATALOG

    @property
    def iceberg(self) -> TrinoServer:
        """The same server, asked about the Iceberg tables of its ministack."""
        return replace(self, catalog=ICEBERG)

    def query(self, sql: str, schema: str | None = None, session: str = "") -> TrinoQuery:
        """A statement, not yet submitted."""
        return TrinoQuery(self.port, sql, self.catalog, schema, session)

    def execute(self, sql: str, schema: str | None = None, session: str = "") -> TrinoQuery:
        """Run one statement to its end; raises TrinoError where it fails.

        A server knows seconds later than its nodes which catalogues they have; the statement waits for that.
        """
        deadline = time.monotonic() + CATALOG_SECONDS
        while True:
            try:
                return self.query(sql, schema, session).start().finish()
            except TrinoError as error:
                if error.name != _NO_NODES or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


@contextmanager
def running(folder: Path, ministack: MinistackServer | None = None) -> Iterator[TrinoServer]:
    """A server with its configuration, metastore and log below `folder`; it is stopped at the end.

    With a ministack it has a second catalogue: the Iceberg tables of its Glue, see `TrinoServer.iceberg`.

    Raises
    ------
    EngineMissing
        Its files or a Java runtime cannot be had, or it does not start; says why.
    """
    home, runtime = trino_home(), java()
    (folder / "catalog").mkdir(parents=True)
    (folder / "catalog" / f"{CATALOG}.properties").write_text(_HIVE.format(folder=folder), encoding="utf-8")
    if ministack is not None:
        iceberg = _ICEBERG.format(endpoint=ministack.endpoint, bucket=WAREHOUSE, region=REGION, key=KEY)
        (folder / "catalog" / f"{ICEBERG}.properties").write_text(iceberg, encoding="utf-8")
    command = [
        str(runtime),
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",  # two cores, and a heap that is never large
        "-XX:TieredStopAtLevel=1",  # the tests ask each statement once: compiling it well does not pay
        "-XX:ReservedCodeCacheSize=256m",  # at that level 48m, and nothing is compiled once it is full
        "-Duser.timezone=UTC",
        f"-Dconfig={folder}/config.properties",
        "-cp",
        f"{home}/lib/*",
        "io.trino.server.TrinoServer",
    ]
    log = folder / "server.log"
    process, server = _started(folder, command, home, log)
    try:
        yield server
    finally:
        stop(process, STOP_SECONDS)


def _started(folder: Path, command: list[str], home: Path, log: Path) -> tuple[subprocess.Popen[bytes], TrinoServer]:
    """A server that answers, on a port that nobody else has."""
    for attempt in range(1, ATTEMPTS + 1):
        port, node = free_port(), f"tests-{uuid.uuid4().hex}"
        config = _CONFIG.format(port=port, folder=folder, node=node)
        (folder / "config.properties").write_text(config, encoding="utf-8")
        with log.open("wb") as out:
            process = subprocess.Popen(tied(command), cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            return process, TrinoServer(port, _await(process, port, node, log))
        except BaseException as error:
            stop(process, STOP_SECONDS)
            retry = isinstance(error, EngineMissing) and _TAKEN in log.read_text(encoding="utf-8", errors="replace")
            if not retry or attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _await(process: subprocess.Popen[bytes], port: int, node: str, log: Path) -> str:
    """The server's version, once it answers."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            info = called(urllib.request.Request(f"http://127.0.0.1:{port}/v1/info"), seconds=5)
            # it answers some time before it has announced itself as a node that can work
            if not info["starting"] and _has_node(port, node):
                return str(info["nodeVersion"]["version"])
        except (OSError, ValueError, TrinoError):
            pass
        time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    ended = "" if process.poll() is None else f" and ended with {process.returncode}"
    raise EngineMissing(f"Trino did not start within {READY_SECONDS:.0f} seconds{ended}; the end of its log:\n{tail}")


def _has_node(port: int, node: str) -> bool:
    """Whether our own server answers there, and can work: another one may have had the port before."""
    nodes = TrinoQuery(port, "select node_id from system.runtime.nodes where state = 'active'", CATALOG)
    return [node] in nodes.start().finish().rows


if __name__ == "__main__":
    import tempfile

    from tests.engines.trino_tables import register

    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch)) as server:
        register(server, Path(sys.argv[1]).resolve(), "lake")
        sys.stdout.write(f"Trino {server.version} on http://127.0.0.1:{server.port}, catalog {CATALOG}, schema lake\n")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
