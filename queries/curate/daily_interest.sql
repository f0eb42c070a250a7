-- title:   Views and cart adds by day, product, channel and region
-- grain:   one row per event_date, product_id, channel, region
-- source:  lake
-- note:    Kept by month: a year of them is a tenth of the events, and a page asks for any span of days.
select
    event_date,
    product_id,
    channel,
    region,
    cast(sum(case when event_type = 'product_view' then 1 else 0 end) as bigint) as views,
    cast(sum(case when event_type = 'cart_add' then 1 else 0 end) as bigint) as cart_adds,
    cast(date_trunc('month', event_date) as date) as event_month
from scoped_events
where event_type in ('product_view', 'cart_add')
    and product_id is not null
group by event_date, product_id, channel, region
