-- title:   Views and cart adds by month, product, channel and region
-- grain:   one row per event_month, product_id, channel, region
-- source:  lake
-- note:    For the whole months of a period; its other days are in daily_interest.
select
    event_month,
    product_id,
    channel,
    region,
    cast(sum(views) as bigint) as views,
    cast(sum(cart_adds) as bigint) as cart_adds
from scoped_daily_interest
group by event_month, product_id, channel, region
