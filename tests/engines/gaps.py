"""Where an engine does not give DuckDB's answer, and why. Every entry is a test that must fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """One known difference: an engine, a query, what it shows at (a part of ``lake, edge``), and the reason."""

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


GAPS: tuple[Gap, ...] = ()
