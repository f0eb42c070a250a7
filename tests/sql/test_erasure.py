"""A person is erased: the tables are those of the raw files without the person, and every sum stays."""

import base64
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalogue.errors import SettingsError
from catalogue.tables import CURATED_TABLES
from pipeline.contract.shape import Event
from pipeline.erasure.erase import Erasure, erase, erased_before, person_of
from pipeline.erasure.manifest import FILE, Erasures
from pipeline.erasure.scan import scan
from pipeline.raw.files import lines
from tests.support.given import Given, event

IDS = {"customer_id", "session_id", "session_key", "visitor", "attributes", "recommendation_request_id", "bucket"}
ESTIMATED = "daily_customer_registers"  # of hashes of customers: other ids, other registers


def erased(lake: Given, customer: str = "c1", *sessions: str) -> Erasure:
    """Erase a person, and check the books."""
    done = erase(lake.lake, person_of(lake.lake, frozenset([customer]), frozenset(sessions)))
    assert lake.account().holds, lake.account()
    return done


def without_ids(lake: Given) -> dict[str, list[tuple[Any, ...]]]:
    """Every table without the columns that name people."""
    return {
        table: sorted(
            (tuple(row[name] for name in row if name not in IDS) for row in lake.rows(table)),
            key=lambda row: [(value is None, str(value)) for value in row],
        )
        for table in CURATED_TABLES
        if table != ESTIMATED
    }


def sale(event_id: str, at: str, **fields: Any) -> Event:
    return event(event_id, at, **{"event_type": "purchase", "order_id": f"o-{event_id}", **fields})


def shop(given: Given) -> Given:
    """A shop of three customers over two days."""
    return given.events(
        event("e1", "2026-03-01 09:00", customer_id="c1", session_id="s1", attributes={"mail": "none", "n": 1}),
        event("e0", "2026-03-01 08:59", customer_id=None, session_id="s1", attributes={"seen": "before signing in"}),
        sale("e2", "2026-03-01 09:05", customer_id="c1", session_id="s1", unit_price="19.9900"),
        event("e3", "2026-03-02 09:00", customer_id="c1"),
        sale("e4", "2026-03-02 09:10", customer_id="c1", order_id="o9", unit_price="0.0100"),
        event("e5", "2026-03-01 10:00", customer_id="c12", session_id="s12", attributes={"friend": "c1", "k": "v"}),
        sale("e6", "2026-03-02 11:00", customer_id="c2", session_id="s2", unit_price="5.0000"),
        event(
            "e7",
            "2026-03-02 11:01",
            event_type="recommendation_click",
            customer_id="c1",
            recommendation={"surface": "home", "model": "m", "rank": 1, "request_id": "r1"},
        ),
        suffix=".jsonl.zst",
    ).events(sale("e2", "2026-03-01 09:05", received="2026-03-03 00:00", customer_id="c1"), suffix=".jsonl.gz")


def test_what_is_attributed_to_recommendations_stays(given: Given):
    clicked = {"event_type": "recommendation_click", "recommendation": {"surface": "home", "model": "m"}}
    given.events(
        event("k1", "2026-03-01 09:00", customer_id=None, session_id="s1", **clicked),
        sale("e1", "2026-03-01 09:05", customer_id="c1", session_id="s1"),
        event("k2", "2026-03-02 09:00", customer_id="c1", product_id="p2", **clicked),
        sale("e2", "2026-03-03 09:00", customer_id="c1", product_id="p2"),
        event("e3", "2026-03-09 09:00", event_type="refund", customer_id="c1", product_id="p2", order_id="o-e2"),
    ).curate()
    before = given.rows("attributed_lines")
    assert [row["event_id"] for row in before] == ["e1", "e2", "e3"]
    erased(given)
    assert given.rows("attributed_lines") == before
    assert given.tables() == given.curate(full=True).tables()


def test_the_persons_ids_are_replaced_and_no_one_elses(given: Given):
    shop(given).curate()
    done = erased(given)
    rows = {row["event_id"]: row for row in given.rows("events")}
    own = {rows[name]["customer_id"] for name in ("e1", "e2", "e3", "e4", "e7")}
    (pseudonym,) = own
    assert pseudonym.startswith("erased-")
    assert (rows["e5"]["customer_id"], rows["e6"]["customer_id"], rows["e6"]["session_id"]) == ("c12", "c2", "s2")
    assert rows["e0"]["customer_id"] is None
    assert rows["e0"]["session_id"] == rows["e1"]["session_id"] == rows["e2"]["session_id"] != "s1"
    assert [rows[name]["attributes"] for name in ("e0", "e1", "e5")] == [None, None, None], "e5 named c1"
    assert rows["e7"]["recommendation_request_id"].startswith("erased-")
    assert rows["e7"]["recommendation_surface"] == "home"
    assert rows["e2"]["copies"] == 2
    assert {row["customer_id"] for row in given.rows("customers")} == {pseudonym, "c12", "c2"}
    assert done.found == 0
    assert done.records["raw/events"] == 8


