-- title:   When a customer was last here
-- grain:   one row
-- source:  lake
-- note:    In the regions that the reader may see.
-- param:   customer_id str   The customer
-- param:   start_date  date  First day, included
-- param:   end_date    date  Day after the last one, not included
select max(session_date) as last_day
from daily_customers
where customer_id = :customer_id
    and session_date >= :start_date
    and session_date < :end_date
