-- title:   A customer
-- grain:   one row per customer_id
-- source:  lake
-- param:   customer_id str  The customer
select customer_id, first_seen, last_seen, orders, net_revenue
from customers
where customer_id = :customer_id
