-- title:   Sales by day, channel, device, region, category and currency
-- grain:   one row per order_date, channel, device, region, category, currency
-- source:  lake
-- note:    For questions about devices: the others read daily_sales, a third of the rows. Revenue without cost is the net
--          revenue of lines whose cost is not known, of which the gross margin cannot speak: mostly 0, and so a tenth of the
--          bytes that the revenue with cost would take. For the same reason questions that read gross revenue and refunds
--          take the net revenue from both.
select
    order_date,
    channel,
    device,
    region,
    category,
    currency,
    cast(sum(case when event_type = 'purchase' then amount else 0 end) as decimal(38, 4)) as gross_revenue,
    cast(sum(case when event_type = 'refund' then -amount else 0 end) as decimal(38, 4)) as refunds,
    cast(sum(amount) as decimal(38, 4)) as net_revenue,
    cast(coalesce(sum(cost), 0) as decimal(38, 4)) as cost,
    cast(sum(case when cost is null then amount else 0 end) as decimal(38, 4)) as net_revenue_without_cost,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as decimal(18, 3)) as units,
    count(*) as lines
from scoped_order_lines
where counted
group by order_date, channel, device, region, category, currency
