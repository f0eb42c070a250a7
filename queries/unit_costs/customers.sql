-- title:   Active customers by day, and of the whole period
-- grain:   one row per session_date
-- source:  lake
-- term:    Active customers = distinct customers with a session; anonymous visitors are not among them.
-- note:    The row without a day is the whole period: a customer who comes on several days counts once in it, so that the
--          days do not add up to it. Days without a known charge in the currency are left out of both, since no cost can
--          be held against them.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currency   str   Billing currency of the charges
with charged_days as (
    select distinct charge_date
    from daily_spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and coalesce(billing_currency, '(none)') = :currency
        and effective_cost is not null
)
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
