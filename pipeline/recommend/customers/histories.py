"""What a customer did: as training stores it, as an answer is made from it (pure).

A stored history has product ids, so that it is good for every version of a model. It is packed as the hour of the
newest action, the hours between one and the next, a letter for each kind, and the ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from operator import itemgetter, sub
from typing import NamedTuple

import msgspec

from pipeline.live.documents import Item, pack, unpack
from pipeline.recommend.recency import DAY_SECONDS

VIEWED, IN_CART, BOUGHT = "product_view", "cart_add", "purchase"
_OUT_OF_CART = "cart_remove"  # of live: counts as viewed
KINDS: Mapping[str, str] = {"v": VIEWED, "c": IN_CART, "b": BOUGHT}
"""Kinds of actions by their letter, the weakest first."""

HISTORY_ITEMS = 200  # newest products of a customer that an answer is made from
HISTORY_BYTES = 3_000  # packed: three write units of DynamoDB; long product ids leave room for fewer products
CART_SECONDS = 30 * DAY_SECONDS  # after which what is in the cart counts as viewed: nobody waits for it any more
_HOUR = 3_600
_AT = itemgetter(2)


class Action(NamedTuple):
    """The newest action of a customer with a product.

    Attributes
    ----------
    kind : `VIEWED`, `IN_CART` or `BOUGHT`
    at : seconds since 1970
    """

    product_id: str
    kind: str
    at: float


@dataclass(frozen=True)
class History:
    """What an answer to a customer is made from.

    Attributes
    ----------
    actions : one for each product, newest first, at most `HISTORY_ITEMS`
    bought : products that are not recommended because the customer has them
    in_cart : products that are not recommended because they are in the cart
    refuses : whether the customer refuses recommendations from a history, which is empty then
    """

    actions: Sequence[Action] = ()
    bought: frozenset[str] = frozenset()
    in_cart: frozenset[str] = frozenset()
    refuses: bool = False

    @property
    def items(self) -> list[Item]:
        """The actions as live has them."""
        return [Item(action.product_id, action.kind, datetime.fromtimestamp(action.at, UTC)) for action in self.actions]


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    newest: int
    ages: list[int]
    kinds: str
    products: list[str]


def pack_history(products: Sequence[str], kinds: str, hours: Sequence[int]) -> bytes:
    """The newest part of a history that fits into `HISTORY_ITEMS` and `HISTORY_BYTES`.

    Parameters
    ----------
    products : ids, newest first, at least one
    kinds : as many letters of `KINDS`
    hours : as many, since 1970
    """
    count = min(len(products), HISTORY_ITEMS)
    while True:
        ages = [later - earlier for later, earlier in pairwise(hours[:count])]
        packed = pack(_Packed(hours[0], ages, kinds[:count], list(products[:count])))
        if len(packed) <= HISTORY_BYTES or count == 1:
            return packed
        count = max(1, min(count - 1, count * HISTORY_BYTES // len(packed)))


def unpack_history(packed: bytes) -> list[Action]:
    """What `pack_history` packed."""
    found = unpack(packed, _Packed)
    hours = accumulate(found.ages, sub, initial=found.newest)
    kinds = map(KINDS.__getitem__, found.kinds)
    return list(map(Action, found.products, kinds, map(_HOUR.__mul__, hours)))


def merged(recent: Iterable[Item], stored: Collection[Action] = (), *, now: datetime) -> History:
    """Recent items together with a stored history: of the same product the newer action, of all the newest ones.

    What is stored as bought stays bought, however often it is viewed later. What is stored as in the cart counts as
    viewed: only live knows what still is in the cart; so does what has not been touched for `CART_SECONDS`.

    Parameters
    ----------
    recent : of live, newest first
    stored : newest first
    """
    newest = {action.product_id: action for action in stored}
    newest |= {action.product_id: action._replace(kind=VIEWED) for action in stored if action.kind == IN_CART}
    bought = {action.product_id for action in stored if action.kind == BOUGHT}
    in_cart, oldest = set(), now.timestamp() - CART_SECONDS
    for item in recent:
        at, known, kind = item.at.timestamp(), newest.get(item.product_id), item.event_type
        if kind == _OUT_OF_CART or (kind == IN_CART and at < oldest):
            kind = VIEWED
        if known is None or known.at <= at:
            newest[item.product_id] = Action(item.product_id, kind, at)
        if kind == BOUGHT:
            bought.add(item.product_id)
        elif kind == IN_CART:
            in_cart.add(item.product_id)
    actions = sorted(newest.values(), key=_AT, reverse=True)
    return History(actions[:HISTORY_ITEMS], frozenset(bought), frozenset(in_cart))
