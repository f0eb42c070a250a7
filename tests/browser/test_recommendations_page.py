"""Recommendations in a real browser: it follows what a customer does, connects reasons, trains, and fits each width."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pipeline.collecting.keys import FILE as KEYS
from pipeline.collecting.keys import KeyFile
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from tests.browser.conftest import ROOT, Visit, served
from tests.pages.conftest import lake_of_sales
from tests.support.models import model

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

VisitTo = Callable[[str], Visit]
SEED = ".tk-surfaces .tk-seed"
SOON = 20_000  # milliseconds: the page looks every five seconds, on a busy machine
TRAINED = 120_000  # of a training of one sale, in a process that starts first


def made(root: Path) -> Path:
    """A lake of one sale, and a model of four products that nobody trained."""
    lake = lake_of_sales(root / "lake", [{"customer_id": "c1"}])
    store = EmbeddedModelStore(lake / FILE)
    store.publish(model(), after=None)
    store.close()
    return lake


@contextmanager
def console(lake: Path) -> Iterator[str]:
    """The console on a lake, which trains only when it is asked to."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TAKINGS_TRAINING", "0")
        with served(ROOT / "app.py", lake) as running:
            yield running


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return made(tmp_path)


@pytest.fixture
def address(lake: Path) -> Iterator[str]:
    with console(lake) as running:
        yield running


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The console on a lake where c1 has viewed a mug."""
    lake = made(tmp_path_factory.mktemp("followed"))
    key = KeyFile(lake / KEYS).create("shop")[1]
    with console(lake) as running:
        view_product(running, key, "mug")
        yield running


def view_product(address: str, key: str, product: str) -> None:
    """Send that c1 views a product."""
    now = datetime.now(UTC).isoformat()
    line = {"event_id": f"{product}-{now}", "event_type": "product_view", "occurred_at": now, "product_id": product}
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/v1/events",
        json.dumps(line | {"customer_id": "c1"}).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        assert answer.status == 202


def test_a_view_changes_the_page_by_itself_and_what_it_leads_to_comes_forward(
    address: str, lake: Path, visit_to: VisitTo
) -> None:
    key = KeyFile(lake / KEYS).create("shop")[1]
    visit = visit_to(address)
    page = visit.open("/recommendations?customer=c1")
    assert page.get_by_text("Because you viewed Blue mug").count() == 0
    view_product(address, key, "mug")
    page.get_by_text("Because you viewed Blue mug").first.wait_for(timeout=SOON)
    assert page.locator("ol.tk-past").get_by_text("Blue mug").is_visible()
    page.locator(SEED).first.hover()
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('.tk-surfaces .tk-unseeded')).opacity === '0.3'"
    )
    assert page.locator(SEED).first.evaluate("one => getComputedStyle(one).opacity") == "1"
    visit.screenshot("followed")
    visit.check()


@pytest.mark.parametrize("part", ["customer", "models"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1024, "dark"), (390, "light"), (390, "dark")])
def test_a_part_draws_fits_and_cuts_nothing(
    part: str, width: int, theme: str, followed: str, visit_to: VisitTo
) -> None:
    visit = visit_to(followed)
    visit.open(f"/recommendations?part={part}&customer=c1&product=lamp", width=width, theme=theme)
    visit.screenshot(part)
    assert visit.overflow() == 0
    assert visit.cut_texts() == []
    visit.check()


def suspended_training(lake: Path, page: Page) -> psutil.Process:
    """The process that trains on a lake, which would have ended before others look."""
    for _ in range(SOON // 50):
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if "train" in command and str(lake) in command:
                process.suspend()
                return process
        page.wait_for_timeout(50)
    raise AssertionError("no training has started")


def test_train_now_shows_its_progress_and_then_what_came_of_it(address: str, lake: Path, visit_to: VisitTo) -> None:
    visit, other = visit_to(address), visit_to(address)
    page, beside = visit.open("/recommendations?part=models"), other.open("/recommendations?part=models")
    page.get_by_role("button", name="Train now").click()
    training = suspended_training(lake, page)
    for one in (page, beside):  # whoever started it
        one.locator('[data-testid="stProgress"]').wait_for(timeout=SOON)
    training.resume()
    for one in (page, beside):
        one.get_by_text("The last training made lists alone: There is too little to learn from").wait_for(
            timeout=TRAINED
        )
    assert page.get_by_role("button", name="Train now").is_visible()
    assert page.get_by_text("Missing: events").is_visible()
    visit.screenshot("trained")
    visit.check()
