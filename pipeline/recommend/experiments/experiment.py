"""An experiment: its variants, and which one a customer is given. Pure.

A customer's variant follows from the name of the experiment and the customer's id alone, so that a server, a Lambda
and a query over the lake find the same one without asking each other: the first four hexadecimal digits of
``md5(name + "/" + customer_id)`` are compared with the bounds of the variants. MD5 is the same everywhere; nothing is
secret here. Visitors whom nobody knows take part in no experiment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import md5

import msgspec

MOST_VARIANTS = 4
DIGITS = 4
_STEPS = 16**DIGITS
AFTER_ALL = "g"  # sorts after every hexadecimal digit


class Variant(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One part of an experiment.

    Attributes
    ----------
    share : of the customers, 0 to 1; those of an experiment add up to 1
    surface : served instead of the one that is asked for; empty for the one that is asked for
    model : version that answers; empty for the one in use
    is_holdout : whether its customers are shown nothing, so that the others can be compared with them
    """

    name: str
    share: float
    surface: str = ""
    model: str = ""
    is_holdout: bool = False


class Experiment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is compared since when.

    Attributes
    ----------
    variants : at most `MOST_VARIANTS`; the first one is the control, which the others are compared with
    ended_at : None while it runs
    surfaces : that it is about; empty for all
    """

    name: str
    variants: tuple[Variant, ...]
    started_at: datetime
    ended_at: datetime | None = None
    surfaces: tuple[str, ...] = ()
    comment: str = ""

    def bounds(self) -> Sequence[str]:
        """By variant, what the digits of its customers are below: hexadecimal, and `AFTER_ALL` for the last one."""
        found, total = [], 0.0
        for variant in self.variants[:-1]:
            total += variant.share
            step = round(total * _STEPS)
            found.append(f"{step:0{DIGITS}x}" if step < _STEPS else AFTER_ALL)
        return [*found, AFTER_ALL]

    def variant_of(self, customer_id: str) -> Variant:
        """The variant that a customer is given."""
        digits = digits_of(self.name, customer_id)
        place = next(place for place, bound in enumerate(self.bounds()) if digits < bound)
        return self.variants[place]


def digits_of(experiment: str, customer_id: str) -> str:
    """What decides a customer's variant: `DIGITS` hexadecimal digits, lower case."""
    text = f"{experiment}/{customer_id}".encode("utf-8", "surrogatepass")
    return md5(text, usedforsecurity=False).hexdigest()[:DIGITS]
