-- title:   Orders that can change
-- grain:   one row per namespace, order_id
-- source:  lake
select namespace, order_id from affected_orders
union
select namespace, order_id
from earlier_orders
where customer_id in (select customer_id from affected_buyers)
