"""Where an engine does not give DuckDB's answer, and why. Every entry is a test that must fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """One known difference: an engine, a query, what it shows at (a part of ``lake, edge``), and the reason.

    Of curation on Spark the query is a table, and the edge names a line in `test_curation_on_spark.py`.
    """

    engine: str
    query: str
    edge: str
    reason: str

    def covers(self, engine: str, query: str) -> bool:
        """Whether it is about this query on this engine."""
        return (self.engine, self.query) == (engine, query)

    def shows(self, place: str) -> bool:
        """Whether it shows at what is asked."""
        return self.edge in place


GAPS: tuple[Gap, ...] = (
    Gap(
        "Spark",
        "events",
        "a line with a trailing comma",
        "DuckDB takes JSON with a trailing comma for JSON; the job quarantines it. The collector never writes one.",
    ),
    Gap(
        "Spark",
        "events",
        "a line with a number that is none",
        "DuckDB takes NaN for JSON; the job quarantines it. The collector never writes one.",
    ),
    Gap(
        "Spark",
        "events",
        "a line with an offset",
        "DuckDB drops the offset of an instant that is not written in UTC; the job reads the instant. The collector "
        "writes UTC.",
    ),
)
