"""The wheel, in an environment that holds nothing else, from a folder that is no checkout."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

UV = Path(sys.executable).parent / "uv"
START_SECONDS = 120  # a bare environment compiles all it imports first
MAPPING = """
[columns]
occurred_at = "at"
order_id = "order"
customer_id = "customer"
product_id = "product"
unit_price = "price"
[constants]
event_type = "purchase"
currency = "EUR"
[event_id]
columns = ["order", "product"]
"""
ORDERS = """at,order,customer,product,price
2026-03-01T10:00:00Z,o-1,c-1,lamp,40.00
2026-03-02T11:00:00Z,o-2,c-2,desk,199.90
"""
BRIEF = """
from streamlit.testing.v1 import AppTest
from console.kit.navigation import PAGES
page = AppTest.from_file(str(PAGES[1].path), default_timeout=120)
page.query_params["period"] = "all"
page.run()
assert not page.exception, page.exception
assert not [part for part in page.get("html") if "tk-failed" in part.proto.body]
"""


class Installed:
    """The commands of an environment with the wheel, called in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "environment" / "bin"
        kept = ("PATH", "HOME", "LANG", "UV_CACHE_DIR")
        self.variables = {name: os.environ[name] for name in kept if name in os.environ}

    def run(self, program: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """`takings serve` on a free port; its address once it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [self.programs / "takings", "serve", "--port", str(port), *arguments]
        with (self.folder / "served").open("w") as printed:
            process = subprocess.Popen(command, cwd=self.folder, env=self.variables, stdout=printed, stderr=printed)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            read(address)
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)
        else:
            return


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (built,) = folder.glob("takings-*.whl")
    return built


def environment(folder: Path, *requirements: str | Path) -> Installed:
    """An environment that holds these and what they need."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "environment"], check=True)
    python = folder / "environment" / "bin" / "python"
    pinned = ["-c", ROOT / "requirements.txt"]
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *pinned, *requirements], check=True)
    return Installed(folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return environment(tmp_path_factory.mktemp("wheel"), f"{wheel}[console]")


@pytest.fixture(scope="module")
def shop(installed: Installed) -> str:
    """A lake of one's own with two orders."""
    installed.run("takings", "init", "shop", "--currency", "EUR", "--time-zone", "Europe/Berlin")
    (installed.folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (installed.folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    installed.run("takings", "import", "csv", "orders.csv", "--map", "mapping.toml", "--lake", "shop")
    return "shop"


def test_its_one_program_has_the_commands_of_both_sides_and_serves(installed: Installed) -> None:
    listed = installed.run("takings", "--help").stdout
    assert {"init", "serve", "import", "keys", "query", "tiers"} <= set(listed.split())


def test_what_was_imported_is_asked_for(installed: Installed, shop: str) -> None:
    asked = installed.run("takings", "query", "sales/net_revenue_by_day", "--lake", shop, "--format", "csv")
    assert "199.9" in asked.stdout


def test_a_key_is_the_only_line_on_stdout(installed: Installed, shop: str) -> None:
    made = installed.run("takings", "keys", "create", "web-shop", "--lake", shop)
    assert len(made.stdout.splitlines()) == 1


def test_what_is_read_from_files_that_are_no_modules_is_there(installed: Installed) -> None:
    assert "startup" in installed.run("takings", "tiers").stdout  # infra_cdk/tiers.toml and the price book


def test_it_serves_its_health_and_a_page(installed: Installed, shop: str) -> None:
    with installed.serving("--lake", shop) as address:
        assert read(f"{address}/healthz")
        assert "<html" in read(f"{address}/revenue")
    printed = (installed.folder / "served").read_text(encoding="utf-8")
    assert f"Lake: {installed.folder / shop}" in printed


def test_the_script_of_a_page_draws_the_lake(installed: Installed, shop: str) -> None:
    installed.variables["TAKINGS_LAKE"] = shop
    try:
        installed.run("python", "-c", BRIEF)
    finally:
        del installed.variables["TAKINGS_LAKE"]


def test_a_mistyped_lake_is_not_served_and_not_made(installed: Installed) -> None:
    refused = installed.run("takings", "serve", "--lake", "shpo", code=2)
    assert refused.stderr == (
        f"takings: There is no lake here ({installed.folder / 'shpo'}). Check the path, or make an empty lake with "
        "`takings init DIR`, or `takings sample --lake DIR`.\n"
    )
    assert not (installed.folder / "shpo").exists()


def test_of_the_settings_of_streamlit_it_has_no_secrets(installed: Installed) -> None:
    folder = installed.run("python", "-c", "from catalogue.project_files import ROOT; print(ROOT)").stdout.strip()
    assert [path.name for path in (Path(folder) / ".streamlit").iterdir()] == ["config.toml"]
