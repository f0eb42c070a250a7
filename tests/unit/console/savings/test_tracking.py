"""Decisions about savings, and what the bill says about those that were taken: literal days in, dollars out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.decisions import Decision, DecisionStore
from console.decisions.embedded import EmbeddedDecisionStore
from console.savings.checks import network, run
from console.savings.facts import BilledUsage
from console.savings.findings import Charges, Finding
from console.savings.tracking import (
    SAVING,
    AcceptedSaving,
    DecisionState,
    RealisedSaving,
    TrackedSaving,
    decide,
    measure,
    track,
)
from tests.support.saving_facts import PRICES, gateway, inventory, only

D = Decimal
ACCEPTED = date(2026, 3, 1)
NAT = Charges(("NatGateway",))


def nat() -> Finding:
    return only(network.check(inventory(nat_gateways=[gateway(0)]), PRICES).findings)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def bill(
    cost: Callable[[date], str | None], first: date = date(2026, 1, 1), last: date = date(2026, 4, 30)
) -> BilledUsage:
    """One charge a day of a NAT gateway, and one that is none of it."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows: list[dict[str, Any]] = []
    for day in days:
        amount = cost(day)
        if amount is not None:
            rows.append(row(day, "USE1-NatGateway-Hours", amount))
        rows.append(row(day, "TimedStorage-ByteHrs", "1000"))
    return BilledUsage(rows, first, last)


def row(day: date, usage_type: str, cost: str, currency: str = "USD") -> dict[str, Any]:
    return {
        "charge_date": day,
        "service_name": "Amazon Virtual Private Cloud",
        "usage_type": usage_type,
        "pricing_unit": "Hours",
        "billing_currency": currency,
        "effective_cost": D(cost),
        "quantity": D(1),
    }


def realised(bill: BilledUsage | None, charges: Charges, accepted_on: date, done_on: date) -> RealisedSaving:
    """One saving alone on a bill."""
    return measure(bill, {"a": AcceptedSaving(charges, accepted_on, done_on)})["a"]


@pytest.fixture
def store(tmp_path: Path) -> DecisionStore:
    return EmbeddedDecisionStore(tmp_path / "decisions.sqlite")


def test_realised_is_the_mean_day_before_against_the_mean_day_after_for_a_month() -> None:
    measured = realised(bill(lambda day: "1.08" if day < ACCEPTED else "0.48"), NAT, ACCEPTED, ACCEPTED)
    assert (measured.a_day_before, measured.a_day_after) == (D("1.08"), D("0.48"))
    assert measured.monthly == D("0.60") * D(730) / 24
    assert measured.before is not None
    assert measured.after is not None
    assert (measured.before.start, measured.before.end) == (date(2026, 2, 1), ACCEPTED)
    assert (measured.after.start, measured.after.end) == (date(2026, 3, 2), date(2026, 3, 30))


def test_the_day_of_the_decision_is_on_neither_side() -> None:
    measured = realised(bill(lambda day: "999" if day == ACCEPTED else "1"), NAT, ACCEPTED, ACCEPTED)
    assert measured.monthly == 0


def test_days_between_accepting_and_doing_are_left_out() -> None:
    done = ACCEPTED + timedelta(days=10)
    measured = realised(bill(lambda day: "2" if day <= done else "1"), NAT, ACCEPTED, done)
    assert (measured.a_day_before, measured.a_day_after) == (2, 1)


def test_a_charge_that_is_gone_counts_nothing() -> None:
    measured = realised(bill(lambda day: "1.08" if day < ACCEPTED else None), NAT, ACCEPTED, ACCEPTED)
    assert measured.a_day_after == 0
    assert measured.monthly == D("1.08") * D(730) / 24


def test_a_saving_that_cost_more_afterwards_is_negative() -> None:
    measured = realised(bill(lambda day: "1" if day < ACCEPTED else "3"), NAT, ACCEPTED, ACCEPTED)
    assert measured.monthly == pytest.approx(-2 * D(730) / 24)


