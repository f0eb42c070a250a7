-- title:   Usage charges by day and usage type
-- grain:   one row per charge_date, service_name, usage_type, pricing_unit, billing_currency
-- source:  lake
-- term:    Realised saving = mean effective usage cost a day before a saving was accepted − the same after it, of the
--          usage types that it lowers, for a mean month of 730 hours; traffic that grew or fell meanwhile is in it.
-- note:    Usage alone: tax, credits, purchases and corrections do not show what a change saved.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    charge_date,
    coalesce(service_name, '(none)') as service_name,
    coalesce(usage_type, '(none)') as usage_type,
    coalesce(pricing_unit, '(none)') as pricing_unit,
    coalesce(billing_currency, '(none)') as billing_currency,
    sum(effective_cost) as effective_cost,
    sum(pricing_quantity) as quantity
from daily_spend
where charge_date >= :start_date
    and charge_date < :end_date
    and charge_category = 'Usage'
    and coalesce(charge_class, '') <> 'Correction'
group by 1, 2, 3, 4, 5
order by charge_date, service_name, usage_type, pricing_unit, billing_currency
