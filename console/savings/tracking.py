"""The decision on each finding, and the money that the accepted ones saved on the bill.

A decision holds a key and a note. The saving expected at its acceptance is stored beside it, as a decision of kind
`ESTIMATE` whose note is JSON: once the saving is made, its check no longer finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from console.asking.periods import Period
from console.decisions import Decision, DecisionStore
from console.savings.facts import BilledUsage
from console.savings.findings import Charges, Finding
from console.savings.judging import DAYS_A_MONTH

SAVING, ESTIMATE = "saving", "saving_estimate"
BEFORE_DAYS, MOST_AFTER_DAYS, LEAST_DAYS = 28, 28, 7
DOLLARS = "USD"
Row = Mapping[str, Any]  # of ``savings/usage_by_day``


class DecisionState(StrEnum):
    """What was decided about a finding; the values are the verdicts of `Decision`."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    REALISED = "realised"


@dataclass(frozen=True)
class ExpectedSaving:
    """What a saving was expected to bring when it was accepted."""

    title: str
    resource: str
    monthly: Decimal | None
    usage_types: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class RealisedSaving:
    """What the bill says: the mean cost of a day, before and after, of the usage types that the saving lowers.

    Attributes
    ----------
    monthly : US dollars; negative where they cost more than before, None where it cannot be measured
    because : why it cannot be measured
    shared_with : number of other savings measured on some of the same charges over some of the same days; the fall of
        these charges is divided among them by their estimates
    """

    monthly: Decimal | None
    because: str = ""
    before: Period | None = None
    after: Period | None = None
    a_day_before: Decimal | None = None
    a_day_after: Decimal | None = None
    shared_with: int = 0


@dataclass(frozen=True)
class AcceptedSaving:
    """An accepted saving as it is measured: the charges it lowers, since when, and by how many dollars a month."""

    charges: Charges
    accepted_on: date
    done_on: date
    expected: Decimal | None = None

    def lowers(self, row: Row) -> bool:
        """Whether it lowers the charges of a row of the bill."""
        return (
            row["billing_currency"] == DOLLARS
            and _has_any(row["usage_type"], self.charges.usage_types)
            and (not self.charges.services or _has_any(row["service_name"], self.charges.services))
        )


@dataclass(frozen=True)
class TrackedSaving:
    """A finding with the decision on it and what it saved. `finding` is None once its check finds nothing any more."""

    key: str
    title: str
    resource: str
    state: DecisionState
    estimate: Decimal | None
    finding: Finding | None
    decision: Decision | None = None
    accepted_on: date | None = None
    realised: RealisedSaving | None = None


def decide(
    store: DecisionStore, tracked: TrackedSaving, state: DecisionState, note: str, who: str, at: datetime
) -> None:
    """Store a decision; with an acceptance, the estimate too. Raises as the store does."""
    if state in (DecisionState.ACCEPTED, DecisionState.REALISED) and tracked.finding is not None:
        finding = tracked.finding
        charges = finding.charges
        estimate = ExpectedSaving(
            finding.title, finding.resource, finding.monthly, charges.usage_types, charges.services
        )
        # first: an estimate without a decision harms nothing, a decision without its estimate could not be measured
        store.decide(Decision(ESTIMATE, tracked.key, "estimated", msgspec.json.encode(estimate).decode(), who, at))
    store.decide(Decision(SAVING, tracked.key, state.value, note, who, at))


def track(
    findings: Sequence[Finding], store: DecisionStore, bill: Callable[[], BilledUsage | None]
) -> list[TrackedSaving]:
    """Every finding, and every decision whose finding is gone: most dollars first, unknown ones last.

    `bill` is called only if a saving was accepted.
    """
    decisions = store.current(SAVING)
    estimates = {key: _read(decision) for key, decision in store.current(ESTIMATE).items()} if decisions else {}
    found = {finding.key: finding for finding in findings}
    accepted = {
        key: _accepted(decision, found.get(key), estimates.get(key), store)
        for key, decision in decisions.items()
        if _state(decision) in (DecisionState.ACCEPTED, DecisionState.REALISED)
    }
    realised = measure(bill(), accepted) if accepted else {}
    tracked = []
    for key in {**found, **decisions}:
        finding, estimate = found.get(key), estimates.get(key)
        known = finding or estimate
        expected = (estimate if key in accepted else None) or finding  # as estimated at the acceptance
        saving = TrackedSaving(
            key=key,
            title=known.title if known else key,
            resource=known.resource if known else key.partition("/")[2],
            state=_state(decisions.get(key)),
            estimate=expected.monthly if expected else None,
            finding=finding,
            decision=decisions.get(key),
            accepted_on=accepted[key].accepted_on if key in accepted else None,
            realised=realised.get(key),
        )
        tracked.append(saving)
    return sorted(tracked, key=lambda saving: (saving.estimate is None, -(saving.estimate or Decimal(0)), saving.key))


