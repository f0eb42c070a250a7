-- title:   Usage by day, service and usage type, for anomalies
-- grain:   one row per charge_date, service_name, usage_type
-- source:  lake
-- term:    Spend anomaly = consecutive days on which a usage type lies more than five usual spreads over the median of its
--          last six same weekdays; its money at stake is actual − expected over those days.
-- note:    Corrections are left out: they belong to other days.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currency   str   Billing currency
select
    charge_date,
    coalesce(service_name, '(none)') as service_name,
    coalesce(usage_type, '(none)') as usage_type,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost
from daily_spend
where charge_date >= :start_date
    and charge_date < :end_date
    and coalesce(billing_currency, '(none)') = :currency
    and charge_category = 'Usage'
    and coalesce(charge_class, '') <> 'Correction'
    and coalesce(service_name, '(none)') <> 'Tax'
group by 1, 2, 3
order by charge_date, service_name, usage_type
