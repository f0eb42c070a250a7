"""How a file that carries no description of itself is laid out."""

from __future__ import annotations

from dataclasses import dataclass

WHITESPACE = "whitespace"  # in place of a delimiter: any run of spaces and tabs


@dataclass(frozen=True)
class Layout:
    """How text, or a workbook, holds its table.

    Attributes
    ----------
    delimiter : one character, or several such as ``::`` (then there are no quotes), or `WHITESPACE`
    widths : characters of each column, where columns begin at fixed places; the delimiter then means nothing
    columns : names of the columns, where the first line is a row already
    sheet : name of the sheet of a workbook; the first one by default
    keys : of JSON lines: which are read as columns; `customer.id` reaches into an object
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    widths: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    sheet: str = ""
    keys: tuple[str, ...] = ()


PLAIN = Layout()
