-- title:   Customers whose row can change
-- grain:   one row per customer_id
-- source:  lake
select customer_id from new_events where customer_id is not null
union
select customer_id from withdrawn where customer_id is not null
union
select customer_id from affected_buyers
