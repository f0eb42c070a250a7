-- title:   What is done with products, by day and region
-- grain:   one row per day, product_id, region
-- source:  lake
-- note:    Everybody's, visitors who are not known too. Units and orders as sold: refunds take nothing away.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
with parts as (
    select
        event_date as day,
        product_id,
        region,
        views,
        cart_adds,
        cast(0 as double) as units,
        cast(0 as bigint) as orders
    from daily_interest
    where event_date >= :start_date
        and event_date < :end_date
    union all
    select
        order_date as day,
        product_id,
        region,
        cast(0 as bigint) as views,
        cast(0 as bigint) as cart_adds,
        cast(units as double) as units,
        orders
    from daily_product_sales
    where order_date >= :start_date
        and order_date < :end_date
        and product_id is not null
)

select
    day,
    product_id,
    region,
    cast(sum(views) as bigint) as views,
    cast(sum(cart_adds) as bigint) as cart_adds,
    sum(units) as units,
    cast(sum(orders) as bigint) as orders
from parts
group by day, product_id, region
