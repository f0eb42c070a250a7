-- title:   Executive figures by day, channel and region
-- grain:   one row per day, channel, region
-- source:  lake
-- note:    For dashboards of other tools, which filter and sum: average order value and conversion rate are quotients of sums.
-- param:   reporting_currency str  The lake's reporting currency
select
    day,
    channel,
    region,
    sum(net_revenue) as net_revenue,
    cast(sum(orders) as bigint) as orders,
    cast(sum(sessions) as bigint) as sessions,
    cast(sum(sessions_with_purchase) as bigint) as sessions_with_purchase
from (
    select
        order_date as day,
        channel,
        region,
        gross_revenue - refunds as net_revenue,
        0 as orders,
        0 as sessions,
        0 as sessions_with_purchase
    from daily_sales
    where currency = :reporting_currency
    union all
    select
        order_date as day,
        channel,
        region,
        cast(0 as decimal(38, 4)) as net_revenue,
        orders,
        0 as sessions,
        0 as sessions_with_purchase
    from daily_orders
    where currency = :reporting_currency
    union all
    select
        session_date as day,
        channel,
        region,
        cast(0 as decimal(38, 4)) as net_revenue,
        0 as orders,
        sessions,
        sessions_with_purchase
    from daily_traffic
) as figures
group by day, channel, region
order by day, channel, region
