-- title:   Last day with anything that recommendations are learnt from
-- grain:   one row
-- source:  lake
select max(day) as last_day
from (
    select max(event_date) as day from daily_interest
    union all
    select max(order_date) as day from daily_product_sales
) as days
