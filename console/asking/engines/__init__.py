"""The port every SQL engine fills: one bound statement in, one table with its statistics out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from catalogue.tables import BILL_TABLES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from catalogue.binding import Statement


@dataclass(frozen=True)
class Statistics:
    """What an answer cost and how old it is.

    Attributes
    ----------
    engine : name of the engine that answered, e.g. ``duckdb``
    elapsed_seconds : wall-clock time from asking to the last row
    bytes_scanned : bytes read from storage; None where the engine does not say
    dollars : price of the query; 0 on the laptop, None where unknown
    cached : whether the rows came from a cache
    dollars_saved : what the rows cost when they were asked for, where they came from a cache; None where unknown
    query_id : the engine's own name for the run, for its console or log
    data_as_of : the largest ``received_at`` that the answer can contain, of bills when the last came in; None for an
        empty lake
    queue_seconds, engine_seconds : time the statement waited and ran inside the engine; None where it does not say
    reused : whether the engine gave the result of an earlier run instead of running again
    rpu_seconds : Redshift processing units × seconds that the statement added to the bill; None for other engines
    stale : whether the answer is that of an earlier version of the data, served while the new one is asked for
    renewal_failure : why the last try to get the new one failed; empty where it has not failed
    stand_in : why another engine answered than the one that the question is for; empty where that one did
    """

    engine: str
    elapsed_seconds: float
    bytes_scanned: int | None = None
    dollars: Decimal | None = None
    cached: bool = False
    dollars_saved: Decimal | None = Decimal(0)
    query_id: str = ""
    data_as_of: datetime | None = None
    queue_seconds: float | None = None
    engine_seconds: float | None = None
    reused: bool = False
    rpu_seconds: Decimal | None = None
    stale: bool = False
    renewal_failure: str = ""
    stand_in: str = ""

    def as_cached(self) -> Statistics:
        """The same statistics, marked as answered from the cache: at no cost, and without the engine."""
        return replace(
            self,
            cached=True,
            dollars=Decimal(0),
            bytes_scanned=0,
            dollars_saved=self.dollars,
            queue_seconds=None,
            engine_seconds=None,
            rpu_seconds=None if self.rpu_seconds is None else Decimal(0),
            reused=False,
        )

    def as_stale(self, failure: str) -> Statistics:
        """The same statistics, marked as those of an earlier version of the data; `failure`: why it was not renewed."""
        return replace(self.as_cached(), stale=True, renewal_failure=failure)


@dataclass(frozen=True)
class Result:
    """The answer to one statement: rows as an Arrow table (money stays decimal), statistics, and the SQL that ran."""

    table: pa.Table
    statistics: Statistics
    query: str
    sql: str

    @cached_property
    def identity(self) -> str:
        """A digest of the rows, equal for equal ones: what takes long to compute from them is kept under it.

        The data's version would not do: it changes with every curation, though these rows may not have; and an answer
        may be that of the version before.
        """
        import pyarrow as pa

        written = pa.BufferOutputStream()
        with pa.ipc.new_stream(written, self.table.schema) as stream:
            stream.write_table(self.table)
        return hashlib.blake2b(written.getvalue(), digest_size=16).hexdigest()

    def rows(self) -> list[dict[str, Any]]:
        """Rows as dictionaries of Python values: Decimal for money, date and datetime for time."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def frame(self) -> pd.DataFrame:
        """Rows as a pandas frame with Arrow types, so that a decimal stays a decimal."""
        import pandas as pd

        frame: pd.DataFrame = self.table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame


class SqlEngine(Protocol):
    """Answers bound statements. Safe to call from several threads."""

    @property
    def dialect(self) -> str:
        """The sqlglot dialect that statements must be bound for."""

    @property
    def data_version(self) -> str:
        """Changes with every curation."""

    def version_of(self, statement: Statement) -> str:
        """Changes whenever this statement could give other rows; part of its cache key. Cheap: runs no query."""

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` visible to a query; None for an empty lake."""

    def run(self, statement: Statement) -> Result:
        """Answer one statement.

        Raises
        ------
        LakeMissing
            There is no data to ask.
        QueryFailed
            The engine refused or broke off the statement.
        """


def newest(tables: Set[str], events: datetime | None, bills: datetime | None) -> datetime | None:
    """How new an answer from these tables can be: as new as its events or bills, the older of the two if both.

    Parameters
    ----------
    events : the largest ``received_at``
    bills : when the last bill came in; None where there is none, or the bill is the sample's, which is as new as its
        events
    """
    if bills is None or not tables & BILL_TABLES:
        return events
    if events is None or tables <= BILL_TABLES:
        return bills
    return min(events, bills)


def combine(results: Sequence[Result]) -> Statistics:
    """The statistics of several answers as one line: times, bytes and costs added, the oldest data time kept."""
    answers = [result.statistics for result in results]

    def added(name: str) -> Any:
        """The sum over the answers that know it; None where none does."""
        known = [value for answer in answers if (value := getattr(answer, name)) is not None]
        return sum(known[1:], known[0]) if known else None

    sums = ("elapsed_seconds", "bytes_scanned", "dollars", "queue_seconds", "engine_seconds", "rpu_seconds")
    return Statistics(
        engine=", ".join(dict.fromkeys(answer.engine for answer in answers)),
        **{name: added(name) for name in sums},
        cached=all(answer.cached for answer in answers),
        query_id=answers[0].query_id,
        data_as_of=min((answer.data_as_of for answer in answers if answer.data_as_of is not None), default=None),
        reused=all(answer.reused for answer in answers),
        stale=any(answer.stale for answer in answers),
        renewal_failure=next((answer.renewal_failure for answer in answers if answer.renewal_failure), ""),
        stand_in=next((answer.stand_in for answer in answers if answer.stand_in), ""),
    )
