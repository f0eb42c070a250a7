-- title:   Customers of affected orders, before and now
-- grain:   one row per customer_id
-- source:  lake
-- note:    Which order is a customer's first can change with any of them.
select customer_id from new_order_lines where customer_id is not null
union
select earlier_orders.customer_id
from earlier_orders
inner join affected_orders
    on earlier_orders.namespace = affected_orders.namespace and earlier_orders.order_id = affected_orders.order_id
where earlier_orders.customer_id is not null