def test_every_sum_stays_to_the_cent(given: Given):
    shop(given).curate()
    before = without_ids(given)
    assert sum(row["net_revenue"] for row in given.rows("orders")) == Decimal("25.0000")
    erased(given)
    assert without_ids(given) == before


def test_the_tables_are_those_of_the_changed_raw_files(given: Given):
    shop(given).quarantine(b'{"customer_id":"c1"}').raw(b'{"customer_id":"c1"}\n{broken c1\n').curate()
    erased(given)
    stepped, version = given.tables(), given.state()["version"]
    assert given.curate(full=True).tables() == stepped
    assert given.state()["version"] == version + 1


def test_a_copy_that_does_not_count_is_rewritten_and_may_count_then(given: Given):
    # received at the same instant: the copy of the smaller customer counts, and a pseudonym is not smaller than d1
    given.events(
        event("e1", "2026-03-01 09:00", customer_id="c1"), event("e1", "2026-03-01 09:00", customer_id="d1")
    ).curate()
    assert given.column("events", "customer_id") == ["c1"]
    erased(given)
    assert given.column("events", "customer_id") == ["d1"]
    assert given.tables() == given.curate(full=True).tables()


def test_a_session_of_two_customers_stays_with_the_other_one(given: Given):
    given.events(
        event("e1", "2026-03-01 09:00", customer_id="c1", session_id="s1"),
        event("e2", "2026-03-01 09:01", customer_id="d1", session_id="s1"),
        event("e3", "2026-03-01 09:02", customer_id=None, session_id="s1", attributes={"a": "b"}),
        event("e4", "2026-03-01 09:02", customer_id="d1", session_id="s1", namespace="shop"),
    ).curate()
    done = erased(given)
    rows = {row["event_id"]: row for row in given.rows("events")}
    assert [rows[name]["session_id"] for name in ("e2", "e3", "e4")] == ["s1", "s1", "s1"]
    assert rows["e1"]["session_id"].startswith("erased-")
    assert rows["e3"]["attributes"] == '{"a":"b"}'
    assert (done.shared, done.found) == (1, 0)
    assert given.tables() == given.curate(full=True).tables()


def test_a_named_session_without_a_customer_is_erased(given: Given):
    given.events(
        event("e1", "2026-03-01 09:00", customer_id=None, session_id="s1"),
        event("e2", "2026-03-01 09:00", customer_id=None, session_id="s12"),
    ).curate()
    done = erase(given.lake, person_of(given.lake, frozenset(), frozenset(["s1"])))
    rows = {row["event_id"]: row for row in given.rows("events")}
    assert rows["e1"]["session_id"].startswith("erased-")
    assert rows["e2"]["session_id"] == "s12"
    assert done.found == 0


def test_a_refused_record_that_names_the_person_loses_its_bytes_and_keeps_its_reason(given: Given):
    given.events(event("e1", "2026-03-01 12:00", customer_id="c9")).quarantine(
        b'{"customer_id":"c1","x":1}', b"id,c12,3", b"id,c1,3", b"c1.2", b"%2Cc1%2C"
    ).curate()
    done = erased(given)
    rows = sorted(given.rows("quarantine"), key=lambda row: row["origin"])
    gone = b'{"erased":true}'
    assert [row["record"] for row in rows] == [gone, b"id,c12,3", gone, b"c1.2", gone]
    assert {(row["reason"], row["detail"]) for row in rows} == {("invalid_json", "A test refuses it.")}
    raw = [json.loads(line) for line in lines(next((given.lake.root / "raw/quarantine").rglob("*.jsonl")))]
    assert [base64.b64decode(line["record"]) for line in raw] == [row["record"] for row in rows]
    assert (done.found, done.records["raw/quarantine"]) == (0, 3)
    assert given.tables() == given.curate(full=True).tables()


def test_an_unreadable_line_that_names_the_person_is_erased_and_stays_unreadable(given: Given):
    given.raw(b'{"event_id":"e1","customer_id":"c1"\n{"customer_id":"c1","note":"x"}\n{"customer_id":"c12"\n')
    os.utime(next((given.lake.root / "raw").rglob("*.jsonl")), (1_772_366_400, 1_772_366_400))
    given.curate()
    before = [(row["origin"], row["reason"], row["received_at"]) for row in given.rows("quarantine")]
    done = erased(given)
    rows = sorted(given.rows("quarantine"), key=lambda row: row["origin"])
    assert [row["record"] for row in (rows[0], rows[2])] == [b'{"erased":true}', b'{"customer_id":"c12"']
    assert b'"erased-' in rows[1]["record"]
    assert sorted(before) == sorted((row["origin"], row["reason"], row["received_at"]) for row in rows)
    assert done.found == 0
    assert given.tables() == given.curate(full=True).tables()


