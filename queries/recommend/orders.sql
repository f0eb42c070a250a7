-- title:   Orders placed
-- grain:   one row
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select count(*) as orders
from orders
where order_date >= :start_date
    and order_date < :end_date
    and placed
