"""What Redshift Serverless takes and says, for those who ask it and those who load it. Pure data.

Sources: Amazon Redshift Data API, ExecuteStatement and BatchExecuteStatement; Redshift Database Developer Guide, data
types. No page documents the message of a usage limit: it is what a workgroup answers once a limit whose action is
``deactivate`` is reached. The call succeeds, and the statement's status is ``FAILED`` with this error; statements that
need no compute, such as ``select 1``, go on working.
"""

from __future__ import annotations

LONGEST_STATEMENT = 100_000  # bytes of one statement
MOST_STATEMENTS = 40  # of one batch, which is one transaction
USAGE_LIMIT = "query reached usage limit"  # in small letters; of a statement's error

_TYPES = {
    "double": "double precision",
    "timestamp(6)": "timestamp",
    "varbinary": "varbyte(1024000)",
    "varchar": "varchar(max)",
}


def column_type(kind: str) -> str:
    """A Trino type of the tables as Redshift writes it; both keep 38 digits and microseconds."""
    return _TYPES.get(kind, kind)


def is_usage_limit(error: str) -> bool:
    """Whether a statement failed because the workgroup has reached its usage limit."""
    return USAGE_LIMIT in error.lower()