def test_an_id_with_characters_that_are_escaped_is_found(given: Given):
    name = 'zoë "z"\\'
    given.events(event("e1", "2026-03-01 12:00", customer_id=name)).quarantine(
        json.dumps({"customer_id": name}).encode(), json.dumps({"customer_id": name}, ensure_ascii=False).encode()
    ).raw(
        b'{"event_id":"e2","event_type":"search","occurred_at":"2026-03-01T00:00:00Z","customer_id":'
        b'"zo\\u00eb \\"z\\"\\\\",'
        b'"received_at":"2026-03-01T00:00:00Z","source":"native"}\n'
    ).curate()
    assert given.column("events", "customer_id") == [name, name]
    done = erased(given, name)
    assert len(set(given.column("events", "customer_id"))) == 1
    assert given.column("events", "customer_id")[0].startswith("erased-")
    assert (done.found, done.records["raw/quarantine"]) == (0, 2)


def test_amounts_are_kept_byte_for_byte(given: Given):
    line = (
        b'{"event_id":"e1","event_type":"purchase","occurred_at":"2026-03-01T00:00:00Z","customer_id":"c1","quantity":1,'
        b'"unit_price":12345678901234.5670,"currency":"USD","order_id":"o1","received_at":"2026-03-01T00:00:00Z",'
        b'"source":"native"}'
    )
    given.raw(line + b"\n").curate()
    erased(given)
    (written,) = lines(next((given.lake.root / "raw").rglob("*.jsonl")))
    pseudonym = given.column("events", "customer_id")[0]
    assert written.strip() == line.replace(b'"c1"', f'"{pseudonym}"'.encode())


def test_nobody_by_this_id_changes_nothing(given: Given):
    shop(given).curate()
    before, state = given.files(), given.state()
    done = erased(given, "c")
    assert (given.files(), given.state()) == (before, state)
    assert not any(done.records.values())
    assert not (given.lake.root / FILE).exists()
    assert sum(place.alike for place in done.places) > 0, "longer ids are said"


@pytest.mark.parametrize("ids", [frozenset(), frozenset([""])])
def test_an_empty_id_is_refused(given: Given, ids: frozenset[str]):
    with pytest.raises(SettingsError, match="empty"):
        person_of(given.lake, ids)


def test_the_reason_may_not_name_the_person(given: Given):
    with pytest.raises(SettingsError, match="names the person"):
        erase(given.lake, person_of(given.lake, frozenset(["c1"])), reason="asked by c1")


def test_an_erasure_is_listed_by_a_hash_and_repeated_on_a_restored_backup(given: Given, tmp_path: Path):
    shop(given)
    backup = Given(tmp_path / "backup")
    shop(backup).curate()
    given.curate()
    erase(given.lake, person_of(given.lake, frozenset(["c1"])), reason="letter of 1 March")
    path = given.lake.root / FILE
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert '"c1"' not in text
    (entry,) = Erasures.read(path).entries
    assert entry["reason"] == "letter of 1 March"
    assert entry["records"]["raw/events"] == 8
    assert erased_before(given.lake, Erasures.read(path)) is None
    person = erased_before(backup.lake, Erasures.read(path))
    assert person is not None
    assert person.customers == {"c1"}
    assert erase(backup.lake, person).found == 0
    assert erased_before(backup.lake, Erasures.read(path)) is None


def test_the_scan_finds_what_an_erasure_would_leave(given: Given):
    shop(given).curate()
    person = person_of(given.lake, frozenset(["c1"]))
    found = {place.name: place.found for place in scan(given.lake, person)}
    assert found["raw/events"] == 7, "e0 names a session only; e5 names c1 in its attributes"
    assert found["curated/events"] == 6
    assert found["curated/customers"] == 1
    assert found["curated/orders"] == 2
    assert found["curated/products"] == 0


people = st.sampled_from(["c1", "c2", "d1", None])
sent = st.lists(
    st.builds(
        lambda number, kind, customer, session, day, hour, order, noted: event(
            f"e{number}",
            f"2026-03-0{day} {hour:02}:00",
            received=f"2026-03-05 {hour:02}:00",
            event_type=kind,
            customer_id=customer,
            session_id=session if customer or session else "s1",
            attributes={"note": noted} if noted else None,
            **({"order_id": f"o{order}", "unit_price": f"{number}.5000"} if kind in ("purchase", "refund") else {}),
        ),
        st.integers(1, 12),
        st.sampled_from(["product_view", "cart_add", "purchase", "refund", "recommendation_click"]),
        people,
        st.sampled_from(["s1", "s2", None]),
        st.integers(1, 3),
        st.integers(0, 23),
        st.integers(1, 3),
        st.sampled_from([None, "c1", "c12"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(batches=st.lists(sent, min_size=1, max_size=3))
def test_erasing_and_curating_are_curating_what_was_erased(batches: list[list[Event]], tmp_path_factory: Any):
    lake = Given(tmp_path_factory.mktemp("erasure"))
    for batch in batches:
        lake.events(batch).curate()
    assert erased(lake).found == 0
    stepped = lake.tables()
    assert stepped == lake.curate(full=True).tables()
