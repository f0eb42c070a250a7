"""Who sent a message of another tracker: the customer it names, or the one its device was linked to.

A message with a known id is that customer's, and links its anonymous id to it. From then on a message with the
anonymous id alone is the customer's too; what came before stays as it is. Within a batch, the order of its messages
counts.
"""

from __future__ import annotations

from typing import Any

from pipeline.contract.batches import SentBatch
from pipeline.contract.privacy import personal_data
from pipeline.contract.shape import Rules
from pipeline.formats import payload

MOST_STEPS = 5  # from link to link: a customer's id may have been replaced, and that one again

_LONGEST = 64  # characters of an identifier


def customer_of(batch: SentBatch, rules: Rules, *, known: Any, anonymous: Any) -> Any:
    """The customer id of a message; its link is noted in the batch where it is new.

    Parameters
    ----------
    known, anonymous : the ids as sent; what is no identifier is returned as it is, and refused by the contract

    Raises
    ------
    StreamUnavailable
        As `Rules.customer_of`.
    """
    known, anonymous = payload.text(known), payload.text(anonymous)
    if rules.customer_of is None or not _is_identifier(anonymous):
        return known or anonymous
    if not known:
        return _followed(batch, rules, anonymous)
    is_new = known != anonymous and _is_identifier(known) and _linked(batch, rules, anonymous) != known
    if is_new and not (personal_data(known) or personal_data(anonymous)):
        batch.links[anonymous] = known
    return known


def _followed(batch: SentBatch, rules: Rules, anonymous: str) -> str:
    """Where the links from an id lead, over at most `MOST_STEPS`; a loop ends before it comes back to an id."""
    passed = [anonymous]
    while len(passed) <= MOST_STEPS:
        following = _linked(batch, rules, passed[-1])
        if following is None or following in passed:
            break
        passed.append(following)
    return passed[-1]


def _linked(batch: SentBatch, rules: Rules, anonymous: str) -> str | None:
    found = batch.links.get(anonymous)
    return found if found is not None or rules.customer_of is None else rules.customer_of(anonymous)


def _is_identifier(given: Any) -> bool:
    """Whether the contract takes it as an identifier, personal data aside."""
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST or "\0" in given:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in given)
