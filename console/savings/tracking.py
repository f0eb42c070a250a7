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

from console.asking.periods import Period
from console.decisions import Decision, DecisionStore
from console.savings.findings import Charges, Finding
from console.savings.judging import DAYS_A_MONTH
from console.savings.usage import Bill

SAVING, ESTIMATE = "saving", "saving_estimate"
BEFORE_DAYS, MOST_AFTER_DAYS, LEAST_DAYS = 28, 28, 7
DOLLARS = "USD"
Row = Mapping[str, Any]  # of ``savings/usage_by_day``


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
    `shared_with` counts other savings that were measured on some of the same charges over some of the same days: what
    these charges fell by is shared out among them, by what was expected of each.
    """

    monthly: Decimal | None
    because: str = ""
    before: Period | None = None
    after: Period | None = None
    a_day_before: Decimal | None = None
    a_day_after: Decimal | None = None
    shared_with: int = 0


@dataclass(frozen=True)
class Taken:
    """A saving that somebody took, as the bill is to show it: the lines it lowers, when, and by how much a month."""

    charges: Charges
    accepted_on: date
    done_on: date
    expected: Decimal | None = None

    def lowers(self, row: Row) -> bool:
        """Whether a row of the bill is one of its lines."""
        return (
            row["billing_currency"] == DOLLARS
            and _named(row["usage_type"], self.charges.usage_types)
            and (not self.charges.services or _named(row["service_name"], self.charges.services))
        )


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
    taken = {
        key: _taken(decision, found.get(key), estimates.get(key), store)
        for key, decision in standing.items()
        if _state(decision) in (State.ACCEPTED, State.REALISED)
    }
    realised = measure(bill(), taken) if taken else {}
    tracked = [
        _tracked(key, found.get(key), standing.get(key), estimates.get(key), taken.get(key), realised.get(key))
        for key in {**found, **standing}
    ]
    return sorted(tracked, key=lambda each: (each.estimate is None, -(each.estimate or Decimal(0)), each.key))


def _taken(decision: Decision, finding: Finding | None, estimate: Estimate | None, store: DecisionStore) -> Taken:
    accepted_on = _accepted(store.history(SAVING, decision.key)) or decision.decided_at.date()
    if estimate is not None:
        charges = Charges(estimate.usage_types, estimate.services)
    else:
        charges = finding.charges if finding else Charges(())
    done_on = decision.decided_at.date() if _state(decision) is State.REALISED else accepted_on
    return Taken(charges, accepted_on, done_on, estimate.monthly if estimate else None)


def _tracked(
    key: str,
    finding: Finding | None,
    decision: Decision | None,
    estimate: Estimate | None,
    taken: Taken | None,
    realised: Realised | None,
) -> Tracked:
    if taken is not None and estimate is not None:
        monthly = estimate.monthly  # what was promised then, not what is left now
    else:
        monthly = finding.monthly if finding else None
    return Tracked(
        key=key,
        title=finding.title if finding else estimate.title if estimate else key,
        resource=finding.resource if finding else estimate.resource if estimate else key.partition("/")[2],
        state=_state(decision),
        estimate=monthly,
        finding=finding,
        decision=decision,
        accepted_on=taken.accepted_on if taken else None,
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


def measure(bill: Bill | None, taken: Mapping[str, Taken]) -> dict[str, Realised]:
    """What the bill says of each saving; together never more than what their lines fell by.

    Measured is the mean day of up to four weeks before the acceptance against that of up to four weeks after it was
    done. The days of both decisions, those between them and the last day of the bill are left out. At least a week on
    both sides is needed. A day without such a charge counts as 0.
    """
    alone = {key: _measured(bill, each, ()) for key, each in taken.items()}
    shared = {}
    for key, each in alone.items():
        rivals = [taken[other] for other, its in alone.items() if other != key and _meet(each, its)]
        shared[key] = _measured(bill, taken[key], rivals) if rivals else each
    return shared


def _meet(one: Realised, other: Realised) -> bool:
    """Whether both are measured, over some of the same days."""
    if one.monthly is None or other.monthly is None or not (one.before and one.after and other.before and other.after):
        return False
    return one.before.start < other.after.end and other.before.start < one.after.end


def _measured(bill: Bill | None, taken: Taken, rivals: Sequence[Taken]) -> Realised:
    if bill is None:
        return Realised(None, "there is no bill in the lake")
    if not taken.charges.usage_types:
        return Realised(None, "it is not known which lines of the bill it lowers")
    first = max(taken.accepted_on - timedelta(days=BEFORE_DAYS), bill.first_day)
    if (taken.accepted_on - first).days < LEAST_DAYS:
        return Realised(None, f"the bill has less than {LEAST_DAYS} days before it was accepted")
    start = taken.done_on + timedelta(days=1)
    end = min(start + timedelta(days=MOST_AFTER_DAYS), bill.last_day)
    billed = max((end - start).days, 0)
    if billed < LEAST_DAYS:
        ready = start + timedelta(days=LEAST_DAYS + 1)
        return Realised(None, f"{billed} of {LEAST_DAYS} days after it are billed; ask on {ready.isoformat()}")
    before, after = Period(first, taken.accepted_on), Period(start, end)
    mine = [row for row in bill.rows if taken.lowers(row) and (_within(row, before) or _within(row, after))]
    if not any(_within(row, before) for row in mine):
        return Realised(None, "the bill has no such usage before it", before, after)
    if any(row["effective_cost"] is None for row in mine):
        return Realised(None, "the bill has no effective cost for it", before, after)
    was, now = (_mean(mine, period, taken, rivals) for period in (before, after))
    also = sum(1 for rival in rivals if any(rival.lowers(row) for row in mine))
    return Realised((was - now) * DAYS_A_MONTH, "", before, after, was, now, also)


def _mean(rows: Sequence[Row], period: Period, taken: Taken, rivals: Sequence[Taken]) -> Decimal:
    costs = (row["effective_cost"] * _share(row, taken, rivals) for row in rows if _within(row, period))
    return sum(costs, Decimal(0)) / period.days


def _share(row: Row, taken: Taken, rivals: Sequence[Taken]) -> Decimal:
    """The part of a row that one of those that lower it answers for: by what was expected, alike where unknown."""
    together = [taken, *(rival for rival in rivals if rival.lowers(row))]
    weights = [each.expected for each in together]
    known = [weight for weight in weights if weight is not None and weight > 0]
    if len(known) < len(weights):
        return Decimal(1) / len(together)
    return known[0] / sum(known)


def _named(name: str, parts: Sequence[str]) -> bool:
    return any(part.lower() in name.lower() for part in parts)


def _within(row: Row, period: Period) -> bool:
    return bool(period.start <= row["charge_date"] < period.end)
