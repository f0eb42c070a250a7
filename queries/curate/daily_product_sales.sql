-- title:   Sales by day, product, channel and region
-- grain:   one row per order_date, product_id, category, channel, region, currency
-- source:  lake
-- note:    Kept by month and sorted by product; names and brands stand in products. Orders are those with a purchase line
--          of a positive amount. Cost is null where no line's cost is known.
select
    order_date,
    product_id,
    category,
    channel,
    region,
    currency,
    cast(sum(case when event_type = 'purchase' then amount else 0 end) as decimal(38, 4)) as gross_revenue,
    cast(sum(case when event_type = 'refund' then -amount else 0 end) as decimal(38, 4)) as refunds,
    cast(sum(cost) as decimal(38, 4)) as cost,
    cast(sum(case when cost is null then amount else 0 end) as decimal(38, 4)) as net_revenue_without_cost,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as decimal(18, 3)) as units,
    count(distinct case when event_type = 'purchase' and amount > 0 then concat(namespace, '/', order_id) end) as orders,
    cast(date_trunc('month', order_date) as date) as order_month
from scoped_order_lines
where counted
group by order_date, product_id, category, channel, region, currency
