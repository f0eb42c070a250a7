-- title:   Sales by month, channel, region, category and currency
-- grain:   one row per order_month, channel, region, category, currency
-- source:  lake
-- note:    For the whole months of a period; its other days are in daily_sales.
select
    cast(date_trunc('month', order_date) as date) as order_month,
    channel,
    region,
    category,
    currency,
    cast(sum(gross_revenue) as decimal(38, 4)) as gross_revenue,
    cast(sum(refunds) as decimal(38, 4)) as refunds,
    cast(sum(net_revenue) as decimal(38, 4)) as net_revenue,
    cast(sum(cost) as decimal(38, 4)) as cost,
    cast(sum(net_revenue_without_cost) as decimal(38, 4)) as net_revenue_without_cost,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(sum(lines) as bigint) as lines
from scoped_daily_sales
group by cast(date_trunc('month', order_date) as date), channel, region, category, currency
