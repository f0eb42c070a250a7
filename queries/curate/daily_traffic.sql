-- title:   Sessions by day, channel, device and region
-- grain:   one row per session_date, channel, device, region
-- source:  lake
select
    session_date,
    channel,
    device,
    region,
    count(*) as sessions,
    cast(sum(case when views > 0 then 1 else 0 end) as bigint) as sessions_with_view,
    cast(sum(case when carts > 0 then 1 else 0 end) as bigint) as sessions_with_cart,
    cast(sum(case when checkouts > 0 then 1 else 0 end) as bigint) as sessions_with_checkout,
    cast(sum(case when purchases > 0 then 1 else 0 end) as bigint) as sessions_with_purchase,
    cast(sum(case when abandoned then 1 else 0 end) as bigint) as sessions_abandoned,
    cast(sum(views) as bigint) as views,
    cast(sum(events) as bigint) as events
from scoped_sessions
group by session_date, channel, device, region
