"""Athena's result files: every type, null and empty apart, and the order that UNLOAD loses."""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.asking.engines.athena_export import in_order, order_of, unload_sql
from console.asking.engines.athena_results import ResultColumn, columns_of, read_csv, read_parquet

KINDS = [
    ("boolean", "true", pa.bool_(), True),
    ("tinyint", "-1", pa.int8(), -1),
    ("smallint", "-1", pa.int16(), -1),
    ("integer", "-1", pa.int32(), -1),
    ("bigint", "9223372036854775807", pa.int64(), 2**63 - 1),
    ("double", "0.1", pa.float64(), 0.1),
    ("double", "1.0E-7", pa.float64(), 1e-7),
    ("double", "Infinity", pa.float64(), float("inf")),
    ("date", "2026-03-29", pa.date32(), date(2026, 3, 29)),
    ("timestamp", "2026-03-29 01:30:00.000", pa.timestamp("us"), datetime(2026, 3, 29, 1, 30)),
    ("timestamp", "2026-03-29 01:30:00.123456", pa.timestamp("us"), datetime(2026, 3, 29, 1, 30, 0, 123456)),
    (
        "timestamp with time zone",
        "2026-03-29 03:30:00.000 Europe/Berlin",
        pa.timestamp("us", "UTC"),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ),
    (
        "timestamp with time zone",
        "2026-03-29 03:30:00.000 +02:00",
        pa.timestamp("us", "UTC"),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ),
    ("varchar", "", pa.string(), ""),
    ("varchar", "NULL", pa.string(), "NULL"),
    ("varchar", 'a\n"b",\\', pa.string(), 'a\n"b",\\'),
    ("varbinary", "e2 82 ac", pa.binary(), b"\xe2\x82\xac"),
    ("varbinary", "", pa.binary(), b""),
    ("array", "[1, 2]", pa.string(), "[1, 2]"),
]


def written(names: list[str], rows: list[list[str | None]]) -> bytes:
    """A result file, as Athena writes it: everything quoted but null."""
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    lines = [",".join("" if item is None else '"' + item.replace('"', '""') + '"' for item in row) for row in rows]
    return ("\n".join([quoted, *lines]) + "\n").encode()


@pytest.mark.parametrize(("kind", "text", "arrow", "value"), KINDS)
def test_a_value_comes_back_in_its_type_and_a_missing_one_as_null(
    kind: str, text: str, arrow: pa.DataType, value: object
) -> None:
    table = read_csv(written(["x"], [[text], [None], [text]]), [ResultColumn("x", kind)])
    assert table.schema == pa.schema([("x", arrow)])
    assert table.column("x").to_pylist() == [value, None, value]


def test_a_decimal_keeps_its_scale_and_every_digit() -> None:
    longest = "-9999999999999999999999999999999999.9999"
    table = read_csv(
        written(["x"], [[longest], ["0.1"]]),
        columns_of([{"Name": "x", "Type": "decimal", "Precision": 38, "Scale": 4}]),
    )
    assert table.column("x").to_pylist() == [Decimal(longest), Decimal("0.1000")]
    assert table.schema.field("x").type == pa.decimal128(38, 4)


def test_a_file_without_rows_keeps_its_column_names_and_types() -> None:
    columns = [ResultColumn("a", "bigint"), ResultColumn("a", "date"), ResultColumn('say "x"\ny', "varchar")]
    table = read_csv(written([column.name for column in columns], []), columns)
    assert table.schema == pa.schema([("a", pa.int64()), ("a", pa.date32()), ('say "x"\ny', pa.string())])
    assert table.num_rows == 0


texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6) | some.none()


@given(some.lists(some.tuples(texts, texts), max_size=12))
def test_every_text_comes_back_whatever_it_holds(rows: list[tuple[str | None, str | None]]) -> None:
    content = written(["a", "b"], [list(row) for row in rows])
    table = read_csv(content, [ResultColumn("a", "varchar"), ResultColumn("b", "varchar")])
    assert list(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True)) == rows


@given(some.lists(texts, max_size=12))
def test_a_single_column_keeps_its_nulls_too(values: list[str | None]) -> None:
    assert (
        read_csv(written(["a"], [[value] for value in values]), [ResultColumn("a", "varchar")]).column(0).to_pylist()
        == values
    )


def test_no_unloaded_file_is_no_row_and_several_are_one_table() -> None:
    from pyarrow import parquet

    columns = [ResultColumn("n", "bigint"), ResultColumn("at", "timestamp")]
    assert read_parquet([], columns).schema == pa.schema([("n", pa.int64()), ("at", pa.timestamp("us"))])
    files = []
    for number in (1, 2):
        file = io.BytesIO()
        parquet.write_table(pa.table({"N": [number], "at": ["2026-03-29 01:30:00.000001"]}), file)
        files.append(file.getvalue())
    at = datetime(2026, 3, 29, 1, 30, 0, 1)
    assert read_parquet(files, columns).to_pylist() == [{"n": 1, "at": at}, {"n": 2, "at": at}]


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("", ()),
        ("order by a", (("a", "ascending"),)),
        ("order by b desc, a", (("b", "descending"), ("a", "ascending"))),
        ("order by 2 desc limit 3", (("b", "descending"),)),
        ("order by a nulls last", (("a", "ascending"),)),
        ("order by a nulls first", None),
        ("order by a + 1", None),
        ("order by t.a", None),
        ("order by other", None),
        ("order by 3", None),
    ],
)
def test_an_order_is_put_back_where_the_result_tells_it(order: str, keys: object) -> None:
    assert order_of(f"select a, b from t {order}", ["a", "b"]) == keys


def test_an_order_by_a_name_that_two_columns_have_is_not_put_back() -> None:
    assert order_of("select a, b as a from t order by a", ["a", "a"]) is None


def test_rows_are_sorted_as_trino_does_nulls_last_and_texts_by_their_bytes() -> None:
    table = pa.table({"a": ["b", None, "a", "Z", "ä"], "n": [1, 2, 3, 4, 5]})
    assert in_order(table, (("a", "ascending"),)).column("n").to_pylist() == [4, 3, 1, 5, 2]
    assert in_order(table, (("a", "descending"),)).column("n").to_pylist() == [5, 1, 3, 4, 2]
    assert in_order(table, ()) is table


def test_an_unload_quotes_names_and_its_place() -> None:
    sql = unload_sql("select 1", [ResultColumn('a"b', "bigint"), ResultColumn("t", "timestamp")], "s3://it's/x/")
    assert sql == (
        'unload (select "a""b", cast("t" as varchar) as "t" from (select 1) as answer)'
        " to 's3://it''s/x/' with (format = 'PARQUET', compression = 'ZSTD')"
    )
