"""Under which keys single customers are kept beside the models: digests of their ids, so that no key names anybody.

::

    pk                  sk                   what
    opted-out           customer#<digest>    that the customer refuses (`.opted_out`)
    history#<digest>    history              what the customer did until the last training (`.stored_customers`)
    history             written              until when histories are written (`pipeline.recommend.learning.keeping`)

The pk of a history is its own, so that reading and writing spread over all of a DynamoDB table.
"""

from __future__ import annotations

from hashlib import sha256

from pipeline.recommend.models.items import Key

OPTED_OUT, CUSTOMER = "opted-out", "customer#"
HISTORY = "history"
WRITTEN: Key = (HISTORY, "written")


def digest_of(customer_id: str) -> str:
    """SHA-256 of a customer's id, 64 hexadecimal digits."""
    return sha256(customer_id.encode("utf-8", "surrogatepass")).hexdigest()


def opted_out_key(digest: str) -> Key:
    """The key of the mark that a customer refuses."""
    return OPTED_OUT, CUSTOMER + digest


def history_key(digest: str) -> Key:
    """The key of a customer's history."""
    return f"{HISTORY}#{digest}", HISTORY
