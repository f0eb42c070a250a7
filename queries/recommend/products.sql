-- title:   Products as last described, and when they were last seen
-- grain:   one row per product_id
-- source:  lake
-- param:   start_date date  First day on which a product must have been seen since
select product_id, product_name, category, cast(last_seen as date) as last_seen
from products
where cast(last_seen as date) >= :start_date
