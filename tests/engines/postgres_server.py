"""A PostgreSQL of the tests' own: a temporary data folder, a Unix socket and no port, stopped by its own id."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.engines.artifacts import EngineMissing
from tests.engines.processes import stop, tied

OWNER = "postgres"  # the role that owns everything in it
READY_SECONDS = 120.0  # a busy machine; one that fails ends sooner
STOP_SECONDS = 20.0
OLDEST = 13
_ACCOUNTS = ("postgres", "nobody")  # whom root starts it as: it refuses to run as root
# A crash loses nothing that anybody wants, so nothing waits for the disk.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",  # the statements are asked once
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server: the folder of its socket, and what it is."""

    folder: Path
    version: str

    def connect(self, database: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        """A connection as the owner, each statement committed by itself."""
        return psycopg.connect(host=str(self.folder), dbname=database, user=OWNER, autocommit=True, **options)


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server in a folder of its own, which is removed at the end.

    Raises
    ------
    EngineMissing
        PostgreSQL is not installed or does not start; says why.
    """
    programs = _programs()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="takings-pg-", dir="/tmp"))
    data, log = folder / "data", folder / "server.log"
    process: subprocess.Popen[bytes] | None = None
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        as_whom: dict[str, Any] = (
            {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        )
        made = subprocess.run(
            # the C locale sorts by bytes, as Redshift, Trino and DuckDB do
            [programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
            **as_whom,
        )
        if made.returncode:
            raise EngineMissing(f"initdb failed: {made.stderr.strip()[-800:]}")
        command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                tied(command), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **as_whom
            )
        yield PostgresServer(folder, _await(process, folder, log))
    finally:
        if process is not None:
            stop(process, STOP_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder with `postgres` and `initdb` of the newest version installed."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    found = shutil.which("postgres")
    places = [*installed, *([Path(found)] if found else [])]
    if not places:
        raise EngineMissing("PostgreSQL is not installed: on Debian, apt-get install postgresql")
    return places[0].parent


def _account() -> pwd.struct_passwd | None:
    """Whom to start it as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EngineMissing(f"PostgreSQL refuses to run as root, and there is no account {' or '.join(_ACCOUNTS)}")


def _await(process: subprocess.Popen[bytes], folder: Path, log: Path) -> str:
    """The server's version, once it answers."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with psycopg.connect(host=str(folder), dbname="postgres", user=OWNER) as connection:
                row = connection.execute("show server_version").fetchone()
                assert row is not None
                return str(row[0]).split()[0]
        except psycopg.OperationalError:
            time.sleep(0.05)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise EngineMissing(f"PostgreSQL did not start within {READY_SECONDS:.0f} seconds; the end of its log:\n{tail}")
