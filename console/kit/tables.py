"""A table with its exports: numbers to the right, decimals exact, CSV and XLSX made only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import export, prose

if TYPE_CHECKING:
    import pyarrow as pa
    from streamlit.elements.lib.column_types import ColumnConfig

MOST_ROWS_IN_SIGHT = 10
ROW_PIXELS = 32
AMOUNT_DIGITS = 4  # of the shop's amounts; a cloud bill has twelve
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """How one column is drawn: its label, its unit (None for text, dates and plain numbers), and a hint on its head."""

    label: str
    unit: Unit | None = None
    currency: str = ""
    help: str = ""
    digits: int | None = None  # of money and ratios; None for as many as the currency has, and two


def show(
    rows: Sequence[object],
    columns: Mapping[str, Column],
    *,
    export_as: str,
    title: str,
    about: Sequence[tuple[str, str]] = (),
    digits: int = AMOUNT_DIGITS,
    on_row: Callable[[int], None] | None = None,
) -> None:
    """Draw a table with its two download buttons.

    Parameters
    ----------
    rows : objects with an attribute for each column
    columns : the columns to show, by name, in this order
    export_as : file name without its ending, unique on the page
    title : printed over the table and in the files
    about : (name, text) lines printed in the files: filters, basis, data time
    digits : of decimals, after the point
    on_row : called with a row's position before the next run, when a reader chooses the row
    """
    import pyarrow as pa

    table = table_of(rows, columns, digits=digits)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(prose.heading(title, text.counted(table.num_rows, "row")), width="stretch")
        buttons = st.container(horizontal=True, gap="xsmall", width="content")
    labelled = table.rename_columns([column.label for column in columns.values()])
    with buttons:
        for label, ending, write, kind in (
            ("CSV", "csv", export.to_csv, "text/csv"),
            ("XLSX", "xlsx", export.to_xlsx, XLSX),
        ):
            st.download_button(
                label,
                data=partial(_file, write, labelled, title, tuple(about)),
                file_name=f"{export_as}.{ending}",
                mime=kind,
                key=f"tk-{export_as}-{ending}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                help=f"Download as {label}, with the filters printed in it",
            )
    if not table.num_rows:
        st.html('<p class="tk-none" style="height:64px">No rows</p>')
        return
    st.dataframe(
        _in_percent(table, columns),
        hide_index=True,
        width="stretch",
        height=(min(max(table.num_rows, 1), MOST_ROWS_IN_SIGHT) + 1) * ROW_PIXELS + 3,
        row_height=ROW_PIXELS,
        placeholder=text.UNKNOWN,
        column_config={
            name: _config(column, is_whole=not pa.types.is_decimal(table.schema.field(name).type))
            for name, column in columns.items()
        },
        alt=title,
        key=f"tk-table-{export_as}",
        on_select="ignore" if on_row is None else partial(_chosen, f"tk-table-{export_as}", on_row),
        selection_mode="single-row",
    )


def table_of(objects: Sequence[object], columns: Mapping[str, Column], *, digits: int = AMOUNT_DIGITS) -> pa.Table:
    """An Arrow table with one row per object and one column per attribute named in `columns`.

    Percentages become doubles, since a quotient has no exact decimal; counts are whole or keep 3 decimals; every other
    decimal keeps `digits` after the point.
    """
    import pyarrow as pa

    step = Decimal(1).scaleb(-digits)
    arrays: dict[str, pa.Array] = {}
    for name, column in columns.items():
        values = [getattr(row, name) for row in objects]
        if column.unit is Unit.PERCENT:
            arrays[name] = pa.array([None if value is None else float(value) for value in values], pa.float64())
        elif column.unit is Unit.COUNT and any(isinstance(value, Decimal) for value in values):
            arrays[name] = _counts(values)
        elif column.unit is Unit.MONEY or any(isinstance(value, Decimal) for value in values):
            decimals = [None if value is None else Decimal(value).quantize(step) for value in values]
            arrays[name] = pa.array(decimals, pa.decimal128(38, digits))
        else:
            arrays[name] = pa.array(values)
    return pa.table(arrays)


def _counts(values: Sequence[int | Decimal | None]) -> pa.Array:
    """Whole numbers where all are whole, else 3 decimals: units of what is sold by weight."""
    import pyarrow as pa

    if all(value is None or value == int(value) for value in values):
        return pa.array([None if value is None else int(value) for value in values], pa.int64())
    exact = [None if value is None else Decimal(value).quantize(Decimal("0.001")) for value in values]
    return pa.array(exact, pa.decimal128(38, 3))


def _chosen(key: str, on_row: Callable[[int], None]) -> None:
    """Call `on_row` with the row chosen; not where the choice was taken back."""
    for position in st.session_state[key].selection.rows[:1]:
        on_row(position)


def _in_percent(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Fractions times 100, because a table's number format cannot scale; files keep the fraction."""
    import pyarrow.compute as compute

    for position, name in enumerate(table.column_names):
        if columns[name].unit is Unit.PERCENT:
            table = table.set_column(position, name, compute.multiply(table[name], 100.0))
    return table


def _file(
    write: Callable[[pa.Table, export.About], bytes], table: pa.Table, title: str, about: tuple[tuple[str, str], ...]
) -> bytes:
    return write(table, export.about(title, about, datetime.now(UTC)))


def _config(column: Column, *, is_whole: bool) -> ColumnConfig:
    help_text = column.help or None
    label = column.label
    match column.unit:
        case Unit.MONEY:
            # the currency's sign is in the head: before a number it would part the minus from it
            sign = text.currency_prefix(column.currency).strip()
            label = f"{column.label} ({sign})" if sign else column.label
            digits = text.minor_digits(column.currency) if column.digits is None else column.digits
            number_format = f"%,.{digits}f"
        case Unit.COUNT:
            number_format = "%,d" if is_whole else "%,.3f"
        case Unit.PERCENT:
            number_format = "%,.1f %%"
        case Unit.RATIO:
            number_format = f"%,.{2 if column.digits is None else column.digits}f"
        case _:
            return st.column_config.Column(column.label, help=help_text)
    return st.column_config.NumberColumn(label, help=help_text, format=number_format)
