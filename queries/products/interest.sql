-- title:   Views and cart adds by product
-- grain:   one row per product_id
-- source:  lake
-- term:    Cart rate = cart adds ÷ product views.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
select
    daily_interest.product_id,
    max(products.product_name) as product_name,
    max(products.category) as category,
    cast(sum(daily_interest.views) as bigint) as views,
    cast(sum(daily_interest.cart_adds) as bigint) as cart_adds
from daily_interest
inner join products on daily_interest.product_id = products.product_id
where daily_interest.event_month >= cast(date_trunc('month', :start_date) as date)
    and daily_interest.event_month < :end_date
    and daily_interest.event_date >= :start_date
    and daily_interest.event_date < :end_date
    and daily_interest.channel in (:channels)
    and products.category in (:categories)
    and daily_interest.region in (:regions)
group by daily_interest.product_id
order by views desc, product_id
