-- title:   Charges by day and service, for budgets and forecasts
-- grain:   one row per charge_date, service_name, kind
-- source:  lake
-- term:    Month-end forecast = charges booked this month + the days to come by the mean of two exponential smoothings and
--          weekday medians, weighed with the month's mean so far, + tax at the rate of the months before; what comes on
--          firsts of months is expected on the next.
-- term:    Run-rate = charges of the month so far ÷ days so far × days of the month.
-- note:    Kind is the charge category, but for corrections, which say nothing about another day. Estimated is 1 where the
--          provider may still change a charge of that day.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currency   str   Billing currency
-- param:   services   str*  Services; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
select
    charge_date,
    coalesce(service_name, '(none)') as service_name,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Adjustment'
        else coalesce(charge_category, '(none)')
    end as kind,
    max(case when estimated then 1 else 0 end) as estimated,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost
from daily_spend
where charge_date >= :start_date
    and charge_date < :end_date
    and coalesce(billing_currency, '(none)') = :currency
    and coalesce(service_name, '(none)') in (:services)
    and coalesce(sub_account_id, '(none)') in (:accounts)
group by 1, 2, 3
order by charge_date, service_name, kind