def _accepted(
    decision: Decision, finding: Finding | None, estimate: ExpectedSaving | None, store: DecisionStore
) -> AcceptedSaving:
    accepted_on = _acceptance_day(store.history(SAVING, decision.key)) or decision.decided_at.date()
    charges = finding.charges if finding else Charges(())
    if estimate is not None:
        charges = Charges(estimate.usage_types, estimate.services)
    done_on = decision.decided_at.date() if _state(decision) is DecisionState.REALISED else accepted_on
    return AcceptedSaving(charges, accepted_on, done_on, estimate.monthly if estimate else None)


def _state(decision: Decision | None) -> DecisionState:
    """A verdict of a later version reads as open rather than as an error."""
    if decision is None or decision.verdict not in set(DecisionState):
        return DecisionState.OPEN
    return DecisionState(decision.verdict)


def _read(decision: Decision) -> ExpectedSaving | None:
    try:
        return msgspec.json.decode(decision.note, type=ExpectedSaving)
    except msgspec.MsgspecError:
        return None


def _acceptance_day(history: Sequence[Decision]) -> date | None:
    """The day of the first acceptance since the finding was last open; None if it was opened again."""
    since: list[Decision] = []
    for decision in history:
        since = [] if decision.verdict in (DecisionState.OPEN, DecisionState.DISMISSED) else [*since, decision]
    return since[0].decided_at.date() if since else None


def measure(bill: BilledUsage | None, accepted: Mapping[str, AcceptedSaving]) -> dict[str, RealisedSaving]:
    """What each saving realised on the bill; together never more than what their charges fell by.

    Compared are the mean day of up to four weeks before the acceptance and that of up to four weeks after it was done.
    The days of both decisions, those between them and the last day of the bill are left out. At least a week on both
    sides is needed. A day without such a charge counts as 0.
    """
    alone = {key: _measured(bill, saving, ()) for key, saving in accepted.items()}
    shared = {}
    for key, realised in alone.items():
        rivals = [accepted[other] for other, theirs in alone.items() if other != key and _overlap(realised, theirs)]
        shared[key] = _measured(bill, accepted[key], rivals) if rivals else realised
    return shared


def _overlap(one: RealisedSaving, other: RealisedSaving) -> bool:
    """Whether both are measured, over some of the same days."""
    if one.monthly is None or other.monthly is None or not (one.before and one.after and other.before and other.after):
        return False
    return one.before.start < other.after.end and other.before.start < one.after.end


def _measured(bill: BilledUsage | None, saving: AcceptedSaving, rivals: Sequence[AcceptedSaving]) -> RealisedSaving:
    if bill is None:
        return RealisedSaving(None, "there is no bill in the lake")
    if not saving.charges.usage_types:
        return RealisedSaving(None, "it is not known which charges it lowers")
    first = max(saving.accepted_on - timedelta(days=BEFORE_DAYS), bill.first_day)
    if (saving.accepted_on - first).days < LEAST_DAYS:
        return RealisedSaving(None, f"the bill has less than {LEAST_DAYS} days before it was accepted")
    start = saving.done_on + timedelta(days=1)
    end = min(start + timedelta(days=MOST_AFTER_DAYS), bill.last_day)
    billed = max((end - start).days, 0)
    if billed < LEAST_DAYS:
        ready = start + timedelta(days=LEAST_DAYS + 1)
        return RealisedSaving(None, f"{billed} of {LEAST_DAYS} days after it are billed; ask on {ready.isoformat()}")
    before, after = Period(first, saving.accepted_on), Period(start, end)
    rows = [row for row in bill.rows if saving.lowers(row) and (_within(row, before) or _within(row, after))]
    if not any(_within(row, before) for row in rows):
        return RealisedSaving(None, "the bill has no such usage before it", before, after)
    if any(row["effective_cost"] is None for row in rows):
        return RealisedSaving(None, "the bill has no effective cost for it", before, after)
    was, now = (_mean(rows, period, saving, rivals) for period in (before, after))
    also = sum(1 for rival in rivals if any(rival.lowers(row) for row in rows))
    return RealisedSaving((was - now) * DAYS_A_MONTH, "", before, after, was, now, also)


def _mean(rows: Sequence[Row], period: Period, saving: AcceptedSaving, rivals: Sequence[AcceptedSaving]) -> Decimal:
    costs = (row["effective_cost"] * _share(row, saving, rivals) for row in rows if _within(row, period))
    return sum(costs, Decimal(0)) / period.days


def _share(row: Row, saving: AcceptedSaving, rivals: Sequence[AcceptedSaving]) -> Decimal:
    """The part of a row's change that belongs to a saving: by the estimates, in equal parts where one is unknown."""
    estimates = [saving.expected, *(rival.expected for rival in rivals if rival.lowers(row))]
    known = [estimate for estimate in estimates if estimate is not None and estimate > 0]
    return known[0] / sum(known) if len(known) == len(estimates) else Decimal(1) / len(estimates)


def _has_any(name: str, parts: Sequence[str]) -> bool:
    return any(part.lower() in name.lower() for part in parts)


def _within(row: Row, period: Period) -> bool:
    return bool(period.start <= row["charge_date"] < period.end)
