"""TOML files that people write, read into msgspec Structs. Every mistake is reported with its file and line."""

from __future__ import annotations

import re
import tomllib
from abc import ABC
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from enum import EnumType
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import msgspec

from catalogue.errors import SettingsError

Kind = TypeVar("Kind")
Text = Annotated[str, msgspec.Meta(min_length=1)]
WholeNumber = Annotated[int, msgspec.Meta(ge=0)]

_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"(missing required|contains unknown) field `(.+)`")
_PLAIN = {
    "int": "a whole number", "str": "text in quotes", "bool": "true or false", "object": "a table", "array": "a list",
    "date": "a date such as 2026-01-31", " | null": "", "| ": "or ", "`": "",
}  # fmt: skip


if TYPE_CHECKING:
    DecimalText = Decimal
else:

    class DecimalText(ABC):  # noqa: B024 - only so that Decimal can be registered
        """A decimal that is not negative, in quotes in the file; msgspec alone would take a bare 0.1 too."""

    DecimalText.register(Decimal)


class TomlFile:
    """The text of one file and what it says; `name` is what messages call it, such as ``price book``.

    Raises SettingsError where the text is no TOML; names the line.
    """

    def __init__(self, text: str, where: str, *, name: str) -> None:
        self._where = where
        self._lines = text.split("\n")
        try:
            self.content: dict[str, Any] = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # TOMLDecodeError is one, a number of 5,000 digits another
            line = re.search(r"at line (\d+)", str(error))
            at = line[1] if line else len(self._lines) if isinstance(error, tomllib.TOMLDecodeError) else ""
            raise SettingsError(
                f"The {name} is not TOML and cannot be read: {error}",
                where=f"{where}:{at}".rstrip(":"),
                remedy="Correct that line.",
            ) from error

    def mistake(self, place: Sequence[str | int], what: str, remedy: str) -> SettingsError:
        """An error about the value at a place, such as ``("rule", 2, "share")``; names the line."""
        return SettingsError(what, where=f"{self._where}:{self.line(place)}", remedy=remedy)

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a key, or of its table where the file does not have the key."""
        best, longest = 1, 0
        table: tuple[str | int, ...] = ()
        counts: dict[str, int] = {}
        for number, text in enumerate(self._lines, start=1):
            if header := _HEADER.match(text):
                table = tuple(part.strip().strip("\"'") for part in header[2].split("."))
                if header[1] == "[[":
                    name = str(table[0])
                    table, counts[name] = (name, counts.get(name, 0)), counts.get(name, 0) + 1
                here = table
            elif key := _KEY.match(text):
                here = (*table, key[1] or key[2] or key[3] or "")
            else:
                continue
            if len(here) > longest and here == tuple(place)[: len(here)]:
                best, longest = number, len(here)
        return best

    def tables(self, name: str) -> list[str]:
        """The names of the tables ``[name.…]``; raises SettingsError where the name is something else."""
        tables = self.content.get(name, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise self.mistake((name,), f"{name} is no table of tables", f"Write [{name}.…] and its settings below.")
        return list(tables)

    def table_list(self, name: str) -> list[dict[str, Any]]:
        """The tables below ``[[name]]``; raises SettingsError where the name is something else."""
        tables = self.content.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.mistake((name,), f"{name} is no list of tables", f"Write [[{name}]] above each.")
        return tables

    def convert(self, kind: type[Kind], place: Sequence[str | int] = ()) -> Kind:
        """The value at a place, as a Struct.

        Raises
        ------
        SettingsError
            A setting is missing, unknown, or of another kind; names the line and what to write.
        """
        value = self.content
        for step in place:
            value = value[step]  # type: ignore[index]
        try:
            return msgspec.convert(value, kind, dec_hook=_decimal)
        except msgspec.ValidationError as error:
            raise self._explained(kind, place, str(error)) from error

    def _explained(self, kind: type, place: Sequence[str | int], message: str) -> SettingsError:
        reason, _, path = message.partition(" - at `$")
        steps = [name or int(number) for name, number in _STEP.findall(path.rstrip("`")) if name or number]
        at = [*place, *steps]
        value: Any = self.content
        for step in at:
            value = value[step]
        wanted: Any = kind
        for step in steps:
            wanted = _fields(wanted)[step] if isinstance(step, str) else get_args(wanted)[0]
        if field := _FIELD.search(reason):
            at.append(field[2])
            what = f"{_name(at)} is missing" if "missing" in field[1] else f"There is no setting {_name(at)}"
            return self.mistake(at, what, f"Settings: {', '.join(_fields(wanted))}.")
        if reason.startswith("Invalid enum value"):
            options = wanted if isinstance(wanted, EnumType) else get_args(wanted)
            reason = f"one of {', '.join(str(option) for option in options)}"
        expected = reason.removeprefix("Expected ").partition(", got")[0]
        for word, plain in _PLAIN.items():
            expected = expected.replace(word, plain)
        return self.mistake(at, f"{_name(at)} is {value!r}", f"Write {expected}.")


def read_toml(path: Path, *, name: str) -> TomlFile:
    """Read a file; raises SettingsError where there is none, or it is not UTF-8 text in TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The {name} cannot be read: {error}", where=str(path), remedy="Correct the file, or name another."
        ) from error
    return TomlFile(text, str(path), name=name)


def _decimal(kind: type, value: object) -> object:
    if kind is not DecimalText:
        raise NotImplementedError(kind)
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ValueError('a decimal in quotes, such as "0.0125"')
    return number


def _fields(kind: Any) -> dict[str, Any]:
    """The fields of a Struct, or of one that may be missing, such as ``Domain | None``."""
    options = (kind, *get_args(kind))
    struct = next(option for option in options if isinstance(option, type) and issubclass(option, msgspec.Struct))
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _name(place: Sequence[str | int]) -> str:
    """``tier.dev.shards``; the number of a table in a list is left out: the line says which."""
    return ".".join(step for step in place if isinstance(step, str))
