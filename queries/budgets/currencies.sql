-- title:   Billing currencies of the cloud bill
-- grain:   one row per billing_currency
-- source:  lake
select
    coalesce(billing_currency, '(none)') as billing_currency,
    sum(billed_cost) as billed_cost,
    min(charge_date) as first_day,
    max(charge_date) as last_day
from daily_spend
group by 1
order by billed_cost desc, billing_currency
