"""The sample year: exact, valid, repeatable, and shaped like a shop's year."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.contract.events import decode, encode, parse
from pipeline.contract.rejections import Reason
from pipeline.contract.shape import Event, Rules
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, Lake, LakeSettings
from pipeline.sample import SampleReport, generate
from pipeline.sample.actions import expand
from pipeline.sample.people import STORE, arrivals
from pipeline.sample.season import HOUR_MS, calendar
from pipeline.sample.shop import open_shop
from pipeline.sample.visits import plan
from pipeline.sample.words import CATEGORIES
from tests.support.raw_rows import events_of

pytestmark = pytest.mark.slow

END = date(2026, 3, 1)
START = END - timedelta(days=396)
EVENTS = 60_000


def events_in(lake: Lake) -> Iterator[Event]:
    for name in lake.raw_files(RAW_EVENTS):
        yield from events_of(lake.root / name)


def refused_in(lake: Lake) -> Iterator[bytes]:
    for name in lake.raw_files(RAW_QUARANTINE):
        with pa.OSFile(str(lake.root / name), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
            yield from stream.read().splitlines()


def fingerprint(lake: Lake) -> dict[str, str]:
    files = [path for path in lake.root.rglob("*") if path.is_file()]
    return {str(path.relative_to(lake.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, SampleReport]:
    lake = Lake.create(tmp_path_factory.mktemp("sample"))
    return lake, generate(lake, events=EVENTS, end=END)


@pytest.fixture(scope="module")
def arrived(sample: tuple[Lake, SampleReport]) -> list[Event]:
    return list(events_in(sample[0]))


@pytest.fixture(scope="module")
def events(arrived: list[Event]) -> list[Event]:
    return list({event.event_id: event for event in reversed(arrived)}.values())


def test_every_row_is_an_event_as_the_contract_would_keep_it(arrived: list[Event]) -> None:
    for event in arrived:
        assert event.received_at is not None
        rules = Rules(now=event.received_at, retention_days=400, reporting_currency="USD")
        kept = parse(encode(event), rules, source=event.source)
        assert isinstance(kept, Event), kept
        assert kept == event


def test_lines_are_written_as_the_contract_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr("pipeline.sample.year._write_rows", lambda _path, *pieces: written.extend(map(bytes, pieces)))
    generate(Lake.create(tmp_path), events=5_000, end=END)
    lines = b"".join(written).splitlines()
    assert len(lines) == 5_000 - 2
    assert [encode(decode(line)) for line in lines] == lines


def test_the_conservation_law_holds_for_exactly_the_number_of_events_asked_for(
    sample: tuple[Lake, SampleReport], arrived: list[Event], events: list[Event]
) -> None:
    lake, report = sample
    refused = list(refused_in(lake))
    assert (report.distinct, report.duplicates, report.quarantined) == (EVENTS - 60 - 30, 60, 30)
    assert (len(events), len(arrived) - len(events), len(refused)) == (EVENTS - 60 - 30, 60, 30)
    summary = json.loads((lake.root / "sample.json").read_text())
    assert summary["received"] == summary["distinct"] + summary["duplicates"] + summary["quarantined"] == EVENTS


@pytest.mark.parametrize("events", [2_000, 2_001, 5_003])
def test_any_number_of_events_is_written_exactly(tmp_path: Path, events: int) -> None:
    lake = Lake.create(tmp_path)
    generate(lake, events=events, end=END, seed=events)
    assert len(list(events_in(lake))) + len(list(refused_in(lake))) == events


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    lakes = [Lake.create(tmp_path / name) for name in ("one", "two", "three")]
    for lake, seed in zip(lakes, (7, 7, 8), strict=True):
        generate(lake, events=5_000, end=END, seed=seed)
    one, two, three = (fingerprint(lake) for lake in lakes)
    assert one == two
    assert {name for name in one if one[name] == three[name]} == {"budgets.toml", "lake.toml", ".lock"}


def test_a_sample_of_several_parts_is_repeatable_and_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sample.year.PART_EVENTS", 1_500)
    lakes = [Lake.create(tmp_path / name) for name in ("one", "two")]
    for lake in lakes:
        generate(lake, events=10_000, end=END)
    assert fingerprint(lakes[0]) == fingerprint(lakes[1])
    assert len(lakes[0].raw_files(RAW_EVENTS)) == 7
    arrived = Counter(event.event_id for event in events_in(lakes[0]))
    assert (len(arrived), sorted(arrived.values())[-11:]) == (10_000 - 10 - 5, [1] + [2] * 10)


def test_a_duplicate_is_the_same_event_received_later(arrived: list[Event]) -> None:
    copies: dict[str, list[Event]] = defaultdict(list)
    for event in arrived:
        copies[event.event_id].append(event)
    pairs = [pair for pair in copies.values() if len(pair) > 1]
    assert len(pairs) == 60
    for first, second in pairs:
        assert first.received_at < second.received_at
        assert encode(first).rpartition(b',"received_at"')[0] == encode(second).rpartition(b',"received_at"')[0]


def test_refused_records_are_named_by_the_contract_and_keep_their_bytes(sample: tuple[Lake, SampleReport]) -> None:
    refused = [json.loads(line) for line in refused_in(sample[0])]
    assert {record["reason"] for record in refused} == {
        Reason.INVALID_JSON,
        Reason.PERSONAL_DATA,
        Reason.OUT_OF_RANGE,
        Reason.MISSING_FIELD,
        Reason.INVALID_UTF8,
        Reason.INVALID_TYPE,
        Reason.TOO_FAR_IN_FUTURE,
        Reason.UNKNOWN_EVENT_TYPE,
    }
    for record in refused:
        original = base64.b64decode(record["record"])
        rules = Rules(now=datetime.fromisoformat(record["received_at"]), retention_days=None, reporting_currency="USD")
        verdict = parse(original, rules, source=record["source"])
        assert (verdict.reason, verdict.detail) == (record["reason"], record["detail"])  # type: ignore[union-attr]


def test_events_happen_and_arrive_inside_the_span_and_after_they_happened(events: list[Event]) -> None:
    begin, end = datetime(START.year, START.month, START.day, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert all(begin <= event.occurred_at < event.received_at < end for event in events)
    assert {event.occurred_at.date() for event in events} == {START + timedelta(days=n) for n in range(396)}


def test_black_friday_sells_more_than_twice_the_median_day(
    sample: tuple[Lake, SampleReport], events: list[Event]
) -> None:
    sales: Counter[date] = Counter()
    views = Counter(event.occurred_at.date() for event in events)
    for event in events:
        if event.event_type == "purchase":
            sales[event.occurred_at.date()] += int(event.quantity * event.unit_price * 100)  # type: ignore[operator]
    friday = date(2025, 11, 28)
    assert sample[1].incidents["black_friday"] == ["2025-11-28"]
    assert sales[friday] > 2 * median(sales.values())
    assert 2.5 < views[friday] / median(views.values()) < 4.5


def test_the_last_month_is_busier_than_the_same_weekdays_a_year_before(events: list[Event]) -> None:
    days = Counter(event.occurred_at.date() for event in events)
    month = [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]
    now, before = sum(days[day] for day in month), sum(days[day - timedelta(days=364)] for day in month)
    assert 1.08 < now / before < 1.32


def test_nothing_online_happens_or_arrives_in_the_outage_while_the_stores_go_on(
    sample: tuple[Lake, SampleReport], arrived: list[Event]
) -> None:
    outage = sample[1].incidents["outage"]
    assert outage == {"start": "2026-02-05T15:00:00+00:00", "end": "2026-02-05T16:00:00+00:00"}
    down, up = datetime(2026, 2, 5, 15, tzinfo=UTC), datetime(2026, 2, 5, 16, tzinfo=UTC)
    online = [event for event in arrived if event.channel != "store"]
    assert not any(down <= event.occurred_at < up or down <= event.received_at < up for event in online)


def test_visits_just_before_the_outage_end_before_it_and_arrive_around_it() -> None:
    when, shop, rng = calendar(END), open_shop(7), np.random.default_rng(7)
    down, up = when.outage
    arriving = arrivals(100_000, when, shop, rng)
    online = arriving.channel != STORE
    assert not np.any(online & (arriving.start >= down) & (arriving.start < up))
    crowd = replace(arriving[online], start=down - rng.integers(1, 3 * HOUR_MS, int(online.sum())))
    events = expand(visits := plan(50_000, crowd, when, rng), shop, when, rng)
    assert events.kind.size == visits.events().sum() == 50_000
    for moment in (events.at, events.received):
        assert not np.any((moment >= down) & (moment < up))
    assert np.any(events.received >= up)


def test_a_refund_follows_its_purchase_line_by_two_to_thirty_days(events: list[Event]) -> None:
    bought = {(e.order_id, e.product_id): e for e in events if e.event_type == "purchase"}
    refunds = [event for event in events if event.event_type == "refund"]
    assert 0.03 < len(refunds) / len(bought) < 0.09
    for refund in refunds:
        purchase = bought[refund.order_id, refund.product_id]
        waited = refund.received_at - purchase.occurred_at
        assert timedelta(days=2) <= waited <= timedelta(days=32, hours=1)  # a late arrival adds up to two days
        assert (refund.unit_price, refund.customer_id) == (purchase.unit_price, purchase.customer_id)


def test_the_mix_conversion_and_order_value_are_a_shops(events: list[Event]) -> None:
    share = Counter(event.event_type for event in events)
    orders: Counter[str] = Counter()
    for event in events:
        if event.event_type == "purchase":
            orders[event.order_id or ""] += int(event.quantity * event.unit_price * 100)  # type: ignore[operator]
    online = {e.session_id for e in events if e.session_id}
    bought = {e.session_id for e in events if e.session_id and e.event_type == "purchase"}
    anonymous = {e.session_id for e in events if e.customer_id is None}
    assert len(share) == 9
    assert 0.72 < share["product_view"] / len(events) < 0.82
    assert 0.018 < len(bought) / len(online) < 0.032
    assert 0.33 < len(anonymous) / len(online) < 0.40
    assert 60_00 < sum(orders.values()) / len(orders) < 95_00


def test_a_till_sends_a_customer_and_a_store_and_no_session(events: list[Event]) -> None:
    till = [event for event in events if event.channel == "store"]
    assert {event.event_type for event in till} == {"purchase", "refund"}
    assert all(e.customer_id and e.store_id and e.device == "pos" and e.session_id is None for e in till)
    assert any(e.channel == "app" and e.session_id is None for e in events)


def test_about_one_event_in_a_hundred_arrives_hours_late(events: list[Event]) -> None:
    late = [e for e in events if e.received_at - e.occurred_at >= timedelta(hours=1)]
    assert 0.004 < len(late) / len(events) < 0.016
    assert all(e.received_at - e.occurred_at < timedelta(hours=49) for e in late)


def lift(baskets: Collection[set[str]], partner: Sequence[int], identifiers: Sequence[str]) -> float:
    """Baskets that hold a pair ÷ baskets expected to hold it by chance, summed over all pairs."""
    alone = Counter(product for basket in baskets for product in basket)
    wanted = {(identifiers[main], identifiers[side]) for main, side in enumerate(partner) if side >= 0}
    together = sum(side in basket for basket in baskets for main, side in wanted if main in basket)
    return together * len(baskets) / sum(alone[main] * alone[side] for main, side in wanted)


def test_planted_partners_are_bought_together_more_than_chance_or_neighbours(events: list[Event]) -> None:
    viewed: dict[str, set[str]] = defaultdict(set)
    bought: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.event_type == "purchase":
            bought[event.order_id or ""].add(event.product_id or "")
        elif event.event_type == "product_view" and event.session_id:
            viewed[event.session_id].add(event.product_id or "")
    shop = open_shop(7)
    planted = shop.partner.tolist()
    aisle = len(CATEGORIES[0].aisles)  # an aisle's products lie so many places apart: this takes a neighbour's partner
    neighbours = [*planted[aisle:], *[-1] * aisle]
    by_taste = lift(viewed.values(), neighbours, shop.identifiers)  # shared taste alone lifts a pair of one category
    assert by_taste > 1
    assert lift(viewed.values(), planted, shop.identifiers) > 2 * by_taste
    assert lift(bought.values(), planted, shop.identifiers) > 10


def test_a_customer_looks_at_few_categories_more_than_chance(events: list[Event]) -> None:
    shop = open_shop(7)
    category = dict(zip(shop.identifiers, shop.category.tolist(), strict=True))
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    overall: Counter[int] = Counter()
    for event in events:
        if event.event_type == "product_view" and event.customer_id:
            seen[event.customer_id][category[event.product_id or ""]] += 1
            overall[category[event.product_id or ""]] += 1
    loyal = [views for views in seen.values() if views.total() >= 30]
    favourite = sum(views.most_common(1)[0][1] for views in loyal) / sum(views.total() for views in loyal)
    assert favourite > 2 * overall.most_common(1)[0][1] / overall.total()


def test_a_clicked_recommendation_was_shown_and_some_purchases_follow_one(events: list[Event]) -> None:
    shown = {
        (e.recommendation.request_id, e.product_id)
        for e in events
        if e.event_type == "recommendation_impression" and e.recommendation
    }
    clicks = {
        (e.recommendation.request_id, e.product_id)
        for e in events
        if e.event_type == "recommendation_click" and e.recommendation
    }
    followed = {
        (e.recommendation.request_id, e.product_id) for e in events if e.event_type == "purchase" and e.recommendation
    }
    assert clicks <= shown
    assert followed
    assert followed <= clicks


def test_a_lake_with_data_is_refused_and_left_as_it_was(sample: tuple[Lake, SampleReport]) -> None:
    before = fingerprint(sample[0])
    with pytest.raises(LakeError, match="holds data already"):
        generate(sample[0], events=5_000, end=END)
    assert fingerprint(sample[0]) == before


def test_too_few_events_and_another_currency_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="too small"):
        generate(Lake.create(tmp_path / "small"), events=100, end=END)
    with pytest.raises(SettingsError, match="reports in EUR"):
        generate(Lake.create(tmp_path / "euro", LakeSettings(reporting_currency="EUR")), events=5_000, end=END)


def test_a_run_that_breaks_leaves_an_empty_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr("pipeline.sample.year.write_bill", broken)
    lake = Lake.create(tmp_path)
    with pytest.raises(OSError, match="disk full"):
        generate(lake, events=5_000, end=END)
    assert not any(lake.raw_files(area) for area in (RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND))
    assert not lake.is_sample


def test_unit_costs_lie_between_35_and_70_percent_of_the_price_and_some_are_unknown() -> None:
    shop = open_shop(7)
    known = shop.cost_cents >= 0
    share = shop.cost_cents[known] / shop.price_cents[known]
    assert (len(shop.names), len(set(shop.names)), len(set(shop.aisles))) == (2_000, 2_000, 48)
    assert 0.05 < 1 - known.mean() < 0.11
    assert share.min() > 0.34
    assert share.max() < 0.71
    assert min(shop.price_cents) >= int(Decimal("1.99") * 100)
