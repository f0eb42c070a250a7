-- title:   The bill by service, with tax and credits apart
-- grain:   one row per billing_currency, service_name
-- source:  lake
-- note:    An estimate knows neither tax nor credits nor corrections: they are rows of their own, so that the rest can be compared with it.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    coalesce(billing_currency, '(none)') as billing_currency,
    coalesce(service_name, '(none)') as service_name,
    cast(sum(case when charge_category in ('Usage', 'Purchase') and coalesce(charge_class, '') <> 'Correction' then effective_cost else 0 end) as decimal(38, 12)) as effective_cost,
    cast(sum(case when charge_category in ('Usage', 'Purchase') and coalesce(charge_class, '') <> 'Correction' then 0 else effective_cost end) as decimal(38, 12)) as apart,
    count(distinct charge_date) as days
from daily_spend
where charge_date >= :start_date
    and charge_date < :end_date
group by 1, 2
order by 1, 2
