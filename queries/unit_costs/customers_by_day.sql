-- title:   Active customers by day
-- grain:   one row per session_date
-- source:  lake
-- term:    Active customers = distinct customers with a session; anonymous visitors are not among them.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select session_date, count(distinct customer_id) as customers
from sessions
where session_date >= :start_date
    and session_date < :end_date
group by session_date
order by session_date