def test_a_week_on_both_sides_is_needed_and_the_last_day_of_the_bill_does_not_count() -> None:
    late = ACCEPTED + timedelta(days=8)  # 2 to 8 March are seven days; the ninth is the bill's last
    assert realised(bill(lambda _: "1", last=late), NAT, ACCEPTED, ACCEPTED).monthly == 0
    early = realised(bill(lambda _: "1", last=late - timedelta(days=1)), NAT, ACCEPTED, ACCEPTED)
    assert (early.monthly, early.because) == (None, "6 of 7 days after it are billed; ask on 2026-03-10")
    first = ACCEPTED - timedelta(days=6)
    young = realised(bill(lambda _: "1", first=first), NAT, ACCEPTED, ACCEPTED)
    assert (young.monthly, young.because) == (None, "the bill has less than 7 days before it was accepted")
    assert realised(bill(lambda _: "1", first=first - timedelta(days=1)), NAT, ACCEPTED, ACCEPTED).monthly == 0


def test_usage_types_that_two_services_share_are_told_apart_by_service() -> None:
    logs = Charges(("TimedStorage-ByteHrs",), ("CloudWatch",))
    days = [date(2026, 2, 20), date(2026, 3, 5)]
    mine = [{**row(day, "USE1-TimedStorage-ByteHrs", "3"), "service_name": "AmazonCloudWatch"} for day in days]
    others = [{**row(day, "USE1-TimedStorage-ByteHrs", "28"), "service_name": "Amazon S3"} for day in days]
    measured = realised(BilledUsage(mine + others, date(2026, 1, 1), date(2026, 4, 30)), logs, ACCEPTED, ACCEPTED)
    assert measured.a_day_before == D(3) / 28


def test_savings_on_the_same_charges_share_the_fall_by_their_estimates() -> None:
    fell = bill(lambda day: "10" if day < ACCEPTED else "6")
    idle, endpoints = (
        AcceptedSaving(NAT, ACCEPTED, ACCEPTED, D(90)),
        AcceptedSaving(Charges(("NatGateway-Hours",)), ACCEPTED, ACCEPTED, D(30)),
    )
    found = measure(fell, {"idle": idle, "endpoints": endpoints})
    assert found["idle"].monthly == pytest.approx(3 * D(730) / 24)
    assert found["endpoints"].monthly == pytest.approx(1 * D(730) / 24)
    assert (found["idle"].shared_with, found["endpoints"].shared_with) == (1, 1)


def test_where_it_is_unknown_what_was_expected_of_one_all_share_alike() -> None:
    fell = bill(lambda day: "10" if day < ACCEPTED else "6")
    found = measure(
        fell,
        {name: AcceptedSaving(NAT, ACCEPTED, ACCEPTED, expected) for name, expected in (("a", D(90)), ("b", None))},
    )
    assert [item.monthly for item in found.values()] == pytest.approx([2 * D(730) / 24] * 2)


def test_savings_on_other_charges_or_at_other_times_share_nothing() -> None:
    fell = bill(lambda day: "10" if day < ACCEPTED else "6")
    storage = AcceptedSaving(Charges(("TimedStorage",)), ACCEPTED, ACCEPTED, D(90))
    early = AcceptedSaving(
        NAT, date(2026, 1, 12), date(2026, 1, 12), D(90)
    )  # its days after end before those of the other begin
    late = AcceptedSaving(NAT, date(2026, 3, 12), date(2026, 3, 12), D(90))
    apart = measure(fell, {"nat": AcceptedSaving(NAT, ACCEPTED, ACCEPTED, D(90)), "storage": storage})
    assert (apart["nat"].monthly, apart["nat"].shared_with) == (4 * D(730) / 24, 0)
    assert apart["storage"].monthly == 0
    assert [record.shared_with for record in measure(fell, {"early": early, "late": late}).values()] == [0, 0]


def test_a_saving_that_is_not_measured_yet_takes_no_share() -> None:
    fell = bill(lambda day: "10" if day < ACCEPTED else "6")
    young = AcceptedSaving(NAT, date(2026, 4, 28), date(2026, 4, 28), D(90))
    found = measure(fell, {"nat": AcceptedSaving(NAT, ACCEPTED, ACCEPTED, D(90)), "young": young})
    assert (found["nat"].monthly, found["young"].monthly) == (4 * D(730) / 24, None)


