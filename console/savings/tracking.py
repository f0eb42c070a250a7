"""What was decided about findings, and what the bill says about those that were taken.

A decision holds a key and a note. What a saving was expected to bring is remembered beside it, as a decision of kind
`ESTIMATE` whose note is JSON: once a saving is taken its check finds nothing any more, and could not say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from console.decisions import Decision, DecisionStore
from console.periods import Period
from console.savings.bill import Bill
from console.savings.findings import DAYS_A_MONTH, Charges, Finding

SAVING, ESTIMATE = "saving", "saving_estimate"
BEFORE_DAYS, MOST_AFTER_DAYS, LEAST_DAYS = 28, 28, 7
DOLLARS = "USD"


class State(StrEnum):
    """What stands about a finding; the values are the verdicts of `Decision`."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    REALISED = "realised"


@dataclass(frozen=True)
class Estimate:
    """What was expected of a saving when it was accepted."""

    title: str
    resource: str
    monthly: Decimal | None
    usage_types: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Realised:
    """What the bill says: the mean cost of a day before and after, of the usage types that the saving lowers.

    `monthly` is negative where they cost more than before, and None with the reason where it cannot be measured.
    """

    monthly: Decimal | None
    because: str = ""
    before: Period | None = None
    after: Period | None = None
    a_day_before: Decimal | None = None
    a_day_after: Decimal | None = None


@dataclass(frozen=True)
class Tracked:
    """A finding with what stands about it. `finding` is None where its check finds nothing any more."""

    key: str
    title: str
    resource: str
    state: State
    estimate: Decimal | None
    finding: Finding | None
    decision: Decision | None = None
    accepted_on: date | None = None
    realised: Realised | None = None


def decide(store: DecisionStore, tracked: Tracked, state: State, note: str, who: str, at: datetime) -> None:
    """Remember a decision; with an acceptance, what was expected. Raises as the store does."""
    if state in (State.ACCEPTED, State.REALISED) and tracked.finding is not None:
        finding = tracked.finding
        lines = finding.charges
        estimate = Estimate(finding.title, finding.resource, finding.monthly, lines.usage_types, lines.services)
        # first: an estimate without a decision harms nothing, a decision without its estimate could not be measured
        store.decide(Decision(ESTIMATE, tracked.key, "estimated", msgspec.json.encode(estimate).decode(), who, at))
    store.decide(Decision(SAVING, tracked.key, state.value, note, who, at))


def track(findings: Sequence[Finding], store: DecisionStore, bill: Callable[[], Bill | None]) -> list[Tracked]:
    """Every finding, and every decision whose finding is gone: most dollars first, unknown ones after them.

    `bill` is asked only where a saving was taken.
    """
    standing = store.standing(SAVING)
    estimates = {key: _read(decision) for key, decision in store.standing(ESTIMATE).items()} if standing else {}
    found = {finding.key: finding for finding in findings}
    tracked = [
        _tracked(key, found.get(key), standing.get(key), estimates, store, bill) for key in {**found, **standing}
    ]
    return sorted(tracked, key=lambda each: (each.estimate is None, -(each.estimate or Decimal(0)), each.key))


def _tracked(
    key: str,
    finding: Finding | None,
    decision: Decision | None,
    estimates: Mapping[str, Estimate | None],
    store: DecisionStore,
    bill: Callable[[], Bill | None],
) -> Tracked:
    state = _state(decision)
    estimate = estimates.get(key)
    accepted_on = realised = None
    if decision is not None and state in (State.ACCEPTED, State.REALISED):
        accepted_on = _accepted(store.history(SAVING, key)) or decision.decided_at.date()
        expected = Charges(estimate.usage_types, estimate.services) if estimate else None
        charges = expected or (finding.charges if finding else Charges(()))
        done_on = decision.decided_at.date() if state is State.REALISED else accepted_on
        realised = measure(bill(), charges, accepted_on, done_on)
    is_taken = accepted_on is not None and estimate is not None
    if is_taken and estimate is not None:
        monthly = estimate.monthly  # what was promised then, not what is left now
    else:
        monthly = finding.monthly if finding else None
    return Tracked(
        key=key,
        title=finding.title if finding else estimate.title if estimate else key,
        resource=finding.resource if finding else estimate.resource if estimate else key.partition("/")[2],
        state=state,
        estimate=monthly,
        finding=finding,
        decision=decision,
        accepted_on=accepted_on,
        realised=realised,
    )


def _state(decision: Decision | None) -> State:
    """A verdict of a later version reads as open rather than as an error."""
    if decision is None or decision.verdict not in set(State):
        return State.OPEN
    return State(decision.verdict)


def _read(decision: Decision) -> Estimate | None:
    try:
        return msgspec.json.decode(decision.note, type=Estimate)
    except msgspec.MsgspecError:
        return None


def _accepted(history: Sequence[Decision]) -> date | None:
    """The day of the first acceptance since the finding was last open; None where somebody just opened it again."""
    since: list[Decision] = []
    for decision in history:
        since = [] if decision.verdict in (State.OPEN, State.DISMISSED) else [*since, decision]
    return since[0].decided_at.date() if since else None


def measure(bill: Bill | None, charges: Charges, accepted_on: date, done_on: date) -> Realised:
    """The mean day of up to four weeks before the acceptance against that of up to four weeks after it was done.

    The days of both decisions, those between them and the last day of the bill are left out. At least a week on both
    sides is needed. A day without such a charge counts as 0.
    """
    if bill is None:
        return Realised(None, "there is no bill in the lake")
    if not charges.usage_types:
        return Realised(None, "it is not known which lines of the bill it lowers")
    first = max(accepted_on - timedelta(days=BEFORE_DAYS), bill.first_day)
    if (accepted_on - first).days < LEAST_DAYS:
        return Realised(None, f"the bill has less than {LEAST_DAYS} days before it was accepted")
    start = done_on + timedelta(days=1)
    end = min(start + timedelta(days=MOST_AFTER_DAYS), bill.last_day)
    billed = max((end - start).days, 0)
    if billed < LEAST_DAYS:
        ready = start + timedelta(days=LEAST_DAYS + 1)
        return Realised(None, f"{billed} of {LEAST_DAYS} days after it are billed; ask on {ready.isoformat()}")
    before, after = Period(first, accepted_on), Period(start, end)
    mine = [
        row
        for row in bill.rows
        if row["billing_currency"] == DOLLARS
        and _named(row["usage_type"], charges.usage_types)
        and (not charges.services or _named(row["service_name"], charges.services))
    ]
    if not any(_within(row, before) for row in mine):
        return Realised(None, "the bill has no such usage before it", before, after)
    if any(row["effective_cost"] is None for row in mine if _within(row, before) or _within(row, after)):
        return Realised(None, "the bill has no effective cost for it", before, after)
    was, now = _mean(mine, before), _mean(mine, after)
    return Realised((was - now) * DAYS_A_MONTH, "", before, after, was, now)


def _mean(rows: Sequence[Mapping[str, Any]], period: Period) -> Decimal:
    return sum((row["effective_cost"] for row in rows if _within(row, period)), Decimal(0)) / period.days


def _named(name: str, parts: Sequence[str]) -> bool:
    return any(part.lower() in name.lower() for part in parts)


def _within(row: Mapping[str, Any], period: Period) -> bool:
    return bool(period.start <= row["charge_date"] < period.end)
