"""A table that exports: right-aligned numbers, exact decimals, and CSV and XLSX made only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from console.asking.figures import Unit
from console.kit import export
from console.kit import formatting as text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from streamlit.elements.lib.column_types import ColumnConfig

MOST_ROWS_IN_SIGHT = 10
ROW_PIXELS = 32
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """How one column reads: its label, its unit (None for text, dates and plain numbers), and a hint on its head."""

    label: str
    unit: Unit | None = None
    currency: str = ""
    help: str = ""
    digits: int | None = None  # of money; None for as many as the currency has


def show(
    table: pa.Table | pd.DataFrame,
    columns: Mapping[str, Column] | None = None,
    *,
    export_as: str,
    title: str = "",
    scope: Sequence[tuple[str, str]] = (),
    alt: str = "",
    on_row: Callable[[int], None] | None = None,
) -> None:
    """Draw the table with its two download buttons.

    Parameters
    ----------
    columns : the columns to show, in this order, by name; None shows all as they are
    export_as : file name without its ending, unique on the page
    title : stands over the table and in the files
    scope : (name, text) lines printed in the files: filters, basis, data time
    on_row : called with a row's position before the next run, when a reader chooses the row
    """
    import pyarrow as pa

    arrow = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False)
    if columns:
        arrow = arrow.select(list(columns))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rows = f"{arrow.num_rows:,} row{'' if arrow.num_rows == 1 else 's'}"
        st.html(f'<h3 class="tk-chart-title">{escape(title)} <small>{rows}</small></h3>', width="stretch")
        buttons = st.container(horizontal=True, gap="xsmall", width="content")
    named = arrow.rename_columns([columns[name].label for name in arrow.column_names]) if columns else arrow
    with buttons:
        for label, ending, write, kind in (
            ("CSV", "csv", export.to_csv, "text/csv"),
            ("XLSX", "xlsx", export.to_xlsx, XLSX),
        ):
            st.download_button(
                label,
                data=partial(_file, write, named, title or export_as, tuple(scope)),
                file_name=f"{export_as}.{ending}",
                mime=kind,
                key=f"tk-{export_as}-{ending}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                help=f"Download as {label}, with the filters printed in it",
            )
    if not arrow.num_rows:
        st.html('<p class="tk-none" style="height:64px">No rows</p>')
        return
    st.dataframe(
        _in_percent(arrow, columns or {}),
        hide_index=True,
        width="stretch",
        height=(min(max(arrow.num_rows, 1), MOST_ROWS_IN_SIGHT) + 1) * ROW_PIXELS + 3,
        row_height=ROW_PIXELS,
        placeholder=text.UNKNOWN,
        column_config={name: _config(column) for name, column in (columns or {}).items()},
        alt=alt or title or export_as,
        key=f"tk-table-{export_as}",
        on_select="ignore" if on_row is None else partial(_chosen, f"tk-table-{export_as}", on_row),
        selection_mode="single-row",
    )


def _chosen(key: str, on_row: Callable[[int], None]) -> None:
    """Tell which row was chosen; nothing where the choice was taken back."""
    for position in st.session_state[key].selection.rows[:1]:
        on_row(position)


def _in_percent(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Fractions times 100, because a table's number format cannot scale; files keep the fraction."""
    import pyarrow.compute as compute

    for position, name in enumerate(table.column_names):
        if name in columns and columns[name].unit is Unit.PERCENT:
            table = table.set_column(position, name, compute.multiply(table[name].cast("float64"), 100.0))
    return table


def _file(
    write: Callable[[pa.Table, export.About], bytes], table: pa.Table, title: str, scope: tuple[tuple[str, str], ...]
) -> bytes:
    return write(table, export.about(title, scope, datetime.now(UTC)))


def _config(column: Column) -> ColumnConfig:
    help_text = column.help or None
    label = column.label
    match column.unit:
        case Unit.MONEY:
            # the sign of the currency stands in the head: before a number, it would push the minus away from its left
            sign = text.currency_prefix(column.currency).strip()
            label = f"{column.label} ({sign})" if sign else column.label
            digits = text.minor_digits(column.currency) if column.digits is None else column.digits
            number_format = f"%,.{digits}f"
        case Unit.COUNT:
            number_format = "%,d"
        case Unit.PERCENT:
            number_format = "%,.1f %%"
        case Unit.RATIO:
            number_format = "%,.2f"
        case _:
            return st.column_config.Column(column.label, help=help_text)
    return st.column_config.NumberColumn(label, help=help_text, format=number_format)
