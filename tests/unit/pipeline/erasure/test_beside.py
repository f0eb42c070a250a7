"""What a running shop holds of a person beside raw files and tables: its log, Live, and links of anonymous ids."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import LakeError, StreamUnavailable
from pipeline.collecting.keys import FILE, KeyFile
from pipeline.embedded.platform import Platform, PlatformOptions
from pipeline.erasure.beside import KNOWN_CUSTOMERS
from pipeline.erasure.erase import erase, erased_before, person_of
from pipeline.erasure.manifest import Erasures
from pipeline.erasure.scan import scan
from pipeline.lake import Lake
from pipeline.live.embedded import FILE as LIVE
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.recommend.customers.keys import digest_of, history_key
from pipeline.recommend.customers.opted_out import OptedOutCustomers
from pipeline.recommend.models.embedded import FILE as MODELS
from pipeline.recommend.models.embedded import SqliteItems
from pipeline.streams.checkpoints import STREAM
from pipeline.streams.log import AppendLog
from tests.support.arrivals import NOON, arrival
from tests.support.collecting import decoded, request
from tests.support.given import Given

pytestmark = pytest.mark.slow

OPTIONS = PlatformOptions(history_seconds=3600, reserve_bytes=0)


def opened(lake: Lake) -> Platform:
    return Platform(lake, live=EmbeddedLiveStore(lake.root / LIVE, "USD"), options=OPTIONS)


def viewed(device: str, number: int) -> dict[str, Any]:
    properties = {"product_id": f"p{number}"}
    return {"type": "track", "event": "Product Viewed", "messageId": f"{device}-{number}", "anonymousId": device} | {
        "properties": properties
    }


@pytest.fixture
def shop(tmp_path: Path) -> Given:
    """Two visitors who signed in, one of them c1; nothing is curated but by stopping."""
    given = Given(tmp_path)
    _, secret = KeyFile(given.lake.root / FILE).create("shop")
    messages = [
        viewed("device-1", 1),
        {"type": "identify", "anonymousId": "device-1", "userId": "c1"},
        viewed("device-1", 2),
        viewed("device-2", 1),
        {"type": "identify", "anonymousId": "device-2", "userId": "c12"},
        viewed("device-2", 2),
    ]
    with opened(given.lake) as platform:
        assert platform.collector is not None
        answer = platform.collector.answer(request({"batch": messages}, path="/v1/batch", secret=secret))
        assert decoded(answer)["accepted"] == 4
    return given


def test_a_running_platform_refuses_and_nothing_changes(shop: Given):
    with opened(shop.lake), pytest.raises(StreamUnavailable, match="Another process"):
        erase(shop.lake, person_of(shop.lake, frozenset(["c1"])))
    assert sum(place.found for place in scan(shop.lake, person_of(shop.lake, frozenset(["c1"])))) > 0


def test_the_person_leaves_the_log_live_and_the_links_with_the_device(shop: Given):
    person = person_of(shop.lake, frozenset(["c1"]))
    assert person.customers == {"c1", "device-1"}
    before = {place.name: place.found for place in scan(shop.lake, person)}
    assert before["stream/*.log"] == 2
    assert before[LIVE] == 2
    assert before[KNOWN_CUSTOMERS] == 1
    done = erase(shop.lake, person)
    assert done.found == 0
    counts = {"stream": 2, LIVE: 2, "raw/events": 2, "raw/quarantine": 0, MODELS: 0, KNOWN_CUSTOMERS: 1}
    assert done.records == counts
    names = sorted(shop.column("customers", "customer_id"))
    assert names[:2] == ["c12", "device-2"]
    assert len(names) == 4
    assert all(name.startswith("erased-") for name in names[2:])
    assert shop.account().holds
    with closing(EmbeddedLiveStore(shop.lake.root / LIVE, "USD")) as live:
        assert live.recent_items("c1") == []
        assert [item.product_id for item in live.recent_items("c12")] == ["p2"]
    assert person_of(shop.lake, frozenset(["c12"])).customers == {"c12", "device-2"}


def test_the_platform_runs_again_and_counts_every_record_once(shop: Given):
    erase(shop.lake, person_of(shop.lake, frozenset(["c1"])))
    with opened(shop.lake) as platform:
        platform.curate()
        assert platform.live is not None
        assert platform.live.totals().flow.accepted == 4
    assert len(shop.rows("events")) == 4
    assert shop.account().holds


def test_bytes_of_a_deleted_row_are_found(shop: Given):
    path = shop.lake.root / KNOWN_CUSTOMERS
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("pragma secure_delete = off")
        database.execute("delete from links where customer_id = 'c1'")
        database.execute("pragma wal_checkpoint(truncate)")
    person = person_of(shop.lake, frozenset(["device-1"]))
    found = {place.name: place.found for place in scan(shop.lake, person)}
    assert found[KNOWN_CUSTOMERS] == 1, "in a free page, no row has it"


def test_an_erased_person_is_found_in_a_log_that_a_backup_brought_back(tmp_path: Path):
    given = Given(tmp_path)
    log = AppendLog(given.lake.root / STREAM, reserve_bytes=0)
    log.append([arrival("e1")])
    log.close()
    erasures = Erasures().with_entry(NOON, ["c1", "c7"], [], "", {})
    person = erased_before(given.lake, erasures)
    assert person is not None
    assert person.customers == {"c1"}
    assert erase(given.lake, person).found == 0
    assert erased_before(given.lake, erasures) is None
    assert given.account().holds


def test_what_an_erasure_brings_to_live_leaves_out_who_refuses_recommendations(shop: Given):
    with closing(SqliteItems(shop.lake.root / MODELS)) as items:
        OptedOutCustomers(items).add("c7")
    log = AppendLog(shop.lake.root / STREAM)
    log.append([arrival(f"late-{name}", customer=name) for name in ("c7", "c8")])
    log.close()
    erase(shop.lake, person_of(shop.lake, frozenset(["c1"])))
    with closing(EmbeddedLiveStore(shop.lake.root / LIVE, "USD")) as live:
        assert [len(live.recent_items(name)) for name in ("c7", "c8")] == [0, 1]


def test_the_history_that_recommendations_are_made_from_leaves_with_the_person_and_no_byte_of_its_key_stays(
    shop: Given,
):
    with closing(SqliteItems(shop.lake.root / MODELS)) as items:
        items.put_all((history_key(digest_of(name)), b"-") for name in ("device-1", "c1", "c12"))
    person = person_of(shop.lake, frozenset(["c1"]))
    assert {place.name: place.found for place in scan(shop.lake, person)}[MODELS] == 2
    done = erase(shop.lake, person)
    assert (done.records[MODELS], done.found) == (2, 0)
    stored = b"".join(path.read_bytes() for path in shop.lake.root.glob(f"{MODELS}*"))
    assert [digest_of(name).encode() in stored for name in ("device-1", "c1", "c12")] == [False, False, True]


def test_what_a_deleted_history_leaves_in_a_free_page_is_found(shop: Given):
    with closing(SqliteItems(shop.lake.root / MODELS)) as items:
        items.put_all([(history_key(digest_of("c1")), b"-")])
    with closing(sqlite3.connect(shop.lake.root / MODELS, isolation_level=None)) as database:
        database.execute("pragma secure_delete = off")
        database.execute("delete from items")
    person = person_of(shop.lake, frozenset(["c1"]))
    assert {place.name: place.found for place in scan(shop.lake, person)}[MODELS] > 0
    assert erase(shop.lake, person).found == 0


def test_nobody_is_erased_while_a_training_may_keep_what_it_read(shop: Given):
    person = person_of(shop.lake, frozenset(["c1"]))
    with shop.lake.training(), pytest.raises(LakeError, match="learns recommendations"):
        erase(shop.lake, person)
    assert erase(shop.lake, person).found == 0
