"""The answer to a sender: one verdict for each record, in the order sent (pure)."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from pipeline.contract.batches import SentBatch

_ENCODER = msgspec.json.Encoder()
_ACCEPTED = b'{"verdict":"accepted"}'
_DUPLICATE = b'{"verdict":"duplicate"}'


def verdicts(batch: SentBatch, duplicates: Collection[int]) -> bytes:
    """The JSON body of a 202: totals, and a verdict per record in order.

    A verdict is ``accepted``, ``duplicate`` (stored too, counted once), or ``quarantined`` with its reason and detail.

    Parameters
    ----------
    duplicates : which of the good events, by place among them, had been received before
    """
    totals = {
        "received": batch.received,
        "accepted": len(batch.ids) - len(duplicates),
        "duplicates": len(duplicates),
        "quarantined": len(batch.refused),
        "ignored": batch.ignored,
    }
    if batch.rounded:
        totals["rounded"] = batch.rounded
    answers = [_ACCEPTED] * len(batch.ids)
    for place in duplicates:
        answers[place] = _DUPLICATE
    for place in sorted(batch.refused):
        refusal = batch.refused[place][1]
        verdict = {"verdict": "quarantined", "reason": refusal.reason, "detail": refusal.detail}
        answers.insert(place, _ENCODER.encode(verdict))
    return _ENCODER.encode(totals)[:-1] + b',"verdicts":[' + b",".join(answers) + b"]}"
