"""A real browser on the real console: start, visit, wait until all is drawn, look.

Nothing here waits a fixed time: servers are polled until they answer, pages until they say that they are idle.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SCREENSHOTS = ROOT / "build" / "screenshots"
START_SECONDS = 60  # a cold start on a busy machine
IDLE_MILLISECONDS = 30_000
HEIGHTS = {1440: 900, 1024: 768, 390: 844}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# True once the script has ended, nothing is loading, and every chart and table has drawn something.
IDLE = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app || app.dataset.testScriptState !== 'notRunning') return false;
    if (document.querySelector('[data-testid="stSkeleton"], [data-testid="stStatusWidget"], [data-stale="true"]'))
        return false;
    if (!document.querySelector('[data-testid="stMain"] [data-testid="stElementContainer"]')) return false;
    const drawn = (chart, marks) => [...document.querySelectorAll(chart)].every(one => one.querySelector(marks));
    return drawn('[data-testid="stEChartsChart"]', 'svg path') && drawn('[data-testid="stDataFrame"]', 'canvas')
        && document.fonts.status === 'loaded';
}"""


def chromium() -> str | None:
    """The path of a Chromium: $CHROMIUM, one on the path, or Playwright's own; None where there is none."""
    named = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    for name in named:
        if found := shutil.which(name) if name else None:
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def served(script: Path, lake: Path | None = None) -> Iterator[str]:
    """Run a Streamlit script on a free loopback port; yields its address, ends it by its own process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | ({"TAKINGS_LAKE": str(lake)} if lake else {})
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    log = SCREENSHOTS.parent / f"server-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"The server ended while starting:\n{log.read_text(errors='replace')[-2000:]}")
    pytest.fail(f"The server did not answer within {START_SECONDS} s:\n{log.read_text(errors='replace')[-2000:]}")


@dataclass
class Visit:
    """One reader in one browser window.

    `errors` gathers console errors and uncaught exceptions, `foreign` the addresses asked for outside this machine
    (they are refused, so that a test never depends on a network).
    """

    browser: Browser
    address: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    page: Page | None = None
    _name: str = ""

    def open(self, path: str = "/", *, width: int = 1440, theme: str = "light", timezone: str = "UTC") -> Page:
        """Open a path of the console in a fresh window and wait until all is drawn."""
        self.close()
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme=theme,  # type: ignore[arg-type]
            timezone_id=timezone,
            accept_downloads=True,
        )
        context.route("**/*", self._keep_home)
        self.page = context.new_page()
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._name = f"{urlsplit(path).path.strip('/') or 'home'}-{width}-{theme}"
        self.page.goto(self.address + path)
        self.idle()
        return self.page

    def idle(self) -> None:
        """Wait until the script has ended and all is drawn."""
        assert self.page is not None, "open a page first"
        self.page.wait_for_function(IDLE, timeout=IDLE_MILLISECONDS)

    def check(self) -> None:
        """Nothing broke: no exception box, no error in the console, no request that left this machine."""
        assert self.page is not None, "open a page first"
        boxes = self.page.locator('[data-testid="stException"]').all_inner_texts()
        assert not boxes, f"exceptions on the page: {boxes}"
        assert not self.errors, f"errors in the browser's console: {self.errors}"
        assert not self.foreign, f"requests that left this machine: {self.foreign}"

    def screenshot(self, state: str = "data") -> Path:
        """The whole page as a picture below build/screenshots."""
        assert self.page is not None, "open a page first"
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size or {"width": 1440, "height": 900}
        main = """() => document.querySelector('[data-testid="stMain"]').scrollHeight"""
        self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], self.page.evaluate(main))})
        self.idle()
        path = SCREENSHOTS / f"{self._name}-{state}.png"
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        return path

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        assert self.page is not None, "open a page first"
        script = """() => Math.max(...[document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map(one => one.scrollWidth - one.clientWidth))"""
        return int(self.page.evaluate(script))

    def cut_texts(self) -> list[str]:
        """Texts of charts that reach beyond their drawing."""
        assert self.page is not None, "open a page first"
        script = """() => [...document.querySelectorAll('[data-testid="stEChartsChart"] svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1
                    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
            }).map(text => text.textContent);
        })"""
        return list(self.page.evaluate(script))

    def touching_texts(self) -> list[str]:
        """Pairs of texts of a chart that are written over each other."""
        assert self.page is not None, "open a page first"
        script = """() => [...document.querySelectorAll('[data-testid="stEChartsChart"] svg')].flatMap(svg => {
            const apart = (low, high, otherLow, otherHigh, slack) =>
                high <= otherLow + slack || otherHigh <= low + slack;
            const boxes = [...svg.querySelectorAll('text')].map(text => ({
                text: text.textContent, box: text.getBoundingClientRect(),
            })).filter(each => each.box.width);
            return boxes.flatMap(({ text, box }, place) => boxes.slice(place + 1).filter(other =>
                !apart(box.left, box.right, other.box.left, other.box.right, 2)
                && !apart(box.top, box.bottom, other.box.top, other.box.bottom, 4)
            ).map(other => text + ' × ' + other.text));
        })"""
        return list(self.page.evaluate(script))

    def close(self) -> None:
        """Close the window."""
        if self.page is not None:
            self.page.context.close()
            self.page = None

    def _keep_home(self, route) -> None:  # type: ignore[no-untyped-def]
        address = urlsplit(route.request.url)
        if address.hostname in ("127.0.0.1", None) or address.scheme in ("data", "blob"):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where there is none."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install one, or name it in the environment variable CHROMIUM")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor's browser; any exception that a page of theirs throws fails the test."""
    context = browser.new_context()
    thrown: list[str] = []
    context.on("weberror", lambda error: thrown.append(str(error.error)))
    yield context
    context.close()
    assert not thrown


@pytest.fixture(scope="session")
def gallery_address() -> Iterator[str]:
    """The gallery of the UI kit, running."""
    with served(ROOT / "tests" / "support" / "gallery.py") as address:
        yield address


@pytest.fixture(scope="session")
def console_on() -> Iterator[Callable[[Path], str]]:
    """Starts the real console on a lake folder, once for each; gives its address."""
    from contextlib import ExitStack

    running: dict[Path, str] = {}
    with ExitStack() as stack:

        def start(lake: Path) -> str:
            if lake not in running:
                running[lake] = stack.enter_context(served(ROOT / "app.py", lake))
            return running[lake]

        yield start


@pytest.fixture
def visit_to(browser: Browser) -> Iterator[Callable[[str], Visit]]:
    """Makes a `Visit` to an address, closed after the test."""
    visits: list[Visit] = []

    def start(address: str) -> Visit:
        visits.append(Visit(browser, address))
        return visits[-1]

    yield start
    for one in visits:
        one.close()


@pytest.fixture
def gallery(visit_to: Callable[[str], Visit], gallery_address: str) -> Visit:
    """A visit to the gallery."""
    return visit_to(gallery_address)
