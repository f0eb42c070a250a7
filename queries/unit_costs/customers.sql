-- title:   Active customers by day, and of the whole period
-- grain:   one row per session_date
-- source:  lake
-- term:    Active customers = distinct customers with a session; anonymous visitors are not among them.
-- note:    The row without a day is the whole period: a customer who comes on several days counts once in it, so that the
--          days do not add up to it.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select session_date, count(distinct customer_id) as customers
from daily_customers
where session_month >= cast(date_trunc('month', :start_date) as date)
    and session_month < :end_date
    and session_date >= :start_date
    and session_date < :end_date
group by grouping sets ((session_date), ())
having count(*) > 0
order by session_date
