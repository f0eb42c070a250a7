"""Iceberg tables of a Glue catalogue through a real Trino: every snapshot can be read by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.trino_client import TrinoError
from tests.engines.trino_tables import snapshot

if TYPE_CHECKING:
    from tests.engines.ministack_server import MinistackServer
    from tests.engines.trino_server import TrinoServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]


def test_a_table_is_read_as_of_either_of_its_snapshots(trino: TrinoServer, ministack: MinistackServer) -> None:
    shop = ministack.database("two_snapshots")
    iceberg = trino.iceberg
    iceberg.execute("create table orders (order_id varchar, ordered_at timestamp(6), net decimal(38, 4))", shop)
    iceberg.execute("insert into orders values ('o1', timestamp '2026-03-01 10:00:00.123456', 40)", shop)
    first = snapshot(trino, shop, "orders")
    iceberg.execute("delete from orders", shop)
    iceberg.execute("insert into orders values ('o2', timestamp '2026-03-02 11:00:00.000001', 199.9)", shop)
    second = snapshot(trino, shop, "orders")

    def read(snapshot: str) -> list[list[object]]:
        return iceberg.execute(f"select * from orders for version as of {snapshot}", shop).rows  # noqa: S608

    assert read(first) == [["o1", "2026-03-01 10:00:00.123456", "40.0000"]]
    assert read(second) == [["o2", "2026-03-02 11:00:00.000001", "199.9000"]]
    with pytest.raises(TrinoError, match=r"snapshot.*9000000000000000007"):
        read("9000000000000000007")


def test_the_catalogue_is_the_one_that_other_engines_see(trino: TrinoServer, ministack: MinistackServer) -> None:
    shop = ministack.database("seen_by_others")
    trino.iceberg.execute("create table products (product_id varchar)", shop)
    (table,) = ministack.client("glue").get_tables(DatabaseName=shop)["TableList"]
    assert (table["Name"], table["Parameters"]["table_type"].upper()) == ("products", "ICEBERG")
    assert table["Parameters"]["metadata_location"].startswith("s3://takings-iceberg/")
