"""What a sender is told of its records: one verdict each, in the order it sent them (pure)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from pipeline.contract.batches import Batch

_ENCODER = msgspec.json.Encoder()
_ACCEPTED = b'{"verdict":"accepted"}'
_DUPLICATE = b'{"verdict":"duplicate"}'


@dataclass(frozen=True, slots=True)
class Outcome:
    """A batch that was stored, and which of its good events (by place among them) had been received before."""

    batch: Batch
    duplicates: Collection[int]


def verdicts(outcome: Outcome) -> bytes:
    """The JSON body of a 202: totals, and a verdict per record in order.

    A verdict is ``accepted``, ``duplicate`` (stored too, counted once), or ``quarantined`` with its reason and detail.
    """
    batch, duplicates = outcome.batch, outcome.duplicates
    totals = {
        "received": batch.received,
        "accepted": len(batch.ids) - len(duplicates),
        "duplicates": len(duplicates),
        "quarantined": len(batch.refused),
        "ignored": batch.ignored,
    }
    each = [_ACCEPTED] * len(batch.ids)
    for place in duplicates:
        each[place] = _DUPLICATE
    for place in sorted(batch.refused):
        refusal = batch.refused[place][1]
        told = {"verdict": "quarantined", "reason": refusal.reason, "detail": refusal.detail}
        each.insert(place, _ENCODER.encode(told))
    return _ENCODER.encode(totals)[:-1] + b',"verdicts":[' + b",".join(each) + b"]}"
