"""Recommendations of the embedded app over real HTTP: what is sent to the collector changes the next answer."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from starlette.applications import Starlette

from pipeline.collecting import http as collecting
from pipeline.collecting import serving
from pipeline.collecting.http import Shortcut
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.lake import Lake
from pipeline.live.embedded import FILE as LIVE
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.recommend.customers.opted_out import OptedOutList
from pipeline.recommend.models.embedded import FILE as MODELS
from pipeline.recommend.models.embedded import EmbeddedModelStore, SqliteItems
from pipeline.recommend.serving import http as recommending
from tests.support.commands import call
from tests.support.experiments import customer_in, experiment
from tests.support.models import model
from tests.support.paths import ROOT
from tests.unit.pipeline.collecting.test_http import running

pytestmark = pytest.mark.slow

PATIENCE = 2.0  # seconds in which an event must change the answer
OPTIONS = PlatformOptions(history_seconds=3600, reserve_bytes=0)
PAGE = ROOT / "docs" / "recommendations.md"


@dataclass
class App:
    """A served lake with a key that sends and one that reads."""

    lake: Lake
    port: int
    write_key: str
    read_key: str

    def ask(self, path: str = "", key: str | None = None, **query: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        address = f"/v1/recommendations{path}?{urlencode(query)}"
        connection.request("GET", address, headers={"authorization": f"Bearer {key or self.read_key}"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
        return answer.status, content

    def send(
        self, event_id: str, customer: str, product: str, kind: str = "product_view", key: str | None = None
    ) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        event = {
            "event_id": event_id,
            "event_type": kind,
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer_id": customer,
            "product_id": product,
        }
        connection.request("POST", "/v1/events", json.dumps(event), {"x-write-key": key or self.write_key})
        status = connection.getresponse().status
        connection.close()
        return status

    def until(self, served: str, customer: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The first answer to the customer that is served from this list, which comes in so many seconds."""
        return self.until_true(lambda answer: answer["served"] == served, customer, seconds)

    def until_true(
        self, is_true: Callable[[dict[str, Any]], bool], customer: str, seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """The first answer to the customer of which something is true, which comes in so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            _, answer = self.ask(f"/{customer}")
            assert time.monotonic() < deadline, answer
            if is_true(answer):
                return answer


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    lake = Lake.create(tmp_path / "lake")
    keys = KeyFile(lake.root / FILE)
    items = SqliteItems(lake.root / MODELS)
    live = EmbeddedLiveStore(lake.root / LIVE, "EUR", refuses=OptedOutList(items, renew_after=0.0).refuses)
    with Platform(lake, live=live, options=OPTIONS) as platform:
        assert platform.recommending.models is not None
        platform.recommending.models.publish(model(), after=None)
        routes = [*collecting.routes(platform), *recommending.routes(platform)]
        config = uvicorn.Config(Shortcut(Starlette(), routes), **serving.options() | {"lifespan": "off"})
        with running(config) as port:
            yield App(lake, port, keys.create("shop")[1], keys.create("pages", purpose="read")[1])
    live.close()
    items.close()


def test_a_product_view_changes_the_next_answer_within_two_seconds(app: App):
    assert app.ask("/c1")[1]["served"] == "best_sellers"
    assert app.send("e1", "c1", "mug") == 202
    answer = app.until("for_you", "c1")
    assert answer["items"][0]["product_id"] == "teapot"
    assert answer["items"][0]["why"] == {"kind": "viewed", "text": "Because you viewed Blue mug", "product_id": "mug"}
    assert app.send("e2", "c1", "teapot", "cart_add") == 202
    app.until_true(lambda answer: "teapot" not in [item["product_id"] for item in answer["items"]], "c1")
    assert app.ask("/c2")[1]["served"] == "best_sellers"  # nobody else's answer changes


def test_who_is_held_out_is_shown_nothing_from_two_seconds_after_the_start_to_two_after_the_end(app: App):
    lake, pays = str(app.lake.root), experiment("pays")
    held, other = (customer_in(pays, variant.name) for variant in pays.variants)
    assert app.ask(f"/{held}")[1]["served"] == "best_sellers"
    assert call("recommend", "experiments", "start", "pays", "--holdout", "0.1", "--lake", lake) == 0
    answer = app.until("holdout", held)
    assert (answer["items"], answer["experiment"], answer["variant"]) == ([], "pays", "holdout")
    shown = app.ask(f"/{other}")[1]
    assert (shown["served"], shown["experiment"], shown["variant"]) == ("best_sellers", "pays", "shown")
    assert "experiment" not in app.ask()[1]  # a visitor whom nobody knows
    assert call("recommend", "opt-out", held, "--lake", lake) == 0
    app.until("best_sellers", held)
    assert call("recommend", "opt-in", held, "--lake", lake) == 0
    app.until("holdout", held)
    assert call("recommend", "experiments", "end", "pays", "--lake", lake) == 0
    assert "experiment" not in app.until("best_sellers", held)


def test_a_model_that_another_process_publishes_is_served_within_a_second(app: App):
    other = EmbeddedModelStore(app.lake.root / MODELS)
    other.publish(model("20260303T040000Z-bbbb"), after="20260302T040000Z-aaaa")
    other.close()
    deadline = time.monotonic() + 1.0
    while app.ask()[1]["model"] != "20260303T040000Z-bbbb":
        assert time.monotonic() < deadline


def test_an_id_in_the_path_is_decoded_exactly_once(app: App):
    paths = {"50%2525": "50%25", "a%2Fb": "a/b", "a/b": "a/b", "%C3%BC%20": "ü ", "a%3Fb%23": "a?b#"}
    assert {path: app.ask(f"/{path}")[1]["customer_id"] for path in paths} == paths


def test_models_that_cannot_be_opened_stop_no_event_and_are_named(tmp_path: Path):
    lake = Lake.create(tmp_path / "lake")
    (lake.root / MODELS).write_bytes(b"this is no SQLite file" * 100)
    live = EmbeddedLiveStore(lake.root / LIVE, "EUR")
    with Platform(lake, live=live, options=OPTIONS) as platform:
        assert platform.unready() is None
        assert platform.recommendations is None
        (trouble,) = platform.metrics().troubles
        assert (trouble.loop, trouble.persists) == ("recommendations", True)
        assert MODELS in trouble.what
    live.close()


def test_each_key_does_only_what_it_is_for(app: App):
    assert app.ask("/c1", key=app.write_key)[0] == 401
    assert app.send("e1", "c1", "mug", key=app.read_key) == 401
    assert (app.ask("/c1")[0], app.send("e1", "c1", "mug")) == (200, 202)


def test_who_opts_out_gets_what_everybody_gets_and_leaves_no_recent_items(app: App, capsys: pytest.CaptureFixture[str]):
    lake = str(app.lake.root)
    app.send("e1", "c1", "mug")
    app.until("for_you", "c1")
    assert call("recommend", "opt-out", "c1", "--lake", lake) == 0
    assert "recent actions on Live are deleted" in capsys.readouterr().out
    app.until("best_sellers", "c1")
    app.send("e2", "c1", "mug")
    app.send("e3", "c2", "mug")  # of the same stretch of the log, or a later one
    app.until("for_you", "c2")
    live = EmbeddedLiveStore(app.lake.root / LIVE, "EUR")
    assert (live.recent_items("c1"), len(live.recent_items("c2"))) == ([], 1)
    live.close()
    assert call("recommend", "opt-in", "c1", "--lake", lake) == 0
    app.send("e4", "c1", "mug")
    app.until("for_you", "c1", seconds=PATIENCE + 1)


def test_the_examples_of_the_page_work_as_they_are_pasted(app: App):
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    script = "set -eu\n" + "\n".join(blocks).replace("http://localhost:8501", f"http://127.0.0.1:{app.port}")
    done = subprocess.run(
        ["bash", "-c", script.replace("python -m", f"{sys.executable} -m")],
        cwd=ROOT,
        env=os.environ | {"TAKINGS_LAKE": str(app.lake.root), "WRITE_KEY": app.write_key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == script.count("curl")
    assert {answer.get("code", "ok") for answer in answers} == {"ok", "invalid_parameter"}
    assert any(answer.get("accepted") == 2 for answer in answers)  # the impression and the click
