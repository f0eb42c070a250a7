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
with placed as (
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
