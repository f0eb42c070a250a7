-- title:   Orders by day that hold a line of some categories
-- grain:   one row per order_date
-- source:  warehouse
-- note:    With a category filter an order counts once when any of its lines with a positive amount is in one of the
--          categories.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with baskets as (
    select distinct order_date, channel, region, first_order, basket, orders
    from daily_baskets
    where order_date >= :start_date
        and order_date < :end_date
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
)

select
    order_date,
    cast(sum(orders) as bigint) as orders,
    cast(sum(case when first_order then orders else 0 end) as bigint) as first_orders
from baskets
group by order_date
order by order_date
