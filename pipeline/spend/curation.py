"""Charges: raw bills → the rows of `spend`, bill by bill.

New and missing raw files name the provider and period whose charges can change: these are read again
from the best source there is (`pipeline.spend.bills`), and replace the curated ones. Rows are streamed
from file to file: a year of charges does not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.tables import CURATION_RELATIONS
from pipeline.lake import RAW_SPEND, Lake
from pipeline.raw.files import unreadable_file
from pipeline.spend.bills import provider_key
from pipeline.spend.changes import BillRows, BillsByFile, source_of, spend_change
from pipeline.spend.focus_columns import columns_of

if TYPE_CHECKING:
    import duckdb

    from pipeline.curate.store import DuckDbStore

__all__ = ["RAW_KEYS", "BillsByFile", "SpendStep", "curated_bills", "missing_files", "raw_select"]

# which bill a curated row belongs to; without the source, because a bill replaces one of another source
_KEY = "concat(coalesce(provider_name, ''), '|', coalesce(cast(cast(billing_period_start as date) as varchar), ''))"
_PERIOD = "coalesce(cast(cast(billing_period_start as date) as varchar), '')"
RAW_KEYS = f"source, coalesce(provider_name, ''), coalesce(billing_account_id, ''), {_PERIOD}"  # what names a bill


def curated_bills(lake: Lake) -> dict[str, list[BillRows]]:
    """The bills of every raw file that is curated."""
    return {name: [BillRows(*part) for part in parts] for name, parts in lake.state().get("bills", {}).items()}


def missing_files(lake: Lake, raw_root: Path) -> list[str]:
    """Raw files whose charges are curated and which are no longer there."""
    present = set(Lake(raw_root, lake.settings).raw_files(RAW_SPEND))
    return sorted(set(curated_bills(lake)) - present)


class SpendStep:
    """Brings `spend` up to date with new and missing raw files.

    Parameters
    ----------
    known : the bills of the raw files curated so far
    new, missing : names of raw files below `raw_root`
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        store: DuckDbStore,
        raw_root: Path,
        *,
        known: BillsByFile,
        new: Sequence[str],
        missing: Sequence[str],
    ) -> None:
        self._connection = connection
        self._store = store
        self._root = raw_root
        self._known = known
        self._new = new
        self._missing = missing

    def run(self, sql: str) -> dict[str, list[BillRows]]:
        """Replace the charges that can have changed; returns the bills of every raw file.

        Parameters
        ----------
        sql : makes the rows of `spend` from `raw_spend`

        Raises
        ------
        CurationError
            A raw file is no Parquet file, or a column holds what it may not; names the file.
        """
        with self._translate_errors(self._new):
            found = self._parts()
        files, changed, wanted = spend_change(self._known, found, self._missing)
        if not changed:
            return files
        with self._translate_errors(list(wanted)):
            self._view(wanted, files)
            self._store.replace(
                "spend", rows=sql, key=_KEY, units=self._replaced(changed), instant="charge_period_start"
            )
        return files

    def _parts(self) -> dict[str, list[BillRows]]:
        """The bills in the new files."""
        if not self._new:
            return {}
        rows = self._connection.execute(
            f"select filename, {RAW_KEYS}, count(*) from ({raw_select(self._paths(self._new), name=True)})"
            " group by all order by all"
        ).fetchall()
        by_path = {str(self._root / name): name for name in self._new}
        parts: dict[str, list[BillRows]] = {name: [] for name in self._new}
        for path, source, *rest in rows:
            name = by_path[path]
            parts[name].append(BillRows(source or source_of(name), *rest))
        return parts

    def _view(self, wanted: Mapping[str, Sequence[BillRows]], files: BillsByFile) -> None:
        """`raw_spend`: the rows that count, of all files that hold any."""
        selects = []
        whole = [name for name, parts in wanted.items() if len(parts) == len(files[name])]
        by_source: dict[str, list[str]] = {}
        for name in whole:
            by_source.setdefault(source_of(name), []).append(name)
        for source, names in sorted(by_source.items()):
            selects.append(raw_select(self._paths(names), source=source))
        for name in sorted(set(wanted).difference(whole)):
            rows = ", ".join(
                "(" + ", ".join(_text(value) for value in (part.written, part.account, part.period)) + ")"
                for part in wanted[name]
            )
            selects.append(
                f"select * from ({raw_select(self._paths([name]), source=source_of(name))}) where"
                f" (coalesce(provider_name, ''), coalesce(billing_account_id, ''), {_PERIOD}) in ({rows})"
            )
        union = " union all ".join(f"({select})" for select in selects or [raw_select([])])
        self._connection.execute(f"create or replace view raw_spend as {union}")

    def _replaced(self, changed: Set[tuple[str, str]]) -> str:
        """A select of the keys of the curated rows that are replaced."""
        rows = self._connection.execute(
            f"select distinct coalesce(provider_name, ''), {_PERIOD}, {_KEY} from ({self._store.select('spend')})"
        ).fetchall()
        keys = sorted(key for name, period, key in rows if (provider_key(name), period) in changed)
        listed = ", ".join(f"({_text(key)})" for key in keys) or "(null)"
        self._connection.execute(
            f"create or replace table replaced_bills as select * from (values {listed}) as t(key) where key is not null"
        )
        return "select key from replaced_bills"

    def _paths(self, names: Iterable[str]) -> list[Path]:
        return [self._root / name for name in names]

    @contextmanager
    def _translate_errors(self, names: Sequence[str]) -> Iterator[None]:
        """Raise what DuckDB says of a raw file as a CurationError that names the file."""
        import duckdb

        try:
            yield
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
            paths = self._paths(names)
            named = next((path for path in paths if str(path) in str(error)), None)
            if named is None and isinstance(error, duckdb.IOException):
                raise  # the disk's error, not a file's: the curation names it
            raise unreadable_file(named or self._root / RAW_SPEND, str(error)) from error


