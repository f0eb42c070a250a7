-- title:   Views and cart adds by product
-- grain:   one row per product_id
-- source:  lake
-- term:    Cart rate = cart adds ÷ product views.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
with seen as (
    select product_id, views, cart_adds
    from monthly_interest
    where event_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and event_month < cast(date_trunc('month', :end_date) as date)
        and channel in (:channels)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select product_id, views, cart_adds
    from daily_interest
    where event_month >= cast(date_trunc('month', :start_date) as date)
        and event_month < :end_date
        and (
            event_month < cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
            or event_month >= cast(date_trunc('month', :end_date) as date)
        )
        and event_date >= :start_date
        and event_date < :end_date
        and channel in (:channels)
        and region in (:regions)
),

interest as (
    select
        product_id,
        cast(sum(views) as bigint) as views,
        cast(sum(cart_adds) as bigint) as cart_adds
    from seen
    group by product_id
)

select
    interest.product_id,
    products.product_name,
    products.category,
    interest.views,
    interest.cart_adds
from interest
inner join products on interest.product_id = products.product_id
where products.category in (:categories)
order by interest.views desc, interest.product_id