@given(
    some.lists(
        some.tuples(some.sets(some.sampled_from("abcd"), min_size=1), some.none() | some.integers(0, 99)), min_size=1
    ),
    some.dictionaries(some.sampled_from("abcd"), some.tuples(some.integers(0, 99), some.integers(0, 99)), min_size=4),
)
@pytest.mark.slow
def test_together_savings_realise_what_their_charges_fell_by_and_no_more(
    lines: list[tuple[set[str], int | None]], costs: dict[str, tuple[int, int]]
) -> None:
    days = [date(2026, 2, 1) + timedelta(days=number) for number in range(70)]
    rows = [row(day, f"type-{name}", str(costs[name][day > ACCEPTED])) for day in days for name in costs]
    taken = {
        str(place): AcceptedSaving(
            Charges(tuple(f"type-{name}" for name in names)),
            ACCEPTED,
            ACCEPTED,
            None if expected is None else D(expected),
        )
        for place, (names, expected) in enumerate(lines)
    }
    found = measure(BilledUsage(rows, days[0], days[-1]), taken)
    together = sum(item.monthly or D(0) for item in found.values())
    lowered = set().union(*(names for names, _ in lines))
    assert together == pytest.approx(
        sum(costs[name][0] - costs[name][1] for name in lowered) * D(730) / 24, abs=D("1e-9")
    )


def test_what_cannot_be_measured_says_why_and_is_never_nothing() -> None:
    whole = bill(lambda _: "1")
    assert realised(None, NAT, ACCEPTED, ACCEPTED).because == "there is no bill in the lake"
    assert realised(whole, Charges(()), ACCEPTED, ACCEPTED).because == "it is not known which charges it lowers"
    assert realised(whole, Charges(("Redshift",)), ACCEPTED, ACCEPTED).because == "the bill has no such usage before it"
    euros = BilledUsage([row(date(2026, 2, 20), "NatGateway-Hours", "1", "EUR")], whole.first_day, whole.last_day)
    assert realised(euros, NAT, ACCEPTED, ACCEPTED).because == "the bill has no such usage before it"
    unknown = BilledUsage(
        [{**one_row, "effective_cost": None} for one_row in whole.rows], whole.first_day, whole.last_day
    )
    assert realised(unknown, NAT, ACCEPTED, ACCEPTED).because == "the bill has no effective cost for it"


def no_bill() -> BilledUsage | None:
    raise AssertionError("the bill is asked only where a saving was taken")


def test_a_finding_nobody_decided_on_is_open_and_no_bill_is_asked(store: DecisionStore) -> None:
    tracked = track([nat()], store, no_bill)
    assert [(saving.state, saving.estimate, saving.realised) for saving in tracked] == [
        (DecisionState.OPEN, D("32.85"), None)
    ]


def test_an_accepted_saving_keeps_its_estimate_when_its_check_finds_nothing_any_more(store: DecisionStore) -> None:
    opened = track([nat()], store, no_bill)[0]
    decide(store, opened, DecisionState.ACCEPTED, "with the network team", "ann", noon(ACCEPTED))
    cheaper = bill(lambda day: "1.08" if day < ACCEPTED else None)
    gone = track([], store, lambda: cheaper)[0]
    assert (gone.state, gone.finding, gone.estimate) == (DecisionState.ACCEPTED, None, D("32.85"))
    assert gone.title == "NAT gateway nat-1 carries nothing"
    assert gone.accepted_on == ACCEPTED
    assert gone.decision is not None
    assert (gone.decision.note, gone.decision.decided_by) == ("with the network team", "ann")
    assert gone.realised is not None
    assert gone.realised.monthly == D("1.08") * D(730) / 24


def test_the_estimate_is_what_was_promised_and_not_what_is_left(store: DecisionStore) -> None:
    opened = track([nat()], store, no_bill)[0]
    decide(store, opened, DecisionState.ACCEPTED, "", "ann", noon(ACCEPTED))
    less = replace(nat(), monthly=D(1))
    assert track([less], store, lambda: None)[0].estimate == D("32.85")


def test_a_done_saving_is_measured_against_the_days_before_it_was_accepted(
    store: DecisionStore,
) -> None:
    done = ACCEPTED + timedelta(days=10)
    decide(store, track([nat()], store, no_bill)[0], DecisionState.ACCEPTED, "", "ann", noon(ACCEPTED))
    decide(store, track([nat()], store, lambda: None)[0], DecisionState.REALISED, "done", "bob", noon(done))
    tracked = track([nat()], store, lambda: bill(lambda day: "2" if day <= done else "1"))[0]
    assert (tracked.state, tracked.accepted_on) == (DecisionState.REALISED, ACCEPTED)
    assert tracked.realised is not None
    assert tracked.realised.monthly == D(730) / 24


