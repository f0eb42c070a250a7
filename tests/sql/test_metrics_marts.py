"""The product pages ask marts of days and months; the answers are those that every single order line gives.

The statements here read order lines and events alone. They are what the marts were made to spare, and they stay here as
the meaning that the marts must keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from catalogue.queries import Catalogue, load
from console.asking.cache import ResultCache
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.scope import Scope
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.sample import generate

END = date(2026, 6, 1)
HEADER = """\
-- title:   {name}, from single lines
-- grain:   one row per {grain}
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
"""
CURRENCY = "-- param:   reporting_currency str  The lake's reporting currency\n"
PAIRS = "-- param:   best_sellers int  How many\n-- param:   minimum_orders int  How many\n"

SALES = """select
    coalesce(lines.product_id, '(none)') as product_id,
    max(products.product_name) as product_name,
    max(lines.category) as category,
    max(products.brand) as brand,
    sum(amount) as net_revenue,
    sum(case when event_type = 'purchase' then amount else 0 end) as gross_revenue,
    sum(case when event_type = 'refund' then -amount else 0 end) as refunds,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as bigint) as units,
    count(distinct case when event_type = 'purchase' and amount > 0 then order_id end) as orders,
    sum(cost) as cost,
    sum(case when cost is not null then amount else 0 end) as net_revenue_with_cost
from order_lines as lines
left join products on lines.product_id = products.product_id
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and lines.category in (:categories)
    and region in (:regions)
group by 1
order by net_revenue desc, product_id
"""
INTEREST = """with interest as (
    select
        product_id,
        cast(sum(case when event_type = 'product_view' then 1 else 0 end) as bigint) as views,
        cast(sum(case when event_type = 'cart_add' then 1 else 0 end) as bigint) as cart_adds
    from events
    where event_date >= :start_date
        and event_date < :end_date
        and event_type in ('product_view', 'cart_add')
        and product_id is not null
        and channel in (:channels)
        and region in (:regions)
    group by product_id
)


select
    interest.product_id,
    products.product_name,
    products.category,
    interest.views,
    interest.cart_adds
from interest
inner join products on interest.product_id = products.product_id
where products.category in (:categories)
order by interest.views desc, interest.product_id
"""
TOGETHER = """with baskets as (
    select distinct order_id, product_id
    from order_lines
    where order_date >= :start_date
        and order_date < :end_date
        and event_type = 'purchase'
        and amount > 0
        and currency = :reporting_currency
        and product_id is not null
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
),

totals as (
    select count(distinct order_id) as orders
    from baskets
),

sellers as (
    select product_id, orders
    from (
        select
            product_id,
            count(*) as orders,
            row_number() over (order by count(*) desc, product_id) as place
        from baskets
        group by product_id
    ) as ranked
    where place <= :best_sellers
),

sold as (
    select baskets.order_id, baskets.product_id
    from baskets
    inner join sellers on baskets.product_id = sellers.product_id
),

pairs as (
    select first_line.product_id, second_line.product_id as other_product_id, count(*) as orders
    from sold as first_line
    inner join sold as second_line
        on first_line.order_id = second_line.order_id
        and first_line.product_id < second_line.product_id
    group by first_line.product_id, second_line.product_id
)

select
    pairs.product_id,
    first_product.product_name,
    pairs.other_product_id,
    second_product.product_name as other_product_name,
    pairs.orders,
    cast(pairs.orders as double) / totals.orders as support,
    cast(pairs.orders as double) / first_seller.orders as confidence,
    cast(pairs.orders as double) * totals.orders / (cast(first_seller.orders as double) * second_seller.orders) as lift
