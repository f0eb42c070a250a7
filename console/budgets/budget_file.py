"""Budgets in ``budgets.toml`` in the lake folder: read with the line of every mistake, written all or nothing.

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
other, and whoever says which `version` was seen is refused where somebody else has changed the file since.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from catalogue.errors import SettingsError, SourceError
from console.budgets.budgets import THRESHOLDS, Budget, BudgetScope, Kind, LeftOut
from console.finops.charges import Basis

FILE = "budgets.toml"
BEFORE = "budgets.before.toml"

_HEAD = "# Budgets of this lake, per month. The Budgets page writes this file; it can be edited by hand too.\n"
_KEYS = frozenset({"name", "amount", "currency", "basis", "thresholds", "months", "service", "account", "tag"})
_SCOPES = (Kind.SERVICE, Kind.ACCOUNT, Kind.TAG)


class BudgetFile:
    """The budgets of one lake folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._before = folder / BEFORE

    @property
    def left_out(self) -> Sequence[LeftOut]:
        """Nothing: a file has no other budgets."""
        return ()

    @property
    def version(self) -> str:
        """Another one whenever the file is; raises as `budgets`."""
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
        """Replace the file; comments of the old one stand in the copy that `undo` brings back.

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
            self._replace(self._content(), write(budgets).encode())

    def undo(self, *, seen: str | None = None) -> None:
        """Take the last change back; undoing twice does it again. Nothing where there was none. Raises as `save`."""
        with self._writing(seen):
            if self.can_undo:
                self._replace(self._content(), self._before.read_bytes())

    def _content(self) -> bytes:
        """What stands in the file; nothing where there is none."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> SourceError:
        return SourceError(
            f"{FILE} cannot be read: {error}", where=str(self._path), remedy="Mend the file, or remove it."
        )

    @contextmanager
    def _writing(self, seen: str | None) -> Iterator[None]:
        """Hold the folder against other writers of this file, where it still is what was seen."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # let go when the folder is closed
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
        aside = self._path.with_name(f".{FILE}.{uuid4().hex}")
        try:
            for path, content in ((self._before, old), (self._path, new)):
                with aside.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise self._unwritable(error) from error


def read(text: str, where: str = FILE) -> list[Budget]:
    """The budgets of a file's text; raises SettingsError with the line and the remedy."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is one, a number of 5,000 digits another
        at = ""
        if isinstance(error, tomllib.TOMLDecodeError):
            found = re.search(r"at line (\d+)", str(error))
            at = f":{found[1] if found else text.count(chr(10)) + 1}"
        raise SettingsError(f"The file is no TOML: {error}", where=f"{where}{at}", remedy="Mend it there.") from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*budget\s*\]\]", line)]
    unknown = sorted(set(content) - {"budget"})
    entries = content.get("budget", [])
    if unknown or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(
            f"{unknown[0] if unknown else 'budget'} does not belong at the top of the file",
            where=f"{where}:{_line_of(text, unknown[0] if unknown else 'budget')}",
            remedy="Begin each budget with a line [[budget]].",
        )
    budgets: list[Budget] = []
    for place, entry in enumerate(entries):
        line = lines[place] if place < len(lines) else 1
        try:
            budgets.append(_budget(entry))
        except _MistakeError as error:
            inside = _line_of(text, error.key, line)
            raise SettingsError(error.what, where=f"{where}:{inside}", remedy=error.remedy) from error
        except SettingsError as error:
            raise SettingsError(error.what, where=f"{where}:{line}", remedy=error.remedy) from error
    _refuse_doubles(budgets, where)
    return budgets


def write(budgets: Sequence[Budget]) -> str:
    """The text of a file with these budgets; `read` gives them back."""
    parts = [_HEAD]
    for each in budgets:
        lines = ["", "[[budget]]", f"name = {_quoted(each.name)}"]
        if each.scope.kind is not Kind.ALL:
            lines.append(f"{each.scope.kind.value} = {_quoted(each.scope.value)}")
        lines += [
            f'amount = "{each.amount:f}"',
            f'currency = "{each.currency}"',
            f'basis = "{each.basis.value}"',
            f"thresholds = {list(each.thresholds)}",
        ]
        if each.months:
            pairs = ", ".join(f'"{month:%Y-%m}" = "{amount:f}"' for month, amount in sorted(each.months.items()))
            lines.append(f"months = {{ {pairs} }}")
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


class _MistakeError(Exception):
    """What is wrong with one key of a budget."""

    def __init__(self, key: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.key, self.what, self.remedy = key, what, remedy


def _budget(entry: Mapping[str, Any]) -> Budget:
    for key in entry:
        if key not in _KEYS:
            raise _MistakeError(key, f"A budget has no {key}", f"Keys: {', '.join(sorted(_KEYS))}.")
    for key in ("name", "amount", "currency"):
        if key not in entry:
            raise _MistakeError("", f"A budget without {key}", f"Add a line {key} = ….")
    scopes = [kind for kind in _SCOPES if kind.value in entry]
    if len(scopes) > 1:
        raise _MistakeError(
            scopes[1].value, "A budget is for one service, one account or one tag", "Keep one of these lines."
        )
    scope = BudgetScope(scopes[0], _text(entry, scopes[0].value)) if scopes else BudgetScope()
    thresholds = entry.get("thresholds", list(THRESHOLDS))
    if not isinstance(thresholds, list) or not all(type(each) is int for each in thresholds):
        raise _MistakeError("thresholds", "Thresholds are no list of whole numbers", "Write them as [80, 100, 120].")
    try:
        basis = Basis(entry.get("basis", Basis.BILLED.value))
    except ValueError as error:
        known = ", ".join(Basis)
        raise _MistakeError("basis", f"There is no basis {entry['basis']!r}", f"Use one of {known}.") from error
    return Budget(
        name=_text(entry, "name"),
        amount=_amount("amount", entry["amount"]),
        currency=_text(entry, "currency"),
        scope=scope,
        basis=basis,
        thresholds=tuple(thresholds),
        months=_months(entry.get("months", {})),
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise _MistakeError(key, f"{key} is {value!r}", "Write it in quotes.")
    return value


def _amount(key: str, value: Any) -> Decimal:
    """An amount in quotes or a whole number: a bare 12.34 would pass through a float."""
    if isinstance(value, str) or type(value) is int:
        with suppress(InvalidOperation):
            return Decimal(value)
    raise _MistakeError(key, f"{value!r} is no amount", 'Write it in quotes: "300.00".')


def _months(value: Any) -> dict[date, Decimal]:
    if not isinstance(value, dict):
        raise _MistakeError("months", "months is no table of amounts", 'Write it as { "2026-11" = "360.00" }.')
    months = {}
    for key, amount in value.items():
        try:
            months[date.fromisoformat(f"{key}-01")] = _amount("months", amount)
        except ValueError as error:
            raise _MistakeError("months", f"{key!r} is no month", "Write it as 2026-11.") from error
    return months


def _refuse_doubles(budgets: Sequence[Budget], where: str) -> None:
    names = [each.name for each in budgets]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise SettingsError(f"Two budgets are named {doubled!r}", where=where, remedy="Rename one of them.")


def _line_of(text: str, key: str, start: int = 1) -> int:
    """The first line from `start` on that begins with the key; `start` where there is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if number >= start and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*[=.\]]", line):
            return number
    return start


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are a part of it, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
