"""The tiers as the file says, crossovers solved on their estimates, and the commands that print them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from catalogue.errors import SettingsError
from console.__main__ import main
from console.finops.pricing import command as prices
from console.finops.pricing import price_book
from console.tiers import tiers
from console.tiers.crossovers import (
    all_of,
    bill,
    cheaper,
    crossings,
    entrances,
    grid,
    stream_modes,
    warehouse_or_athena,
)
from console.tiers.estimate import estimate
from console.tiers.sizing import typical, with_events
from console.wiring.embedded import Embedded
from tests.support.paths import ROOT

BOOK = price_book.load()
DEV, STARTUP, SCALE = tiers.load()
FILE = tiers.TIERS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "line", "reported"),
    [
        ("shards = 1\n", "", 34, "tier.dev.stream.shards is missing"),
        ("shards = 1\n", "shards = 1\nsharts = 1\n", 37, "There is no setting tier.dev.stream.sharts"),
        ("shards = 1\n", 'shards = "1"\n', 36, "tier.dev.stream.shards is '1'"),
        ("shards = 1\n", "shards = -1\n", 36, "tier.dev.stream.shards is -1"),
        ("shards = 1\n", "shards = true\n", 36, "tier.dev.stream.shards is True"),
        ('mode = "provisioned"', 'mode = "manual"', 35, "tier.dev.stream.mode is 'manual'"),
        ('low = "25"', "low = 25", 22, "tier.dev.monthly_usd.low is 25"),
        ("guardduty = false", "guardduty = 0", 110, "tier.dev.security.guardduty is 0"),
        ("events_per_day = 50_000", "events_per_day = 0", 21, "tier.dev.events_per_day is 0"),
        ('title = "Dev"', "title = 1", 19, "tier.dev.title is 1"),
        ('title = "Dev"', 'title = "Dev"\nname = "small"', 20, "There is no setting tier.dev.name"),
        ("[tier.dev.stream]", "[tier.dev.river]", 34, "There is no setting tier.dev.river"),
        ("[tier.dev.stream]", "[tier.other.stream]", 18, "tier.dev.stream is missing"),
        ("[tier.dev]", "[tier.dev", 18, "file of tiers is not TOML"),
        (FILE, "tier = 3", 1, "tier is no table of tables"),
        (FILE, "", 1, "There is no tier"),
    ],
)
def test_a_damaged_file_is_refused_by_line_table_and_setting(
    tmp_path: Path, before: str, after: str, line: int, reported: str
) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text(FILE.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        tiers.load(path)
    assert reported in refused.value.what
    assert refused.value.where == f"{path}:{line}"
    assert refused.value.remedy


def test_a_crossing_is_found_to_the_last_event() -> None:
    flat, rising = (lambda _: Decimal(100)), (lambda events: Decimal(events) / 1000)
    assert crossings(rising, flat) == [100_001]  # at 100,000 both cost the same: the order has not changed
    assert crossings(flat, rising) == [100_000]
    assert crossings(flat, lambda _: Decimal(99)) == []


def test_bills_that_rise_in_steps_may_cross_more_than_once() -> None:
    def steps(events: int) -> Decimal:
        return Decimal(10 * -(-events // 1_000_000))

    def straight(events: int) -> Decimal:
        return Decimal(9) + Decimal(events) / 1_000_000

    # 10 > 9.9… until 1,000,000 (10 = 10), then a step of 10 keeps it above: steps are dearer below and above
    assert crossings(steps, straight, 1_000, 10_000_000) == [1_000_000, 1_000_001]


@given(low=st.integers(1, 10**4), factor=st.integers(2, 10**6))
def test_the_search_starts_at_its_first_number_and_ends_at_its_last(low: int, factor: int) -> None:
    points = grid(low, low * factor)
    assert (points[0], points[-1]) == (low, low * factor)
    assert points == sorted(set(points))


def test_a_tier_leaves_its_band_at_the_event_where_its_bill_passes_the_top() -> None:
    usages = [typical(tier) for tier in (DEV, STARTUP, SCALE)]
    found = {crossover.question: crossover for crossover in all_of((DEV, STARTUP, SCALE), usages, BOOK)}
    for tier, usage in zip((DEV, STARTUP, SCALE), usages, strict=True):
        at = found[f"{tier.title}: when does the bill leave its band?"].at
        assert at is not None
        assert estimate(tier, with_events(usage, at - 1), BOOK).monthly_usd <= tier.monthly_usd.high
        assert estimate(tier, with_events(usage, at), BOOK).monthly_usd > tier.monthly_usd.high
        assert at > tier.events_per_day


def test_an_on_demand_stream_wins_where_many_shards_stand_by_for_a_small_mean() -> None:
    idle = structs.replace(SCALE, stream=structs.replace(SCALE.stream, shards=8))  # 8 shards: $87.60 a month
    found = stream_modes(idle, typical(SCALE), BOOK)
    assert found.at is not None
    provisioned = bill(
        structs.replace(idle, stream=structs.replace(idle.stream, autoscaling=False)), typical(SCALE), BOOK
    )
    on_demand = bill(structs.replace(idle, stream=structs.replace(idle.stream, mode="on_demand")), typical(SCALE), BOOK)
    assert provisioned(found.at - 1) > on_demand(found.at - 1)
    assert provisioned(found.at) <= on_demand(found.at)
    # by hand: $87.60 − $29.20 of fixed cost ÷ what a record costs more: 2,000 bytes in at $0.08 and twice out at $0.04,
    # less a unit at $0.000000014; times 2.99 events a record, ÷ 730 ÷ 24 days
    assert found.at == pytest.approx((87.60 - 29.20) / (0.00000032 - 0.000000014) * 2.99 / (730 / 24), rel=1e-5)
    assert (
        found.answer
        == f"Kinesis for Scale: provisioned shards are cheaper from {found.at:,} events a day on, on demand elsewhere"
    )
    always = stream_modes(SCALE, typical(SCALE), BOOK)
    assert always.answer == "Kinesis for Scale: provisioned shards are cheaper at every traffic"


@pytest.mark.parametrize(
    ("bends", "words"),
    [
        ((), ""),
        ((5_000,), "from 5,000 events a day on"),
        ((5_000, 80_000), "from 5,000 to 79,999 events a day"),
        ((1_000,), "at every traffic"),
        ((1_000, 7_000), "below 7,000 events a day"),
        ((1_000, 7_000, 90_000), "below 7,000 events a day and from 90,000 events a day on"),
    ],
)
def test_where_a_bill_is_the_cheaper_one_is_said_for_every_range(bends: tuple[int, ...], words: str) -> None:
    """The second bill is the cheaper one from the first bend on, not so from the second on, and so forth."""

    def second(events: int) -> Decimal:
        return Decimal(100 - 10 * (sum(events >= bend for bend in bends) % 2))

    met, where = cheaper(lambda _: Decimal(95), second)
    assert met == [bend for bend in bends if bend > 1_000]
    assert where == words


def test_the_load_balancer_takes_requests_for_less_once_its_units_and_bytes_cost_less_than_an_api() -> None:
    for tier in (STARTUP, SCALE):
        found = entrances(tier, typical(tier), BOOK)
        assert found.at is not None
        assert found.at < tier.events_per_day
        edge = structs.replace(tier, collector=structs.replace(tier.collector, entrance="cloudfront"))
        for at, is_cheaper in ((found.at - 1, False), (found.at, True)):
            usage = with_events(typical(tier), at)
            assert (estimate(tier, usage, BOOK).monthly_usd < estimate(edge, usage, BOOK).monthly_usd) is is_cheaper


@pytest.mark.parametrize("tier", [DEV, STARTUP, SCALE], ids=["dev", "startup", "scale"])
def test_what_a_page_s_request_brings_is_what_was_measured_for_the_tier_s_window(tier: tiers.Tier) -> None:
    table = (ROOT / "docs" / "tracker.md").read_text(encoding="utf-8").replace("**", "")
    assert f"| {tier.usage.tracker_wait_seconds} | {tier.usage.events_per_page_request} |" in table


def test_a_tier_that_is_above_its_band_without_traffic_says_so() -> None:
    busy = replace(typical(DEV), page_views_per_day=Decimal(100_000))
    found = all_of((DEV, STARTUP), (busy, typical(STARTUP)), BOOK)
    assert found[0].answer == "Dev costs more than $50 a month at every traffic"


def test_athena_is_cheaper_until_its_bytes_cost_what_the_warehouse_may() -> None:
    found = warehouse_or_athena(SCALE, typical(SCALE), BOOK)
    # by hand: a page view moves 273.75 MB at $5 for 2^40 bytes; the warehouse's limit is 30 RPU-hours at $0.375 a day
    assert found.at == pytest.approx(30 * 0.375 / (273_750_000 / 2**40 * 5), abs=1)
    assert warehouse_or_athena(DEV, typical(DEV), BOOK).at is None
    unknown = replace(BOOK.price("redshift.rpu_hour"), amount=None)
    book = replace(BOOK, prices={**BOOK.prices, "redshift.rpu_hour": unknown})
    assert "Unknown" in warehouse_or_athena(SCALE, typical(SCALE), book).answer


def test_the_command_prints_tiers_as_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiers", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert list(answer) == ["tiers"]
    assert [list(tier) for tier in answer["tiers"]] == [["tier", "monthly_usd", "by_service"]] * 3
    assert {tier["tier"]: tier["monthly_usd"] for tier in answer["tiers"]} == {
        "dev": Decimal("49.43"), "startup": Decimal("370.18"), "scale": Decimal("1460.62"),
    }  # fmt: skip
    for tier in answer["tiers"]:
        assert sum(tier["by_service"].values()) == tier["monthly_usd"]


def test_the_table_ends_with_totals_and_bands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["service", "dev", "startup", "scale"]
    assert lines[-4].split()[-3:] == ["49.43", "370.18", "1460.62"]
    assert lines[-3:] == [
        "dev: inside its band of $25 to $50",
        "startup: inside its band of $200 to $400",
        "scale: inside its band of $1,000 to $1,500",
    ]


def test_typed_usage_replaces_what_a_tier_is_made_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiers", "--format", "json", "--events-per-day", "700000"]) == 0
    more = json.loads(capsys.readouterr().out)["tiers"][0]["monthly_usd"]
    assert more > 50
    assert main(["tiers", "--lines", "--format", "csv", "--free-tier"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    shards = next(row for row in rows if row["tier"] == "dev" and row["what"] == "Shards")
    assert (shards["formula"], shards["price"]) == ("24 shard-hours a day × 30.42 days", "0.015")
    assert shards["source"] == "aws.amazon.com/kinesis/data-streams/pricing"


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        (["--events-per-day", "many"], "0 to 1000000000000"),
        (["--events-per-day", "1e30"], "0 to 1000000000000"),
        (["--events-per-day", "1e9999999"], "0 to 1000000000000"),
        (["--people", "-1"], "0 to 1000000000000"),
        (["--people", "NaN"], "0 to 1000000000000"),
        (["--events-per-request", "0"], "1 to 500"),
        (["--events-per-request", "501"], "1 to 500"),
        (["--bytes-per-event", "2000000"], "1 to 1048576"),
    ],
)
def test_usage_that_cannot_be_used_is_refused_in_one_line(
    option: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tiers", *option]) == 2
    assert capsys.readouterr().err == (
        f"console: {option[1]!r} cannot be used ({option[0]}). Give a number from {remedy}.\n"
    )


def test_recommendations_grow_with_the_events_typed_unless_they_are_typed_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def asked_a_month(*typed: str) -> list[str]:
        assert main(["tiers", "--lines", "--format", "csv", "--events-per-day", "500000", *typed]) == 0
        rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
        return [row["quantity"] for row in rows if row["what"] == "Recommendation calls" and row["tier"] == "dev"]

    assert asked_a_month() == ["608333.333333"]  # 20,000 a day × 730 ÷ 24, as on the page
    assert asked_a_month("--recommendations-per-day", "24") == ["730.000000"]


@pytest.mark.slow
def test_crossovers_are_printed_as_the_page_says_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiers", "--crossovers", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["crossovers"]
    usages = [typical(tier) for tier in (DEV, STARTUP, SCALE)]
    assert [(row["at"], row["answer"]) for row in rows] == [
        (crossover.at, crossover.answer) for crossover in all_of((DEV, STARTUP, SCALE), usages, BOOK)
    ]


def test_the_most_that_can_be_typed_is_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    most = ["events-per-day", "page-views-per-day", "people", "recommendations-per-day", "retention-days"]
    typed = [word for name in most for word in (f"--{name}", str(10**12))]
    assert main(["tiers", "--format", "json", *typed, "--bytes-per-event", "1048576"]) == 0
    for load in json.loads(capsys.readouterr().out, parse_float=Decimal)["tiers"]:
        assert sum(load["by_service"].values()) == load["monthly_usd"]


def test_what_is_in_no_estimate_is_listed_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiers", "--left-out", "--format", "json"]) == 0
    rows = {row["service"]: row["reason"] for row in json.loads(capsys.readouterr().out)["left_out"]}
    assert rows["AWS Budgets"] == "budgets that only notify are free"
    assert "not switched on" in rows["Amazon Inspector"]


def test_prices_lists_the_book_with_unknown_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(BOOK.prices) + 2
    unknown = next(line for line in lines if line.startswith("securityhub.essentials_resource"))
    assert unknown.split()[1] == "unknown"
    assert main(["prices", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_float=Decimal)["prices"]
    amounts = {row["key"]: row["amount"] for row in rows}
    assert (amounts["waf.request"], amounts["securityhub.essentials_resource"]) == (Decimal("0.0000006"), None)


class _Answers:
    """A price list that says one thing."""

    def find(self, price: price_book.Price, region: str) -> object:
        from console.finops.pricing.price_list import Found

        assert region == "us-east-1"
        if price.key == "waf.rule_month":
            return Found(price, (price_book.VolumePrice(Decimal(0), Decimal("1.25")),))
        return Found(price, reason="nothing fits its filters")


def test_refresh_shows_the_difference_and_writes_only_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.toml"
    before = price_book.PRICE_BOOK.read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    monkeypatch.setattr(Embedded, "price_list", lambda _: _Answers())
    assert main(["prices", "--file", str(path), "refresh"]) == 0
    out = capsys.readouterr().out
    assert '-amount = "1"' in out
    assert '+amount = "1.25"' in out
    assert "waf.rule_month: 1 → 1.25 for a rule-month" in out
    assert f"1 changed, 0 as before, {len(BOOK.prices) - 1} not answered" in out
    assert path.read_text(encoding="utf-8") == before
    assert main(["prices", "--file", str(path), "refresh", "--write"]) == 0
    assert f"Written: {path}" in capsys.readouterr().out
    assert price_book.load(path).price("waf.rule_month").amount == Decimal("1.25")
    assert [one_path.name for one_path in tmp_path.iterdir()] == ["book.toml"]


def test_a_book_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "book.toml"
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        price_book.save(folder, "text")
    assert [path.name for path in tmp_path.iterdir()] == ["book.toml"]


def test_the_columns_of_prices_are_attributes_of_a_price() -> None:
    assert all(hasattr(BOOK.price("waf.request"), name) for name in prices.COLUMNS)
