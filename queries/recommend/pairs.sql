-- title:   Products in one order
-- grain:   one row per product_id, other_product_id
-- source:  lake
-- note:    The first of a pair is the one whose id comes first.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select product_id, other_product_id, cast(sum(orders) as bigint) as orders
from daily_pairs
where order_date >= :start_date
    and order_date < :end_date
group by product_id, other_product_id