from pairs
cross join totals
inner join sellers as first_seller on pairs.product_id = first_seller.product_id
inner join sellers as second_seller on pairs.other_product_id = second_seller.product_id
left join products as first_product on pairs.product_id = first_product.product_id
left join products as second_product on pairs.other_product_id = second_product.product_id
where pairs.orders >= :minimum_orders
order by lift desc, pairs.orders desc, pairs.product_id, pairs.other_product_id
limit 200
"""
ORDERS = """with placed as (
    select order_id, min(ordered_on) as order_date
    from order_lines
    where ordered_on >= :start_date
        and ordered_on < :end_date
        and event_type = 'purchase'
        and amount > 0
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    group by order_id
)

select
    placed.order_date,
    count(*) as orders,
    cast(sum(case when orders.first_order then 1 else 0 end) as bigint) as first_orders
from placed
left join orders on placed.order_id = orders.order_id
group by placed.order_date
order by placed.order_date
"""
NET_REVENUE = """select
    coalesce(lines.product_id, '(none)') as product_id,
    max(products.product_name) as product_name,
    sum(lines.amount) as net_revenue
from order_lines as lines
left join products on lines.product_id = products.product_id
where lines.order_date >= :start_date
    and lines.order_date < :end_date
    and lines.currency = :reporting_currency
    and lines.channel in (:channels)
    and lines.category in (:categories)
    and lines.region in (:regions)
group by 1
order by net_revenue desc, product_id
"""
SINGLE = {
    "products/net_revenue": ("product_id", CURRENCY, NET_REVENUE),
    "products/sales": ("product_id", CURRENCY, SALES),
    "products/interest": ("product_id", "", INTEREST),
    "products/bought_together": ("product_id, other_product_id", CURRENCY + PAIRS, TOGETHER),
    "sales/orders_by_day_in_categories": ("order_date", CURRENCY, ORDERS),
}


@pytest.fixture(scope="module")
def scopes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scope, Scope]:
    """The console's own questions, and the same ones of single lines, on one sample lake."""
    folder = tmp_path_factory.mktemp("marts")
    for name, (grain, more, sql) in SINGLE.items():
        path = folder / "queries" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER.format(name=name, grain=grain) + more + sql, encoding="utf-8")
    lake = Lake.create(folder / "lake")
    generate(lake, events=120_000, end=END, seed=3)
    curate(lake)
    engine = DuckDbEngine(lake.root)

    def scope(catalogue: Catalogue) -> Scope:
        engines = {"lake": engine, "warehouse": engine}
        return Scope(engines, catalogue, ResultCache(), lake.settings.reporting_currency, "UTC")

    return scope(load()), scope(load(folder / "queries"))


@pytest.mark.parametrize(
    "slices",
    [
        {},
        {"channels": ["web", "app"]},
        {"regions": ["UK"]},
        {"categories": ["Home", "Kitchen"]},
        {"channels": ["web"], "regions": ["US East", "UK"], "categories": ["Home"]},
        {"categories": ["no such category"]},
    ],
    ids=["all", "channels", "region", "categories", "everything", "nothing"],
)
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2025, 6, 1), END),
        (date(2026, 4, 17), date(2026, 5, 15)),
        (date(2025, 11, 30), date(2026, 2, 2)),
        (date(2026, 3, 1), date(2026, 4, 1)),
        (date(2030, 1, 1), date(2030, 2, 1)),
    ],
    ids=["year", "28 days", "over months", "one month", "later"],
)
@pytest.mark.parametrize("name", SINGLE)
def test_a_question_of_marts_has_the_answer_of_single_lines(
    scopes: tuple[Scope, Scope], name: str, start: date, end: date, slices: dict[str, Sequence[str]]
) -> None:
    marts, lines = scopes
    more: dict[str, Any] = {"best_sellers": 100, "minimum_orders": 2} if name.endswith("together") else {}
    asked = {"start_date": start, "end_date": end, **slices, **more}
    found, expected = (scope.ask(name, **asked).rows() for scope in (marts, lines))
    assert found == expected
    if start.year < 2030 and "no such category" not in slices.get("categories", ()) and slices != {"regions": ["UK"]}:
        assert found or name.endswith("together")
