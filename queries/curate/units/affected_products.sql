-- title:   Products whose description can change
-- grain:   one row per product_id
-- source:  lake
select product_id from new_events where product_id is not null
union
select product_id from withdrawn where product_id is not null
