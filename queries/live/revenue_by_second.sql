-- title:   Net revenue and orders by second
-- grain:   one row per second
-- source:  lake
-- note:    For the hour that Live holds itself against, and for what happened before Live began to listen. An order
--          counts at its first line, as on Live.
-- param:   start_at   timestamp  First instant, included
-- param:   end_at     timestamp  First instant after the last one
-- param:   start_date date       First day that can hold such a line, included
-- param:   end_date   date       Day after the last one, not included
-- param:   reporting_currency str  The lake's reporting currency
with sales as (
    select date_trunc('second', occurred_at) as second, amount, 0 as orders
    from order_lines
    where order_date >= :start_date
        and order_date < :end_date
        and occurred_at >= :start_at
        and occurred_at < :end_at
        and currency = :reporting_currency
    union all
    select date_trunc('second', ordered_at) as second, cast(0 as decimal(38, 4)) as amount, 1 as orders
    from orders
    where order_date >= :start_date
        and order_date < :end_date
        and ordered_at >= :start_at
        and ordered_at < :end_at
        and placed
)

select second, cast(sum(amount) as decimal(38, 4)) as net_revenue, cast(sum(orders) as bigint) as orders
from sales
group by second
order by second
