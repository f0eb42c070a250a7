"""Budgets in ``budgets.toml`` in the lake folder.

Every mistake is reported with its line. A change is written as a whole or not at all, and touches the text of the
changed budget only: comments and layout stay.

::

    [[budget]]
    name = "Whole bill"
    amount = "300.00"                  # per month
    currency = "USD"
    basis = "billed"                   # or effective, list, contracted
    thresholds = [80, 100, 120]        # percent
    months = { "2026-11" = "360.00" }  # other amounts for single months

    [[budget]]
    name = "Athena"
    service = "Amazon Athena"          # or account = "…", or tag = "component=console"
    amount = "25.00"
    currency = "USD"

The file as it was before the last change is kept beside it, so that the change can be undone. Writers wait for each
other; a writer that passes the `version` it read is refused where somebody else has changed the file since.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from catalogue.errors import SettingsError, SourceError
from catalogue.files import atomic_write
from console.budgets.budgets import THRESHOLDS, Budget, BudgetLeftOut, BudgetScope, Kind
from console.finops.charges import Basis
from console.finops.toml_files import TomlFile

FILE = "budgets.toml"
BEFORE = "budgets.before.toml"

_HEAD = "# Budgets of this lake, per month. The Budgets page writes this file; it can be edited by hand too.\n"
# a budget's heading with the comments right above it, which are about this budget
_SECTION = re.compile(r"""^(?:[ \t]*#.*\n)*[ \t]*\[\[[ \t]*["']?budget["']?[ \t]*\]\]""", re.MULTILINE)


class BudgetFile:
    """The budgets of one lake folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._before = folder / BEFORE

    @property
    def left_out(self) -> Sequence[BudgetLeftOut]:
        """Nothing: a file has no other budgets."""
        return ()

    @property
    def version(self) -> str:
        """The hash of the file's bytes: another one after every change. Raises as `budgets`."""
        return sha256(self._content()).hexdigest()

    @property
    def can_undo(self) -> bool:
        """Whether the file as it was before the last change is kept."""
        return self._before.exists()

    def budgets(self) -> Sequence[Budget]:
        """Every budget in the order of the file; none where there is no file. Raises as `BudgetSource.budgets`."""
        try:
            text = self._content().decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._unreadable(error) from error
        return read(text, str(self._path))

    def save(self, budgets: Sequence[Budget], *, seen: str | None = None) -> None:
        """Write these budgets into the file; a budget that is unchanged keeps its text and comments to the last byte.

        Parameters
        ----------
        seen : the `version` that `budgets` were made from; None replaces any

        Raises
        ------
        SettingsError
            Two budgets have the same name, or somebody else has changed the file since it was `seen`.
        SourceError
            The folder cannot be written.
        """
        _refuse_doubles(budgets, str(self._path))
        with self._writing(seen):
            old = self._content()
            self._replace(old, write(budgets, old.decode("utf-8", errors="replace")).encode())

    def undo(self, *, seen: str | None = None) -> None:
        """Take the last change back, if there was one; undoing twice does it again. Raises as `save`."""
        with self._writing(seen):
            if self.can_undo:
                self._replace(self._content(), self._before.read_bytes())

    def _content(self) -> bytes:
        """The bytes of the file; none where there is no file."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> SourceError:
        return SourceError(
            f"{FILE} cannot be read: {error}", where=str(self._path), remedy="Correct the file, or remove it."
        )

    @contextmanager
    def _writing(self, seen: str | None) -> Iterator[None]:
        """Lock the file against other writers; refuse where it is no longer the version that was seen."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # released when the folder is closed
            if seen is not None and seen != self.version:
                raise SettingsError(
                    "Somebody else has changed the budgets meanwhile",
                    where=str(self._path),
                    remedy="Look at them as they are now, then change them again.",
                )
            yield
        finally:
            os.close(folder)

    def _unwritable(self, error: OSError) -> SourceError:
        return SourceError(
            f"{FILE} cannot be written: {error.strerror}",
            where=str(self._path),
            remedy="Make the lake folder writable.",
        )

    def _replace(self, old: bytes, new: bytes) -> None:
        try:
            atomic_write(self._before, old)
            atomic_write(self._path, new)
        except OSError as error:
            raise self._unwritable(error) from error


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A table ``[[budget]]``, as the file has it."""

    name: str
    amount: Any  # see `_amount`
    currency: str
    service: str | None = None
    account: str | None = None
    tag: str | None = None
    basis: Basis = Basis.BILLED
    thresholds: tuple[int, ...] = THRESHOLDS
    months: dict[str, Any] = {}


def read(text: str, where: str = FILE) -> list[Budget]:
    """The budgets of a file's text; raises SettingsError with the line and the remedy."""
    file = TomlFile(text, where, name="file of budgets")
    unknown = next((name for name in file.content if name != "budget"), None)
    if unknown is not None:
        raise file.mistake(
            (unknown,), f"{unknown} does not belong at the top of the file", "Begin each budget with a line [[budget]]."
        )
    budgets = [_budget(file, number) for number in range(len(file.table_list("budget")))]
    _refuse_doubles(budgets, where)
    return budgets


def _budget(file: TomlFile, number: int) -> Budget:
    place = ("budget", number)
    entry = file.convert(_Entry, place)
    scopes = [kind for kind in Kind if getattr(entry, kind.value, None) is not None]
    if len(scopes) > 1:
        raise file.mistake(
            (*place, scopes[1].value),
            "A budget is for one service, one account or one tag",
            "Keep one of these lines.",
        )
    months = {}
    for month, amount in entry.months.items():
        try:
            day = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise file.mistake((*place, "months", month), f"{month!r} is no month", "Write it as 2026-11.") from error
        months[day] = _amount(file, (*place, "months", month), amount)
    amount = _amount(file, (*place, "amount"), entry.amount)
    scope = BudgetScope(scopes[0], getattr(entry, scopes[0].value)) if scopes else BudgetScope()
    try:
        return Budget(entry.name, amount, entry.currency, scope, entry.basis, entry.thresholds, months)
    except SettingsError as error:
        raise file.mistake(place, error.what, error.remedy) from error


def _amount(file: TomlFile, place: Sequence[str | int], written: object) -> Decimal:
    """An amount in quotes or a whole number: a bare 12.34 would pass through a binary number."""
    if isinstance(written, str) or type(written) is int:
        with suppress(InvalidOperation):
            return Decimal(written)
    raise file.mistake(place, f"{written!r} is no amount", 'Write it in quotes: "300.00".')


def write(budgets: Sequence[Budget], before: str = "") -> str:
    """The text of a file with these budgets; `read` gives them back.

    Parameters
    ----------
    before : the text of the file as it was. A budget that is in it unchanged keeps its text to the last byte, one that
        has changed keeps its comments and the order of its keys
    """
    starts = [found.start() for found in _SECTION.finditer(before)]
    sections = [before[start:end] for start, end in pairwise([*starts, len(before)])]
    try:
        old = {budget.name: (budget, section) for budget, section in zip(read(before), sections, strict=True)}
        text = _edited(before[: starts[0]] if starts else before or _HEAD, old, budgets)
        if read(text) == list(budgets):
            return text
    except (SettingsError, ValueError):  # a file that is no TOML, or that lists its budgets in another form
        pass
    return _edited(_HEAD, {}, budgets)


def _edited(head: str, old: Mapping[str, tuple[Budget, str]], budgets: Sequence[Budget]) -> str:
    """The head of a file and the text of each budget, made from that of the `old` one of its name."""
    gone = old.keys() - {budget.name for budget in budgets}
    is_renamed = len(gone) == 1 and len(old) == len(budgets)
    text = head
    for budget in budgets:
        name = budget.name if budget.name in old or not is_renamed else next(iter(gone))
        section = _section(budget, *old[name]) if name in old else "\n" + _section(budget, None, "[[budget]]\n")
        text += ("" if not text or text.endswith("\n") else "\n") + section
    last_is_gone = bool(old) and list(old)[-1] in gone
    return text.rstrip("\n") + "\n" if last_is_gone else text  # without the blank line that was above the last one


def _section(budget: Budget, old: Budget | None, text: str) -> str:
    """The text of one budget: that of the `old` one with what has changed."""
    import tomlkit

    if budget == old:
        return text
    lines = text.split("\n")
    end = len(lines)
    while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):  # a new key goes before them
        end -= 1
    document: Any = tomlkit.parse("\n".join(lines[:end]) + "\n")
    table = document["budget"][0]
    values, before = _values(budget), _values(old) if old else {}
    for key in before.keys() - values.keys():
        del table[key]
    for key, value in values.items():
        if value != before.get(key):
            table[key] = value
    return tomlkit.dumps(document) + "\n".join(lines[end:])


def _values(budget: Budget) -> dict[str, Any]:
    """The keys of a budget with their values, as a file has them."""
    import tomlkit

    scope = {} if budget.scope.kind is Kind.ALL else {budget.scope.kind.value: budget.scope.value}
    months = tomlkit.inline_table()
    months.update({f"{month:%Y-%m}": f"{amount:f}" for month, amount in sorted(budget.months.items())})
    return {
        "name": budget.name,
        **scope,
        "amount": f"{budget.amount:f}",
        "currency": budget.currency,
        "basis": budget.basis.value,
        "thresholds": list(budget.thresholds),
        **({"months": months} if months else {}),
    }


def _refuse_doubles(budgets: Sequence[Budget], where: str) -> None:
    names = [budget.name for budget in budgets]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise SettingsError(f"Two budgets are named {doubled!r}", where=where, remedy="Rename one of them.")