def raw_select(files: Sequence[Path], *, source: str | None = None, name: bool = False) -> str:
    """A select of charge rows from raw files, whose column names are the specification's or a provider's own.

    Parameters
    ----------
    source : of rows that name none
    name : with the file's path, as `filename`
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        selects = [_select_of_shape(connection, alike, source, name=name) for alike in _by_shape(connection, files)]
    return " union all ".join(selects)


def _by_shape(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> list[list[str]]:
    """Files whose columns have the same types: read at once, a decimal beside a double would become a double."""
    if not files:
        return [[]]
    listed = ", ".join(_text(str(path)) for path in files)
    shapes = connection.execute(
        "select list(file_name order by file_name) from (select file_name,"
        " string_agg(concat_ws(' ', name, duckdb_type), ', ' order by column_id) as shape"
        f" from parquet_schema([{listed}]) group by file_name) group by shape order by 1"
    ).fetchall()
    return [names for (names,) in shapes]


def _select_of_shape(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], source: str | None, *, name: bool
) -> str:
    kinds = {
        column: kind.replace("timestamp(6)", "timestamp") for column, kind in CURATION_RELATIONS["raw_spend"].items()
    }
    present: dict[str, str] = {}
    place = "(select 1 where false)"
    if files:
        listed = ", ".join(map(_text, files))
        place = f"read_parquet([{listed}], hive_partitioning=false{', filename=true' if name else ''})"
        present = dict(row[:2] for row in connection.execute(f"describe select * from {place}").fetchall())
    given = {
        column: [f"cast({_value(written, present[written])} as {kinds[column]})" for written in names]
        for column, names in columns_of(present).items()
    }
    if source is not None:
        given["source"].append(_text(source))
    chosen = ", ".join(f"cast({_first(given[column])} as {kind}) as {column}" for column, kind in kinds.items())
    return f"select {chosen}{', filename' if name and files else ''} from {place}"


def _value(column: str, kind: str) -> str:
    """A column of a file; a map, as providers export tags, as JSON."""
    quoted = column.replace('"', '""')
    return f'to_json("{quoted}")' if kind.startswith("MAP(") else f'"{quoted}"'


def _first(values: Sequence[str]) -> str:
    """The first of these that is not null."""
    return f"coalesce({', '.join(values)})" if values else "null"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
