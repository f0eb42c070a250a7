-- title:   Customers who were here last
-- grain:   one row per customer_id
-- source:  lake
-- note:    The newest ones, with what they did on these days.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    customer_id,
    max(ended_at) as last_seen,
    cast(sum(views) as bigint) as views,
    cast(sum(purchases) as bigint) as purchases
from sessions
where session_date >= :start_date
    and session_date < :end_date
    and customer_id is not null
group by customer_id
order by last_seen desc, customer_id
limit 25
