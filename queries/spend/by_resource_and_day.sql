-- title:   Spend by day and the most expensive resources
-- grain:   one row per billing_currency, charge_date, place
-- source:  lake
-- note:    Place is the resource's rank in the whole period; 0 holds all resources beyond.
--          Estimated is null: the table does not say which part of a day is.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   basis      str  billed, effective, list or contracted
-- param:   most       int  How many values, the largest ones, are listed by name
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   service_categories str*  Service categories; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
-- param:   usage_types str*  Usage types; empty for all
-- param:   providers  str*  Providers; empty for all
with costs as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        coalesce(resource_id, '(none)') as value,
        coalesce(max(resource_type) || '/' || max(resource_name), max(resource_name)) as label,
        sum(case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end) as cost
    from daily_spend_resources
    where charge_month >= cast(date_trunc('month', :start_date) as date)
        and charge_month < :end_date
        and charge_date >= :start_date
        and charge_date < :end_date
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(service_category, '(none)') in (:service_categories)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(region_id, '(none)') in (:cloud_regions)
        and coalesce(usage_type, '(none)') in (:usage_types)
        and coalesce(provider_name, '(none)') in (:providers)
    group by 1, 2, 3
),

ranked as (
    select billing_currency, value, row_number() over (partition by billing_currency order by sum(cost) desc, value) as place
    from costs
    group by billing_currency, value
)

select
    costs.billing_currency,
    costs.charge_date,
    case when ranked.place <= :most then cast(ranked.place as integer) else 0 end as place,
    max(case when ranked.place <= :most then costs.value end) as value,
    max(case when ranked.place <= :most then costs.label end) as label,
    sum(costs.cost) as cost,
    cast(null as integer) as estimated
from costs
inner join ranked on costs.billing_currency = ranked.billing_currency and costs.value = ranked.value
group by 1, 2, 3
order by billing_currency, charge_date, place
