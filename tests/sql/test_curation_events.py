"""Events: each once, on its own day, and only what changed is written."""

from datetime import UTC, date, datetime

import pytest

from catalogue.tables import CURATED_TABLES
from pipeline.contract.shape import Event
from pipeline.lake import LakeSettings
from tests.support.given import Given, event, in_turn

FIRST = event("e1", "2026-03-01 12:00", received="2026-03-01 12:00:05", channel="web")
SECOND = event("e1", "2026-03-01 12:00", received="2026-03-01 12:00:09", channel="app")
ELSEWHEN = event("e1", "2026-03-04 12:00", received="2026-03-04 12:00:09", channel="app")


@pytest.mark.parametrize("copy", [SECOND, ELSEWHEN], ids=["same day", "another day"])
@pytest.mark.parametrize("order", [1, -1], ids=["in order", "out of order"])
def test_the_copy_received_first_is_the_event_wherever_its_copies_arrive(
    given: Given, copy: Event, order: int, tmp_path
):
    copies = [FIRST, copy][::order]
    kept = [{"event_id": "e1", "channel": "web", "copies": 2, "event_date": date(2026, 3, 1)}]
    columns = ("event_id", "channel", "copies", "event_date")
    in_one_file = given.events(copies).curate()
    in_two_files = Given(tmp_path / "files").events(copies[0]).events(copies[1]).curate()
    in_two_curations = in_turn(tmp_path / "curations", [copies[:1], copies[1:]])
    for lake in (in_one_file, in_two_files, in_two_curations):
        assert lake.rows("events", *columns) == kept
        assert (lake.report.received, lake.report.accepted, lake.report.duplicates) == (2, 1, 1)
    assert in_two_curations.days("events") == [date(2026, 3, 1)]


def test_copies_received_at_the_same_instant_are_settled_by_what_they_say(tmp_path):
    copies = [event("e1", "2026-03-01 12:00", attributes={"n": n}, received="2026-03-01 12:00:05") for n in (1, 2, 3)]
    lakes = [
        in_turn(tmp_path / name, [[copies[n]] for n in name_order])
        for name, name_order in {"a": (0, 1, 2), "b": (2, 0, 1)}.items()
    ]
    assert lakes[0].files() == lakes[1].files()
    assert lakes[0].rows("events", "attributes", "copies") == [{"attributes": '{"n":1}', "copies": 3}]


def test_an_earlier_copy_that_arrives_later_takes_back_what_the_later_one_said(given: Given):
    later = event("e1", "2026-03-05 12:00", customer_id="c2", product_id="p2", product={"name": "Lamp"})
    earlier = event("e1", "2026-03-01 12:00", customer_id="c1", product_id="p1")
    given.events(later, event("e2", "2026-03-06 12:00", customer_id="c2", product_id="p2")).curate()
    given.events(earlier).curate()
    assert given.rows("customers", "customer_id", "first_seen") == [
        {"customer_id": "c1", "first_seen": datetime(2026, 3, 1, 12)},
        {"customer_id": "c2", "first_seen": datetime(2026, 3, 6, 12)},
    ]
    assert given.rows("products", "product_id", "product_name") == [
        {"product_id": "p1", "product_name": None},
        {"product_id": "p2", "product_name": None},
    ]
    assert given.days("events") == [date(2026, 3, 1), date(2026, 3, 6)]
    assert given.days("sessions") == [date(2026, 3, 1), date(2026, 3, 6)]


def test_a_late_event_lands_in_its_own_month_and_leaves_the_other_files_alone(given: Given):
    given.events(
        event("e1", "2026-02-01 12:00", customer_id="c1", event_type="purchase", order_id="o1"),
        event("e2", "2026-03-02 12:00", customer_id="c1", event_type="purchase", order_id="o2"),
        event("e3", "2026-04-03 12:00", customer_id="c3"),
    ).curate()
    before = identities(given)
    given.events(event("e4", "2026-03-02 12:05", customer_id="c4", received="2026-04-09 00:00")).curate()
    assert given.rows("events", "event_id", "event_date")[-1] == {"event_id": "e4", "event_date": date(2026, 3, 2)}
    written = {name for name, identity in identities(given).items() if before.get(name) != identity}
    assert {name for name in written if "/2026-" in name} == {
        "events/2026-03/data.parquet",
        "sessions/2026-03/data.parquet",
        "daily_customer_registers/2026-03/data.parquet",
        "daily_customers/2026-03/data.parquet",
        "daily_interest/2026-03/data.parquet",
    }


