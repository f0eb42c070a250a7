-- title:   Active customers of a period
-- grain:   one row
-- source:  lake
-- note:    A customer who comes on several days counts once: the days do not add up to the period.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select count(distinct customer_id) as customers
from sessions
where session_date >= :start_date
    and session_date < :end_date
