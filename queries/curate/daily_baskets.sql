-- title:   Placed orders by day and the categories they hold
-- grain:   one row per order_date, channel, region, currency, first_order, basket, category
-- source:  lake
-- note:    A basket is the categories of an order, which stands once under each of them: orders add up within one
--          category, and over several once each basket is taken once.
select
    counted.order_date,
    counted.channel,
    counted.region,
    counted.currency,
    counted.first_order,
    counted.basket,
    nullif(held.category, '') as category,
    counted.orders
from (
    select
        order_date, channel, region, currency, coalesce(first_order, false) as first_order, categories as basket,
        count(*) as orders
    from scoped_orders
    where placed
    group by order_date, channel, region, currency, coalesce(first_order, false), categories
) as counted
cross join unnest(split(counted.basket, '/')) as held (category)