def identities(given: Given) -> dict[str, tuple[int, int]]:
    curated = given.lake.root / "curated"
    return {
        str(path.relative_to(curated)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in curated.rglob("*.parquet")
    }


def test_a_day_that_lost_its_only_event_has_no_file(given: Given):
    given.events(ELSEWHEN).curate()
    given.events(FIRST).curate()
    assert not list((given.lake.root / "curated").rglob("*2026-03-04/data.parquet"))


def test_curating_again_writes_nothing(given: Given):
    given.events(FIRST, SECOND).quarantine(b"{broken").curate()
    files, state, before = given.files(), given.state(), identities(given)
    given.curate()
    assert (given.files(), given.state(), identities(given)) == (files, state, before)
    assert given.report.raw_files == 0
    assert given.report.changed == {}


def test_a_full_curation_gives_the_same_bytes_under_a_new_version(given: Given):
    charge = {"BilledCost": "1.5", "ChargePeriodStart": datetime(2026, 3, 1, tzinfo=UTC), "ServiceName": "S3"}
    given.events(SECOND).quarantine(b"{broken", b"[]").spend(charge, charge).curate()
    given.events(FIRST, event("e2", "2026-03-02 12:00", event_type="purchase")).quarantine(b"{too").spend(
        charge
    ).curate()
    files, state = given.files(), given.state()
    given.curate(full=True)
    assert given.files() == files
    assert given.state() == state | {"version": 3}
    assert len(given.rows("spend")) == 3


def test_data_as_of_is_the_largest_reception_and_never_goes_back(given: Given):
    given.events(event("e1", "2026-03-01 12:00", received="2026-03-05 00:00")).curate()
    given.events(event("e2", "2026-03-01 12:00", received="2026-03-02 00:00")).curate()
    assert given.state()["data_as_of"] == "2026-03-05T00:00:00Z"
    given.quarantine(b"{broken", received="2026-03-06 00:00").curate()
    assert given.state()["data_as_of"] == "2026-03-06T00:00:00Z"


def test_an_empty_lake_is_curated_into_nothing(given: Given):
    given.curate()
    assert given.files() == {}
    assert given.report.received == 0


def test_a_lake_of_refused_records_alone_is_curated(given: Given):
    given.quarantine(b"{broken").curate()
    assert given.rows("quarantine", "record", "reason") == [{"record": b"{broken", "reason": "invalid_json"}]
    given.events(FIRST).curate()
    assert (given.report.accepted, given.report.quarantined) == (1, 1)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("UTC", "2026-03-28 23:59:59", date(2026, 3, 28)),
        ("Europe/London", "2026-03-28 23:59:59", date(2026, 3, 28)),
        ("Europe/London", "2026-03-29 22:59:59", date(2026, 3, 29)),
        ("Europe/London", "2026-03-29 23:00:00", date(2026, 3, 30)),  # the clocks went forward that night
        ("Europe/London", "2026-10-24 23:00:00", date(2026, 10, 25)),
        ("Europe/London", "2026-10-25 23:30:00", date(2026, 10, 25)),  # and back: a day of 25 hours
        ("America/New_York", "2026-03-08 04:59:59", date(2026, 3, 7)),
        ("America/New_York", "2026-03-09 03:59:59", date(2026, 3, 8)),  # a day of 23 hours
        ("America/New_York", "2026-11-02 04:59:59", date(2026, 11, 1)),
        ("Asia/Kolkata", "2026-03-01 18:30:00", date(2026, 3, 2)),
    ],
)
def test_a_day_is_one_of_the_reporting_time_zone(tmp_path, zone: str, instant: str, day: date):
    lake = Given(tmp_path, LakeSettings(reporting_time_zone=zone))
    lake.events(event("e1", instant, event_type="purchase")).quarantine(b"{", received=instant).curate()
    for table in ("events", "order_lines", "orders", "sessions", "quarantine"):
        assert lake.days(table) == [day], table
    assert lake.column("daily_sales", "order_date") == [day]


