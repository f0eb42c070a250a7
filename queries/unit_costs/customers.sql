-- title:   Active customers by day, and of the whole period
-- grain:   one row per session_date
-- source:  lake
-- term:    Active customers = distinct customers with a session; anonymous visitors are not among them.
-- note:    The row without a day is the whole period: a customer who comes on several days counts once in it, so that the
--          days do not add up to it. Days without a known charge in the currency are left out of both, since no cost can
--          be held against them.
select session_date, count(distinct customer_id) as customers
from daily_customers
where session_month >= cast(date_trunc('month', :start_date) as date)
    and session_month < :end_date
    and session_date >= :start_date
    and session_date < :end_date
    and session_date in (select charge_date from charged_days)
group by grouping sets ((session_date), ())
having count(*) > 0
order by session_date
