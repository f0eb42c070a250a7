-- title:   Sales by month, product, channel and region
-- grain:   one row per order_month, product_id, category, channel, region, currency
-- source:  lake
-- note:    For the whole months of a period; its other days are in daily_product_sales.
select
    order_month,
    product_id,
    category,
    channel,
    region,
    currency,
    cast(sum(gross_revenue) as decimal(38, 4)) as gross_revenue,
    cast(sum(refunds) as decimal(38, 4)) as refunds,
    cast(sum(cost) as decimal(38, 4)) as cost,
    cast(sum(net_revenue_without_cost) as decimal(38, 4)) as net_revenue_without_cost,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(sum(orders) as bigint) as orders
from scoped_daily_product_sales
group by order_month, product_id, category, channel, region, currency
