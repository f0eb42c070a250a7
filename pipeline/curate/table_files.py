"""The files of the curated tables during one step: those that were, those that stay, and what takes their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from catalogue.parquet import files_of
from catalogue.tables import CURATED_TABLES
from pipeline.curate.parts import free_names
from pipeline.lake import CURATED, Lake
from pipeline.transaction import Transaction


class TableFiles:
    """Files by table and folder, and how a step changes them. A folder holds a month of a partitioned table.

    Parameters
    ----------
    remade : tables of which no file stays

    Attributes
    ----------
    changed : table → files written
    """

    def __init__(self, lake: Lake, change: Transaction, remade: frozenset[str]) -> None:
        self._root = lake.root
        self._change = change
        self._present = {table: files_of(lake.root, table) for table in CURATED_TABLES}
        self._earlier = {table: {} if table in remade else files for table, files in self._present.items()}
        self._rewritten: dict[str, set[Path]] = {}
        self.changed: dict[str, int] = {}

    def by_folder(self, table: str) -> dict[str, list[Path]]:
        """The files whose rows the step begins with, by folder; '' is that of a table without partitions."""
        return self._earlier[table]

    def each(self, table: str) -> Iterator[tuple[str, Path]]:
        """The same one by one, each with its folder."""
        return ((folder, path) for folder, paths in self._earlier[table].items() for path in paths)

    def earlier(self, table: str) -> list[Path]:
        """The same as a list."""
        return [path for _, path in self.each(table)]

    def staying(self, table: str) -> list[tuple[str, Path]]:
        """Those that stay as they are, each with its folder."""
        return [(folder, path) for folder, path in self.each(table) if path not in self._rewritten.get(table, ())]

    def before(self, table: str) -> list[Path]:
        """The files that there were, of a remade table too."""
        return [path for paths in self._present[table].values() for path in paths]

    def has_changed(self, table: str) -> bool:
        """Whether the step writes the table."""
        return table in self._rewritten

    def rewrite(self, table: str, files: Iterable[Path]) -> None:
        """Say whose rows are written again; of a remade table these are all files."""
        self._rewritten[table] = set(files)

    def rewrite_all(self, table: str) -> None:
        """Let no file stay that the table had."""
        self.rewrite(table, self.before(table))

    def publish(self, table: str, written: Iterable[tuple[str, Path]]) -> None:
        """Let files appear in their folders on commit, and those whose rows they hold disappear."""
        taken: dict[str, set[str]] = {}
        for folder, path in self.staying(table):
            taken.setdefault(folder, set()).add(path.name)
        names: dict[str, Iterator[str]] = {}
        count = 0
        for folder, path in written:
            if folder not in names:
                names[folder] = free_names(taken.get(folder, ()))
            self._change.adopt(path, str(PurePosixPath(CURATED, table, folder, next(names[folder]))))
            count += 1
        for path in self._rewritten[table]:
            self._change.remove(str(path.relative_to(self._root)))
        self.changed[table] = count
