-- title:   Orders by day, channel, device, region and currency
-- grain:   one row per order_date, channel, device, region, currency
-- source:  lake
-- note:    Orders are placed orders; those that wait for a secret key to confirm them are counted on their own.
select
    order_date,
    channel,
    device,
    region,
    currency,
    cast(sum(case when placed then 1 else 0 end) as bigint) as orders,
    cast(sum(case when first_order then 1 else 0 end) as bigint) as first_orders,
    cast(sum(case when placed then units else 0 end) as decimal(18, 3)) as units,
    cast(sum(case when confirmed then 0 else 1 end) as bigint) as unconfirmed_orders,
    cast(sum(case when confirmed then 0 else gross_revenue end) as decimal(38, 4)) as unconfirmed_revenue
from scoped_orders
where placed or not confirmed
group by order_date, channel, device, region, currency
