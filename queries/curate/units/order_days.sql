-- title:   Days of the lines of orders that can change
-- grain:   one row per order_date
-- source:  lake
select distinct current_order_lines.order_date
from current_order_lines
inner join affected_purchases
    on current_order_lines.namespace = affected_purchases.namespace
    and current_order_lines.order_id = affected_purchases.order_id
