"""ministack: AWS's APIs as one local process, of which the tests use Glue's catalogue and S3, for Iceberg tables.

Whatever speaks to AWS by an endpoint can use it (Trino, Spark, boto3); it checks no credentials. It is a server and
not moto, because engines in other processes share it. It keeps everything in memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.artifacts import EngineMissing, ministack
from tests.engines.names import ACCOUNT, REGION
from tests.engines.processes import free_port, tied

WAREHOUSE = "takings-iceberg"  # the bucket of the tables' files
KEY = "test"  # both halves of a key that opens nothing
READY_SECONDS = 60.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never asked by way of a proxy
_SETTINGS = {
    "BIND_HOST": "127.0.0.1",  # its default is every address of the machine
    "IOT_MTLS_ENABLED": "0",  # another port, on every address
    "LOG_LEVEL": "WARNING",
    "S3_PERSIST": "0",
}


@dataclass(frozen=True)
class MinistackServer:
    """A running server; its address is what AWS's clients take as their endpoint."""

    port: int

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, region: str = REGION, key: str = KEY) -> Any:
        """A client of one service. To be made outside moto, which would answer instead.

        Parameters
        ----------
        key : of twelve digits, it names the account
        """
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def database(self, name: str) -> str:
        """Make a database of the catalogue, whose tables lie below a folder of their own; gives its name."""
        place = f"s3://{WAREHOUSE}/{name}/"
        self.client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": place})
        return name


@contextmanager
def running(folder: Path, account: str = ACCOUNT) -> Iterator[MinistackServer]:
    """A server that keeps its log below `folder`, with the bucket of the tables' files; it is killed at the end.

    Parameters
    ----------
    account : whose requests are that no key signs, such as those to an API

    Raises
    ------
    EngineMissing
        It cannot be installed, or does not start; says why.
    """
    program, port, log = ministack(), free_port(), folder / "ministack.log"
    places = {"GATEWAY_PORT": str(port), "TMPDIR": str(folder), "S3_DATA_DIR": str(folder / "s3")}
    places["MINISTACK_ACCOUNT_ID"] = account
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            tied([program]),
            cwd=folder,
            env=theirs | _SETTINGS | places,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        _await(process, port, log)
        server = MinistackServer(port)
        server.client("s3").create_bucket(Bucket=WAREHOUSE)
        yield server
    finally:
        process.kill()  # it ignores to be asked
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once it answers."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with _DIRECT.open(f"http://127.0.0.1:{port}/_ministack/health", timeout=5) as answer:
                if json.load(answer)["services"]:
                    return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.05)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise EngineMissing(f"ministack did not start within {READY_SECONDS:.0f} seconds; the end of its log:\n{tail}")
