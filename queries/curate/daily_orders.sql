-- title:   Placed orders by day, channel, device, region and currency
-- grain:   one row per order_date, channel, device, region, currency
-- source:  lake
select
    order_date,
    channel,
    device,
    region,
    currency,
    count(*) as orders,
    cast(sum(case when first_order then 1 else 0 end) as bigint) as first_orders,
    cast(sum(units) as bigint) as units
from scoped_orders
where placed
group by order_date, channel, device, region, currency
