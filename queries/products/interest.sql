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
    events.product_id,
    max(products.product_name) as product_name,
    max(products.category) as category,
    cast(sum(case when events.event_type = 'product_view' then 1 else 0 end) as bigint) as views,
    cast(sum(case when events.event_type = 'cart_add' then 1 else 0 end) as bigint) as cart_adds
from events
inner join products on events.product_id = products.product_id
where events.event_date >= :start_date
    and events.event_date < :end_date
    and events.event_type in ('product_view', 'cart_add')
    and events.channel in (:channels)
    and products.category in (:categories)
    and events.region in (:regions)
group by events.product_id
order by views desc, product_id
