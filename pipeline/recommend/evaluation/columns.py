"""Which column of a file of interactions is what, and how the file is written: seen by its first line."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from catalogue.errors import SettingsError
from pipeline.importers.layout import WHITESPACE, Layout
from pipeline.importers.opening import open_table

USER, ITEM, RATING, TIMESTAMP = COLUMNS = ("user", "item", "rating", "timestamp")
IGNORED = "-"  # what a column is called in `columns` that means nothing

_NAMES = {  # without case, spaces, signs and a type such as RecBole's ":token"
    USER: {"user", "userid", "uid", "customer", "customerid", "visitor", "visitorid", "reviewerid", "session",
           "sessionid"},
    ITEM: {"item", "itemid", "iid", "product", "productid", "sku", "stockcode", "movie", "movieid", "book", "bookid",
           "isbn", "asin", "article", "articleid", "track", "trackid"},
    RATING: {"rating", "score", "stars", "overall", "preference"},
    TIMESTAMP: {"timestamp", "time", "ts", "at", "date", "datetime", "eventtime", "occurredat", "createdat",
                "invoicedate", "reviewtime", "unixreviewtime"},
}  # fmt: skip
_DELIMITERS = ("::", "\t", ";", "|", ",")
_MILLISECONDS = 100_000_000_000  # a larger number of seconds would be after the year 5000
_YEAR_10000 = 253_402_300_800  # in seconds: what is later is no time
_EARLIEST_UNIX = 100_000_000  # 1973: below, a third number is a rating rather than a time


def layout_of(path: Path, columns: str) -> Layout:
    """How the file is written, by its first line. Raises SettingsError, see `files.read`."""
    whole_lines = Layout(delimiter="\x1f", columns=("line",))
    with open_table(path, whole_lines) as table:
        if table.header != ["line"]:  # a file that names its columns itself, such as Parquet
            return Layout()
        batch = next(iter(table.batches(1)), None)
    if batch is None:
        raise SettingsError("The file has no line", where=str(path), remedy="Download or export it again.")
    line = batch.original(0).decode("utf-8", "replace").removeprefix("\ufeff").splitlines()[0]
    delimiter = next((sign for sign in _DELIMITERS if sign in line), WHITESPACE)
    layout = Layout(delimiter=delimiter)
    first = line.split() if delimiter == WHITESPACE else [value.strip().strip('"') for value in line.split(delimiter)]
    if "=" in columns:
        return layout
    if columns:
        return replace(layout, columns=_ordered(columns, len(first), path))
    if {USER, ITEM} & _recognised(first).keys():
        return layout
    return replace(layout, columns=_guessed(first, path))


def _ordered(columns: str, width: int, path: Path) -> tuple[str, ...]:
    """The columns of a file without a header, as the caller names them in order."""
    names = [name.strip() for name in columns.split(",")]
    known = [name for name in names if name != IGNORED]
    if set(known) - set(COLUMNS) or len(set(known)) != len(known) or not {USER, ITEM} <= set(known):
        what = f"The columns {columns!r} are not user, item, rating, timestamp or {IGNORED}, with user and item"
        raise SettingsError(what, remedy="Write for example --columns user,item,-,timestamp.")
    if len(names) != width:
        what = f"{len(names)} columns are named, and the first line has {width}"
        raise SettingsError(what, where=str(path), remedy=f"Name each column; write {IGNORED} for those without use.")
    return tuple(name if name != IGNORED else f"ignored {place}" for place, name in enumerate(names))


def _guessed(first: list[str], path: Path) -> tuple[str, ...]:
    """The columns of a file without a header, by their number and by whether the third is a time."""
    rest = first[2:]
    remedy = (
        "Name them: --columns user=NAME,item=NAME,timestamp=NAME, or --columns user,item,-,timestamp in their order."
    )
    if len(first) < 2 or len(first) > len(COLUMNS) or not all(is_number(value) or seconds(value) for value in rest):
        raise SettingsError("It cannot be seen which column is what", where=f"{path}:1", remedy=remedy)
    if len(rest) == 1:
        value = seconds(rest[0])
        return (USER, ITEM, TIMESTAMP if value is not None and abs(value) > _EARLIEST_UNIX else RATING)
    return COLUMNS[: len(first)]


def _named(columns: str) -> dict[str, str]:
    """What ``user=CustomerID,item=StockCode`` says."""
    if not columns:
        return {}
    named: dict[str, str] = {}
    for part in columns.split(","):
        kind, _, name = (word.strip() for word in part.partition("="))
        named[kind] = name
        if kind not in COLUMNS or not name:
            what = f"--columns cannot be read at {kind!r}"
            raise SettingsError(what, remedy="Write for example --columns user=CustomerID,item=StockCode.")
    return named


def places_of(header: list[str], columns: str, path: Path) -> dict[str, int]:
    """Where each kind of column is: by its name, or as `columns` says. Raises SettingsError, see `files.read`."""
    places = _recognised(header)
    for kind, name in _named(columns).items():
        if name not in header:
            remedy = f"It has: {', '.join(header)}."
            raise SettingsError(f"The file has no column {name!r}", where=str(path), remedy=remedy)
        places[kind] = header.index(name)
    missing = [kind for kind in (USER, ITEM) if kind not in places]
    if missing:
        remedy = f"Write --columns {','.join(f'{kind}=NAME' for kind in missing)} with one of: {', '.join(header)}."
        raise SettingsError(f"No column is known as the {missing[0]}", where=str(path), remedy=remedy)
    return places


def _recognised(header: list[str]) -> dict[str, int]:
    """The columns whose names are known; empty where user or item is not among them."""
    plain = [re.sub(r"[\W_]", "", name.split(":")[0].lower()) for name in header]
    places = {
        kind: next((place for place, name in enumerate(plain) if name in names), -1) for kind, names in _NAMES.items()
    }
    return {kind: place for kind, place in places.items() if place >= 0}


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return bool(math.isfinite(float(text)))
    except ValueError:
        return False


@lru_cache(maxsize=100_000)
def seconds(text: str) -> int | None:
    """A time as seconds since 1970: a number of seconds or milliseconds, or ISO 8601, in UTC unless it has an offset.

    None where it is neither.
    """
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        return _iso_seconds(text)
    found = number / 1000 if abs(number) > _MILLISECONDS else number
    return int(found) if math.isfinite(number) and abs(found) < _YEAR_10000 else None


def _iso_seconds(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