def test_undoing_opens_it_again_and_a_later_acceptance_starts_anew(store: DecisionStore) -> None:
    for day, state in ((1, DecisionState.ACCEPTED), (2, DecisionState.OPEN), (20, DecisionState.ACCEPTED)):
        decide(store, track([nat()], store, lambda: None)[0], state, "", "ann", noon(date(2026, 3, day)))
    tracked = track([nat()], store, lambda: None)[0]
    assert (tracked.state, tracked.accepted_on) == (DecisionState.ACCEPTED, date(2026, 3, 20))
    decide(store, tracked, DecisionState.OPEN, "", "ann", noon(date(2026, 3, 21)))
    again = track([nat()], store, no_bill)[0]
    assert (again.state, again.accepted_on, again.realised) == (DecisionState.OPEN, None, None)


def test_a_dismissed_saving_keeps_why_and_is_measured_by_nothing(store: DecisionStore) -> None:
    decide(
        store, track([nat()], store, no_bill)[0], DecisionState.DISMISSED, "needed for patches", "ann", noon(ACCEPTED)
    )
    tracked = track([nat()], store, no_bill)[0]
    assert (tracked.state, tracked.decision and tracked.decision.note) == (
        DecisionState.DISMISSED,
        "needed for patches",
    )
    assert tracked.realised is None


def test_savings_are_ranked_by_dollars_with_unknown_ones_last(store: DecisionStore) -> None:
    some = [replace(nat(), key=f"network.idle/{name}", monthly=amount, unknown_because="" if amount else "no price")
            for name, amount in (("a", D(1)), ("b", None), ("c", D(3)))]  # fmt: skip
    assert [saving.key[-1] for saving in track(some, store, no_bill)] == ["c", "a", "b"]


def test_a_verdict_of_another_version_and_a_damaged_estimate_do_not_break_the_list(store: DecisionStore) -> None:
    store.decide(Decision(SAVING, nat().key, "postponed", "", "ann", noon(ACCEPTED)))
    store.decide(Decision("saving_estimate", nat().key, "estimated", "{not json", "ann", noon(ACCEPTED)))
    assert track([nat()], store, no_bill)[0].state is DecisionState.OPEN


def test_a_crash_between_estimate_and_decision_leaves_the_saving_open(store: DecisionStore) -> None:
    class Breaks:
        """A store that dies after the first thing it was given."""

        def __init__(self) -> None:
            self.given = 0

        def decide(self, decision: Decision) -> None:
            self.given += 1
            if self.given == 2:
                raise KeyboardInterrupt
            store.decide(decision)

    tracked: TrackedSaving = track([nat()], store, no_bill)[0]
    with pytest.raises(KeyboardInterrupt):
        decide(Breaks(), tracked, DecisionState.ACCEPTED, "", "ann", noon(ACCEPTED))  # type: ignore[arg-type]
    assert track([nat()], store, no_bill)[0].state is DecisionState.OPEN


def test_tracking_follows_every_check(store: DecisionStore) -> None:
    findings = [f for finding in run(inventory(nat_gateways=[gateway(0)]), PRICES) for f in finding.findings]
    assert [saving.key for saving in track(findings, store, no_bill)] == ["network.idle/nat-1"]


def test_an_undo_between_two_looks_at_the_store_breaks_nothing(store: DecisionStore) -> None:
    decide(store, track([nat()], store, no_bill)[0], DecisionState.ACCEPTED, "", "ann", noon(ACCEPTED))

    class Undone:
        """Shows what stood before the undo, and the history with it."""

        def current(self, kind: str) -> Any:
            return store.current(kind)

        def history(self, kind: str, key: str) -> Any:
            last = store.history(kind, key)[-1]
            return [*store.history(kind, key), replace(last, verdict=DecisionState.OPEN)]

    (tracked,) = track([nat()], Undone(), lambda: None)  # type: ignore[arg-type]
    assert tracked.accepted_on == ACCEPTED
