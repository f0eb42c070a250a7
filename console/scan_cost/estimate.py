"""Bytes that a statement scans in a full lake, and what Athena bills for them.

A table of the full lake has one file or more per day, as full as the day that was measured;
`console.scan_cost.files` says how much of a file is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from catalogue.binding import Statement
from catalogue.tables import TABLES
from console.asking.engines.prices import LEAST_BYTES, TERABYTE
from console.scan_cost.conditions import Bounds
from console.scan_cost.density import INSTANT, Density, day_columns
from console.scan_cost.files import RowGroup, TableFile
from console.scan_cost.scans import TableScan, scans

MEGABYTE = 1_000_000
LIMIT_BYTES = 50 * MEGABYTE  # of one page view


@dataclass(frozen=True)
class StatementCost:
    """One statement: its query, and the bytes of every table it reads."""

    query: str
    by_table: Mapping[str, int]

    @property
    def scanned(self) -> int:
        """Bytes read."""
        return sum(self.by_table.values())

    @property
    def billed(self) -> int:
        """Bytes billed: rounded up to the megabyte, at least ten."""
        return max(LEAST_BYTES, -(-self.scanned // MEGABYTE) * MEGABYTE)


@dataclass(frozen=True)
class PageCost:
    """One view of a page: every statement it asks, each once."""

    statements: Sequence[StatementCost]

    @property
    def scanned(self) -> int:
        """Bytes read."""
        return sum(statement.scanned for statement in self.statements)

    @property
    def billed(self) -> int:
        """Bytes billed."""
        return sum(statement.billed for statement in self.statements)

    @property
    def is_within_limit(self) -> bool:
        """Whether no more is read than a page may."""
        return self.scanned <= LIMIT_BYTES


def dollars(scanned: int, per_terabyte: Decimal) -> Decimal:
    """What bytes cost."""
    return scanned * per_terabyte / TERABYTE


@dataclass(frozen=True)
class FullLake:
    """A lake of so many days, each as full as its densities say.

    Attributes
    ----------
    last_day : the last day that has events
    days : how many days there are
    scale : events of one of its days ÷ events of the sample that was measured
    """

    densities: Mapping[str, Density]
    last_day: date
    days: int
    scale: float = 1.0
    _files: dict[str, list[TableFile]] = field(default_factory=dict, repr=False)

    @classmethod
    def of_files(cls, files: Mapping[str, list[TableFile]]) -> FullLake:
        """A lake whose files are these, and no others."""
        return cls({}, date.min, 0, _files=dict(files))

    def cost(self, statement: Statement) -> StatementCost:
        """What one statement scans."""
        by_table: dict[str, int] = {}
        for scan in scans(statement.sql, statement.dialect):
            by_table[scan.table] = by_table.get(scan.table, 0) + self.scanned(scan)
        return StatementCost(statement.query, by_table)

    def scanned(self, scan: TableScan) -> int:
        """Bytes that one scan of a table reads."""
        if scan.table not in self._files:
            self._files[scan.table] = list(self._files_of(scan.table))
        return round(sum(file.read(scan) for file in self._files[scan.table]))

    def _files_of(self, table: str) -> Iterator[TableFile]:
        density, days = self.densities[table], day_columns(table)
        if not density.rows:
            return
        if not days:
            whole = self.scale * self.days
            rows = density.rows * whole**density.growth
            yield density.file_of(_groups(rows, density.row_group))
            return
        definition = TABLES[table]
        is_monthly = days[0].endswith("_month") and definition.partition is None
        kept_days = self.days if definition.days is None else min(self.days, definition.days)
        calendar = [self.last_day - timedelta(days=back) for back in range(kept_days - 1, -1, -1)]
        units = (
            [list(dates) for _, dates in groupby(calendar, key=_month)] if is_monthly else [[day] for day in calendar]
        )
        sizes = [self._rows(density, len(unit)) for unit in units]
        counted = list(zip(units, sizes, strict=True))
        if definition.partition is None:
            files = [counted]
        elif definition.partition.endswith("_month"):
            files = [list(month) for _, month in groupby(counted, key=lambda unit: _month(unit[0][0]))]
        else:
            files = [[unit] for unit in counted]
        for file in files:
            yield self._file(table, density, file)

    def _rows(self, density: Density, days: int) -> float:
        """Rows of some days; a month holds the same keys again, and never more than there are."""
        rows = density.rows * self.scale
        return rows if days == 1 else min(rows * days**density.growth, density.most)

    def _file(self, table: str, density: Density, units: Sequence[tuple[Sequence[date], float]]) -> TableFile:
        """A file of some days, one behind the other where it is sorted by day."""
        definition = TABLES[table]
        rows = sum(size for _, size in units)
        partition = definition.partition
        fixed = {} if partition is None else {partition: _bounds(units[0][0], partition, definition.columns[partition])}
        leading = definition.sort[0]
        if len(units) == 1:
            share = rows / density.rows
            groups = [RowGroup(group.rows * share, {**fixed, **group.bounds}) for group in density.row_groups]
        elif leading in day_columns(table):
            groups = list(_sorted_groups(units, density.row_group, leading, definition.columns[leading], fixed))
        else:
            groups = _groups(rows, density.row_group, fixed)
        return density.file_of(groups)


def page_cost(lake: FullLake, statements: Iterable[Statement]) -> PageCost:
    """What one view of a page scans; what it asks twice is answered from the cache."""
    once = {statement.sql: statement for statement in statements}
    return PageCost([lake.cost(statement) for statement in once.values()])


def _groups(rows: float, row_group: int, bounds: Bounds | None = None) -> list[RowGroup]:
    """A file's row groups where every one holds all days."""
    whole = int(rows // row_group)
    sizes = [float(row_group)] * whole + ([rows - whole * row_group] if rows > whole * row_group else [])
    return [RowGroup(size, bounds or {}) for size in sizes]


def _sorted_groups(
    units: Sequence[tuple[Sequence[date], float]], row_group: int, leading: str, kind: str, fixed: Mapping[str, object]
) -> Iterator[RowGroup]:
    """Row groups of a file that is sorted by day."""
    ends, total = [], 0.0
    for unit, size in units:
        total += size
        ends.append((total, unit))
    begin = 0.0
    while begin < total:
        end = min(begin + row_group, total)
        inside = [
            unit for (upto, unit), (_, size) in zip(ends, units, strict=True) if upto > begin and upto - size < end
        ]
        days = [inside[0][0], inside[-1][-1]]
        yield RowGroup(end - begin, {**fixed, leading: _bounds(days, leading, kind)})  # type: ignore[dict-item]
        begin = end


def _month(day: date) -> date:
    return day.replace(day=1)


def _bounds(days: Sequence[date], column: str, kind: str) -> tuple[object, object]:
    """The smallest and largest value of a column that says which day it is."""
    first, last = days[0], days[-1]
    if column.endswith("_month"):
        first, last = _month(first), _month(last)
    if kind == INSTANT:
        from datetime import datetime, time

        return datetime.combine(first, time()), datetime.combine(last, time.max)
    return first, last
