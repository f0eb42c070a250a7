-- title:   Charges by day and service of one cost allocation tag
-- grain:   one row per charge_date, service_name, kind
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currency   str   Billing currency
-- param:   tag_key    str   Key of the tag
-- param:   tag_value  str   Its value
select
    charge_date,
    coalesce(service_name, '(none)') as service_name,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Adjustment'
        else coalesce(charge_category, '(none)')
    end as kind,
    0 as estimated,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost
from daily_spend_tags
where charge_date >= :start_date
    and charge_date < :end_date
    and coalesce(billing_currency, '(none)') = :currency
    and tag_key = :tag_key
    and tag_value = :tag_value
group by 1, 2, 3
order by charge_date, service_name, kind
