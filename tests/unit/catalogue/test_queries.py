"""The query catalogue: what it reads, and every drift it refuses at load, with its file and line."""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.errors import CatalogueError
from catalogue.queries import QUERIES, Catalogue, Query, load, load_curation, load_recommendation, load_units
from catalogue.query_file import QueryFile, sql_files

HEADER = """-- title:   Orders by day
-- grain:   one row per order_date
-- source:  lake
"""
SELECT = "select order_date, count(*) as orders\nfrom orders\ngroup by order_date\n"


@pytest.fixture
def write(tmp_path: Path) -> QueryWriter:
    return QueryWriter(tmp_path / "queries")


class QueryWriter:
    """Writes one query file and loads its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str | bytes, name: str = "sales/orders") -> Query:
        return self.catalogue(text, name)[name]

    def catalogue(self, text: str | bytes, name: str) -> Catalogue:
        self.file(text, name)
        load.cache_clear()
        return load(self.folder)

    def file(self, text: str | bytes, name: str) -> None:
        path = self.folder / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def refused(self, text: str | bytes) -> str:
        with pytest.raises(CatalogueError) as caught:
            self(text)
        assert caught.value.remedy, "every refusal says what to do"
        return f"{caught.value.where} {caught.value.what}"


def test_every_query_of_the_product_loads() -> None:
    files = [QueryFile(QUERIES, place) for place in sql_files(QUERIES)]
    names = {question.name for file in files for question in file.header.questions}
    relations = {name for name in names if name.startswith("relations/")}
    own = tuple(f"{folder}/" for folder in ("curate", "recommend"))  # what the pipeline asks for itself
    assert {query.name for query in load()} | relations == {name for name in names if not name.startswith(own)}
    curation = {f"curate/{name}" for name in load_curation()} | {f"curate/units/{name}" for name in load_units()}
    assert curation == {name for name in names if name.startswith("curate/")}
    assert {f"recommend/{name}" for name in load_recommendation()} == {n for n in names if n.startswith("recommend/")}


def test_a_header_is_read_into_title_grain_source_note_and_parameters(write: QueryWriter) -> None:
    header = HEADER.replace("lake\n", "warehouse\n") + (
        "-- note:    An order counts once,\n"
        "--          on its own day.\n"
        "-- param:   start_date date  First day, included\n"
        "-- param:   channels   str*  Channels; empty for all\n"
        "-- param:   store      str?\n"
    )
    query = write(
        header + "select order_date, count(*) as orders from orders where order_date >= :start_date\n"
        "and channel in (:channels) and (store_id = :store or :store is null) group by order_date"
    )
    assert (query.name, query.title, query.source) == ("sales/orders", "Orders by day", "warehouse")
    assert query.note == "An order counts once, on its own day."
    assert (query.tables, query.columns) == (frozenset({"orders"}), ("order_date", "orders"))
    start, channels, store = query.parameters.values()
    assert (start.name, start.type, start.is_list, start.nullable) == ("start_date", "date", False, False)
    assert (channels.type, channels.is_list, channels.text) == ("str", True, "Channels; empty for all")
    assert (store.nullable, store.text) == (True, "")


def test_a_parameter_used_and_not_declared_is_refused(write: QueryWriter) -> None:
    text = HEADER + SELECT.replace("group", "where order_date >= :start_date\ngroup")
    assert write.refused(text) == "queries/sales/orders.sql:6 Parameter :start_date is used and not declared"


def test_a_parameter_declared_and_not_used_is_refused(write: QueryWriter) -> None:
    text = HEADER + "-- param:   start_date date  First day\n" + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:4 Parameter start_date is declared and not used"


def test_a_parameter_in_another_engines_notation_is_refused(write: QueryWriter) -> None:
    text = HEADER + SELECT.replace("group", "where order_date >= @start_date\ngroup")
    assert write.refused(text) == "queries/sales/orders.sql:6 Parameter :start_date is used and not declared"


def test_an_unknown_type_is_refused(write: QueryWriter) -> None:
    text = HEADER + "-- param:   start_date day  First day\n" + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:4 Unknown type 'day'"


def test_a_parameter_without_a_type_is_refused(write: QueryWriter) -> None:
    text = HEADER + "-- param:   start_date\n" + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:4 A parameter reads `name type description`"


def test_a_parameter_declared_twice_is_refused(write: QueryWriter) -> None:
    line = "-- param:   day date  A day\n"
    text = HEADER + line + line + SELECT.replace("group", "where order_date = :day\ngroup")
    assert write.refused(text) == "queries/sales/orders.sql:5 Parameter day is declared twice"


LIST = HEADER + "-- param:   names str*  Names\n"


@pytest.mark.parametrize(
    "condition",
    [
        "channel in ('web', :names)",
        "channel = :names",
        "channel not in (:names)",
        "not channel in (:names)",
        "not (device = 'x' or (channel in (:names) and region = 'y'))",
        "not coalesce(channel in (:names), false)",
        "concat(channel, :names) = 'x'",
    ],
)
def test_a_list_stands_alone_in_a_membership_that_nothing_negates(write: QueryWriter, condition: str) -> None:
    text = LIST + SELECT.replace("group", f"where {condition}\ngroup")
    assert write.refused(text) == "queries/sales/orders.sql:7 List :names must be the only member of `x in (:names)`"


@pytest.mark.parametrize(
    "condition",
    [
        "channel in (:names)",
        "(device = 'x' or channel in (:names))",
        "not exists (select 1 from sessions where sessions.channel in (:names))",
        "case when channel in (:names) then 1 else 0 end = 1",
    ],
)
def test_a_list_may_stand_in_any_condition_that_is_not_negated(write: QueryWriter, condition: str) -> None:
    query = write(LIST + SELECT.replace("group", f"where {condition}\ngroup"))
    assert query.parameters["names"].is_list


def test_a_single_value_in_a_list_is_refused(write: QueryWriter) -> None:
    text = HEADER + "-- param:   names str  Names\n" + SELECT.replace("group", "where channel in (:names)\ngroup")
    said = "queries/sales/orders.sql:4 Parameter :names is used as a list and declared as a single value"
    assert write.refused(text) == said


@pytest.mark.parametrize(
    "table",
    [
        "invoices",
        "ORDERS",
        "lake.orders",
        "information_schema.tables",
        "read_parquet('orders.parquet')",
        "'orders.parquet'",
        '"orders.parquet"',
        "table(generator(1))",
    ],
)
def test_what_is_no_curated_table_is_refused(write: QueryWriter, table: str) -> None:
    text = HEADER + SELECT.replace("from orders", f"from {table}")
    assert re.fullmatch(r"queries/sales/orders.sql:\d+ There is no curated table .*", write.refused(text))


def test_an_unknown_table_is_named_with_its_line(write: QueryWriter) -> None:
    text = HEADER + SELECT.replace("from orders", "from invoices")
    assert write.refused(text) == "queries/sales/orders.sql:5 There is no curated table invoices"


def test_a_cte_that_is_used_before_it_stands_is_an_unknown_table(write: QueryWriter) -> None:
    ctes = "with early as (select order_date from late), late as (select order_date from orders)\n"
    text = HEADER + ctes + "select order_date from early\n"
    assert write.refused(text) == "queries/sales/orders.sql:4 There is no curated table late"


def test_a_recursive_cte_with_the_name_of_a_table_is_refused(write: QueryWriter) -> None:
    text = HEADER + "with recursive orders as (select * from orders union select * from orders)\n" + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:4 A recursive CTE has the name of the table orders"


def test_a_recursive_cte_may_read_itself(write: QueryWriter) -> None:
    days = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3)\n"
    assert write(HEADER + days + "select order_date, i from orders cross join n").tables == {"orders"}


def test_a_query_that_reads_no_table_is_refused(write: QueryWriter) -> None:
    text = HEADER + "select current_date as order_date"
    assert "The query reads no table" in write.refused(text)


def test_an_unknown_column_is_refused(write: QueryWriter) -> None:
    text = HEADER + "select order_date,\n    count(colour) as orders\nfrom orders\ngroup by order_date"
    said = write.refused(text)
    assert said.startswith("queries/sales/orders.sql:5 The SQL does not fit the tables")
    assert "colour" in said


def test_a_column_that_two_tables_have_is_refused_where_it_is_not_qualified(write: QueryWriter) -> None:
    joined = "select order_date\nfrom orders\ninner join order_lines on orders.order_id = order_lines.order_id"
    assert write.refused(HEADER + joined).startswith("queries/sales/orders.sql:4 The SQL does not fit the tables")


def test_a_grain_that_names_no_column_is_refused(write: QueryWriter) -> None:
    text = HEADER.replace("per order_date", "per order_date, shop") + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:2 The grain names shop, which is no column of the result"


def test_a_grain_in_free_words_is_refused(write: QueryWriter) -> None:
    text = HEADER.replace("one row per order_date", "daily") + SELECT
    assert write.refused(text).startswith("queries/sales/orders.sql:2 The grain reads")


@pytest.mark.parametrize(
    "sql",
    [
        "select order_date from orders; select order_date from orders",
        "insert into orders select * from orders",
        "drop table orders",
        "delete from orders",
        "create table copies as select order_date from orders",
        "with gone as (delete from orders) select order_date from orders",
        "select order_date into copies from orders",
        "",
    ],
)
def test_anything_but_one_select_is_refused(write: QueryWriter, sql: str) -> None:
    said = write.refused(HEADER + sql)
    assert re.match(r"queries/sales/orders.sql:[14] The (file must hold exactly one query|SQL cannot be parsed)", said)


def test_a_file_without_a_header_is_refused(write: QueryWriter) -> None:
    assert write.refused(SELECT) == "queries/sales/orders.sql:1 The header has no title"


@pytest.mark.parametrize("key", ["title", "grain", "source"])
def test_a_header_without_a_line_it_needs_is_refused(write: QueryWriter, key: str) -> None:
    lines = [line for line in HEADER.splitlines(keepends=True) if not line.startswith(f"-- {key}")]
    assert write.refused("".join(lines) + SELECT) == f"queries/sales/orders.sql:1 The header has no {key}"


def test_an_unknown_header_key_is_refused(write: QueryWriter) -> None:
    assert (
        write.refused(HEADER + "-- author: me\n" + SELECT) == "queries/sales/orders.sql:4 Unknown header key 'author'"
    )


def test_an_unknown_source_is_refused(write: QueryWriter) -> None:
    text = HEADER.replace("source:  lake", "source:  cellar") + SELECT
    assert write.refused(text) == "queries/sales/orders.sql:3 Unknown source 'cellar'"


def test_a_header_key_said_twice_is_refused(write: QueryWriter) -> None:
    assert (
        write.refused(HEADER + "-- title: Again\n" + SELECT) == "queries/sales/orders.sql:4 The header says title twice"
    )


def test_a_word_that_is_defined_twice_is_refused(write: QueryWriter) -> None:
    write(HEADER + "-- term: Orders = placed orders\n" + SELECT, name="sales/first")
    said = write.refused(HEADER + "-- term: Orders = something else\n" + SELECT)
    assert said == "queries/sales/orders.sql:4 Orders is defined twice, here and in sales/first"


def test_a_word_that_one_header_defines_twice_is_refused(write: QueryWriter) -> None:
    term = "-- term: Orders = placed orders\n"
    assert write.refused(HEADER + term + term + SELECT) == "queries/sales/orders.sql:5 Orders is defined twice"


def test_a_word_that_is_defined_twice_is_refused_in_the_file_of_several_questions(write: QueryWriter) -> None:
    write(HEADER + "-- term: Orders = placed orders\n" + SELECT, name="sales/first")
    text = BY_DIMENSION.replace("-- question", "-- term: Orders = others\n-- question", 1)
    assert write.refused(text).startswith("queries/sales/orders.sql:4 Orders is defined twice")


def test_sql_that_cannot_be_parsed_is_refused_with_its_line(write: QueryWriter) -> None:
    said = write.refused(HEADER + "select order_date\nfrom orders\nwhere (order_date\n")
    assert re.match(r"queries/sales/orders.sql:[67] The SQL cannot be parsed: ", said)


def test_a_quote_that_never_ends_is_refused_with_the_line_where_the_sql_starts(write: QueryWriter) -> None:
    said = write.refused(HEADER + "select order_date from orders where channel = 'web")
    assert said.startswith("queries/sales/orders.sql:4 The SQL cannot be parsed")


def test_a_file_that_is_not_utf8_is_refused_with_its_line(write: QueryWriter) -> None:
    text = (HEADER + SELECT).encode().replace(b"from orders", b"from orders -- caf\xe9")
    assert write.refused(text) == "queries/sales/orders.sql:5 The file is not UTF-8"


@pytest.mark.slow
def test_a_query_that_is_not_there_is_answered_with_the_closest_name() -> None:
    with pytest.raises(
        CatalogueError, match=r"There is no query 'sales/net_revenue'.*Did you mean sales/net_revenue_by_day\?"
    ):
        load()["sales/net_revenue"]


def test_a_curation_query_makes_exactly_the_columns_of_its_table(tmp_path: Path) -> None:
    folder = tmp_path / "curate"
    folder.mkdir()
    header = "-- title: Spend\n-- grain: one row per charge_date\n-- source: lake\n"
    (folder / "spend.sql").write_text(header + "select cast(charge_period_start as date) as charge_date from raw_spend")
    with pytest.raises(CatalogueError, match=r"The columns made for spend are not the table's \(curate/spend.sql\)"):
        load_curation(folder)


BY_DIMENSION = """-- title:   Orders by dimension
-- grain:   one row per dimension
-- source:  lake
-- question: by_region where dimension = region
-- question: by_device where dimension = device: Orders by kind of device
select dimension, count(*) as orders
from orders
group by dimension
"""
RELATION = """-- title:   Orders of some regions
-- param:   regions str*  Regions; empty for all
select * from orders where region in (:regions)
"""


def test_a_file_answers_every_question_that_it_names(write: QueryWriter) -> None:
    catalogue = write.catalogue(BY_DIMENSION, "sales/by_dimension")
    region, device = catalogue["sales/by_region"], catalogue["sales/by_device"]
    assert [query.name for query in catalogue] == ["sales/by_device", "sales/by_region"]
    assert (region.title, region.grain) == ("Orders by region", "one row per region")
    assert (device.title, device.grain) == ("Orders by kind of device", "one row per device")
    assert (region.columns, device.columns) == (("region", "orders"), ("device", "orders"))
    assert region.tree.sql(comments=False) == "SELECT region, COUNT(*) AS orders FROM orders GROUP BY region"


def test_a_question_can_rename_a_table(write: QueryWriter) -> None:
    text = BY_DIMENSION.replace("dimension = device", "dimension = device, orders = order_lines", 1)
    assert write.catalogue(text, "sales/by_dimension")["sales/by_device"].tables == {"order_lines"}


def test_a_term_belongs_to_the_first_question_of_its_file(write: QueryWriter) -> None:
    text = BY_DIMENSION.replace("select dimension", "-- term:    Orders = distinct ids.\nselect dimension")
    catalogue = write.catalogue(text, "sales/by_dimension")
    assert catalogue["sales/by_region"].terms == {"Orders": "distinct ids."}
    assert catalogue["sales/by_device"].terms == {}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("dimension = region", "dimension = county", ":6 The SQL does not fit the tables: Column 'county'"),
        ("dimension = region", "dimension = region; drop table orders", ":4 A question reads"),
        ("dimension = region", "dimension = (select 1)", ":4 A question reads"),
        (
            "dimension = region",
            "dimension = region, dimension = device",
            ":4 Question by_region renames one",
        ),
        ("dimension = region", "dimension = region, place = store_id", ":4 Question sales/by_region renames place"),
        (": by_device", ": by_region", ":5 There are two questions sales/by_region"),
    ],
)
def test_a_question_that_fits_no_declared_table_or_column_is_refused(
    write: QueryWriter, before: str, after: str, complaint: str
) -> None:
    assert f"queries/sales/orders.sql{complaint}" in write.refused(BY_DIMENSION.replace(before, after, 1))


def test_a_question_may_swap_two_identifiers_in_its_sql_and_its_grain(write: QueryWriter) -> None:
    text = (
        "-- title: Orders\n-- grain: one row per region, device\n-- source: lake\n"
        "-- question: swapped where region = device, device = region\n"
        "select region, device, count(*) as orders from orders group by region, device"
    )
    query = write.catalogue(text, "sales/orders")["sales/swapped"]
    assert query.grain == "one row per device, region"
    assert query.columns == ("device", "region", "orders")


def test_a_question_that_no_file_names_does_not_exist(write: QueryWriter) -> None:
    catalogue = write.catalogue(BY_DIMENSION, "sales/by_dimension")
    for name in ("sales/by_dimension", "sales/by_customer_id", "sales/by_region' or 1=1 --"):
        with pytest.raises(CatalogueError, match="There is no query"):
            catalogue[name]


def test_a_question_reads_a_relation_as_a_table_and_has_its_parameters(write: QueryWriter) -> None:
    write.file(RELATION, "relations/chosen_orders")
    query = write(
        HEADER
        + "-- param:   start date  First day\n"
        + (
            "select order_date, count(*) as orders from chosen_orders as c\n"
            "where order_date >= :start group by order_date"
        )
    )
    assert list(query.parameters) == ["start", "regions"]
    assert query.tables == {"orders"}
    assert "FROM (SELECT * FROM orders WHERE region IN (:regions)) AS c" in query.tree.sql(comments=False)
    assert query.text.endswith(RELATION)
    assert [question.name for question in load(write.folder)] == ["sales/orders"]


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        (
            "with orders as (select order_date from sessions, events)\nselect order_date from chosen_orders",
            "queries/sales/orders.sql:4 A CTE has the name of the table orders, which relations/chosen_orders reads",
        ),
        (
            "-- param:   regions str*\nselect order_date from chosen_orders where region in (:regions)",
            "queries/sales/orders.sql:4 Parameter regions is declared here and in relations/chosen_orders",
        ),
    ],
)
def test_a_question_cannot_change_what_a_relation_means(write: QueryWriter, sql: str, complaint: str) -> None:
    write.file(RELATION, "relations/chosen_orders")
    assert write.refused(HEADER + sql) == complaint


def test_a_relation_that_does_not_fit_its_tables_is_refused(write: QueryWriter) -> None:
    write.file(RELATION.replace("region in", "county in"), "relations/chosen_orders")
    assert write.refused(HEADER + SELECT).startswith("queries/relations/chosen_orders.sql:3 The SQL does not fit")


def test_a_relation_defines_no_words(write: QueryWriter) -> None:
    write.file(f"-- term: Orders = chosen orders\n{RELATION}", "relations/chosen_orders")
    assert write.refused(HEADER + SELECT) == "queries/relations/chosen_orders.sql:1 A relation defines no words"


@pytest.mark.parametrize("read", [load, load_curation, load_recommendation, load_units])
def test_a_folder_without_query_files_is_an_error_that_names_it(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(CatalogueError, match=f"There are no query files.*{tmp_path}"):
        read(tmp_path / "queries")