def test_a_changed_time_zone_or_currency_makes_every_table_again(tmp_path):
    events = [event(f"e{n}", f"2026-03-0{n} 02:00", event_type="purchase", order_id=f"o{n}") for n in (1, 2, 3)]
    lake = in_turn(tmp_path / "changed", [events])
    lake.settings(reporting_time_zone="America/New_York", reporting_currency="EUR").curate()
    settings = LakeSettings(reporting_time_zone="America/New_York", reporting_currency="EUR")
    assert lake.files() == in_turn(tmp_path / "always", [events], settings).files()
    assert lake.days("events") == [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]
    assert lake.column("sessions", "revenue") == [0, 0, 0]


def test_every_table_has_exactly_its_columns_and_types(given: Given):
    sold = [event(f"e{n}", "2026-03-02 12:00", event_type="purchase", product_id=f"p{n}") for n in (2, 3)]
    home = {"surface": "home", "model": "m1", "rank": 1, "request_id": "r1"}
    clicked = event("e4", "2026-03-02 11:00", event_type="recommendation_click", product_id="p2", recommendation=home)
    given.events(FIRST, [clicked, *sold]).quarantine(b"{").curate()
    for table in {name for name in CURATED_TABLES if "spend" not in name}:
        assert list(given.rows(table)[0]) == list(CURATED_TABLES[table].columns), table


def test_raw_data_of_several_batches_is_curated_in_several_steps(
    given: Given, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    events = [
        event(f"e{n}", f"2026-03-0{1 + n % 5} 12:00", event_type="purchase", order_id=f"o{n % 3}") for n in range(5)
    ]
    monkeypatch.setattr("pipeline.curate.run.BATCH_BYTES", 1)
    monkeypatch.setattr("pipeline.curate.run.FIRST_BATCH_BYTES", 1)
    for one_event in events:
        given.events(one_event)
    given.quarantine(b"{").curate()
    assert given.report.raw_files == 6
    files = given.files()
    assert given.state()["version"] == 5, "a long first curation appears step by step"
    given.curate(full=True)
    assert given.files() == files
    assert given.state()["version"] == 6, "and is replaced at once"
    monkeypatch.undo()
    assert files == Given(tmp_path / "other").events(events).quarantine(b"{").curate().files()


def test_interest_hours_and_refusals_are_summed_up_for_the_pages(given: Given):
    given.events(
        event("v1", "2026-03-31 23:30", event_type="product_view", product_id="lamp", channel="web", region="A"),
        event("v2", "2026-03-31 23:40", event_type="product_view", product_id="lamp", channel="web", region="A"),
        event("v3", "2026-04-01 00:10", event_type="cart_add", product_id="lamp", channel="web", region="A"),
        event("v4", "2026-04-01 00:20", event_type="search", channel="web", region="B"),
    ).curate()
    assert given.rows("daily_interest", "event_date", "product_id", "views", "cart_adds", "event_month") == [
        {
            "event_date": date(2026, 3, 31),
            "product_id": "lamp",
            "views": 2,
            "cart_adds": 0,
            "event_month": date(2026, 3, 1),
        },
        {
            "event_date": date(2026, 4, 1),
            "product_id": "lamp",
            "views": 0,
            "cart_adds": 1,
            "event_month": date(2026, 4, 1),
        },
    ]
    assert given.rows("hourly_events", "event_date", "region", "events") == [
        {"event_date": date(2026, 3, 31), "region": "A", "events": 2},
        {"event_date": date(2026, 4, 1), "region": "A", "events": 1},
        {"event_date": date(2026, 4, 1), "region": "B", "events": 1},
    ]


def test_a_mart_emptied_by_an_earlier_copy_has_no_file_as_if_curated_at_once(tmp_path):
    late = event("e1", "2026-03-01 12:00", received="2026-03-01 12:05")
    early = event("e1", "2026-03-01 12:00", event_type="search", received="2026-03-01 12:01")
    steps = in_turn(tmp_path / "steps", [[late], [early]])
    at_once = in_turn(tmp_path / "at_once", [[late, early]])
    assert steps.files() == at_once.files()
    assert not [name for name in steps.files() if "interest" in name]
