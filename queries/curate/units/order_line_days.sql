-- title:   Days of the events that make the lines of affected orders
-- grain:   one row per order_date
-- source:  lake
select order_date from known_order_lines
union
select event_date from new_events where event_type in ('purchase', 'refund')
