"""An engine that keeps what it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Lock

from catalogue.binding import Statement
from console.asking.engines import Result, SqlEngine


@dataclass
class Recording:
    """Answers as the engine behind it, and keeps every statement it is given. Fills the `SqlEngine` port.

    Attributes
    ----------
    first_day : the day on which the data is said to begin, so that comparisons with days before are asked for
    """

    engine: SqlEngine
    first_day: date | None = None
    statements: list[Statement] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def dialect(self) -> str:
        """As the engine behind says."""
        return self.engine.dialect

    @property
    def data_version(self) -> str:
        """As the engine behind says."""
        return self.engine.data_version

    @property
    def data_as_of(self) -> datetime | None:
        """As the engine behind says."""
        return self.engine.data_as_of

    def version_of(self, statement: Statement) -> str:
        """As the engine behind says."""
        return self.engine.version_of(statement)

    def run(self, statement: Statement) -> Result:
        """Answer, and keep the statement."""
        with self._lock:
            self.statements.append(statement)
        return self._begun_earlier(self.engine.run(statement))

    def _begun_earlier(self, result: Result) -> Result:
        import pyarrow as pa

        place = result.table.schema.get_field_index("first_day")
        if self.first_day is None or place < 0:
            return result
        days = pa.array([self.first_day] * result.table.num_rows, pa.date32())
        return replace(result, table=result.table.set_column(place, "first_day", days))
