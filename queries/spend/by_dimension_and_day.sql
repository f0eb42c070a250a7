-- title:   Spend by day and the largest values of a dimension
-- grain:   one row per billing_currency, charge_date, place
-- source:  lake
-- question: by_dimension_and_day
-- question: charges/by_dimension_and_day where selected_spend = selected_charges:
--          Charges by day and the largest values of a dimension, of some resources or tags
-- note:    Place is the value's rank by usage and purchases in the whole period; 0 holds all values beyond, −1 tax, credits
--          and corrections.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   basis      str  billed, effective, list or contracted
-- param:   most       int  How many values, the largest ones, are listed by name
-- param:   dimension  str  service, service_category, account, cloud_region, usage_type, charge, pricing, provider, and of charges resource or tag
with charged as (
    select
        billing_currency,
        charge_date,
        charge_category,
        charge_class,
        case :dimension
            when 'service' then service_name
            when 'service_category' then service_category
            when 'account' then sub_account_id
            when 'cloud_region' then region_id
            when 'usage_type' then usage_type
            when 'charge' then charge_category
            when 'pricing' then pricing_category
            when 'provider' then provider_name
            when 'resource' then resource_id
            when 'tag' then tag_value
        end as value,
        max(case :dimension when 'account' then sub_account_name when 'resource' then resource_label end) as label,
        sum(case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end) as cost,
        max(case when estimated then 1 else 0 end) as estimated
    from selected_spend
    where charge_date >= :start_date
        and charge_date < :end_date
    group by 1, 2, 3, 4, 5
),

costs as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        coalesce(charge_category, '(none)') not in ('Tax', 'Credit', 'Adjustment')
            and coalesce(charge_class, '(none)') <> 'Correction' as is_usage,
        coalesce(value, '(none)') as value,
        label,
        cost,
        estimated
    from charged
),

ranked as (
    select billing_currency, value, row_number() over (partition by billing_currency order by sum(cost) desc, value) as place
    from costs
    where is_usage
    group by billing_currency, value
)

select
    costs.billing_currency,
    costs.charge_date,
    case
        when not costs.is_usage then -1
        when ranked.place <= :most then cast(ranked.place as integer)
        else 0
    end as place,
    max(case when costs.is_usage and ranked.place <= :most then costs.value end) as value,
    max(case when costs.is_usage and ranked.place <= :most then costs.label end) as label,
    sum(costs.cost) as cost,
    max(costs.estimated) as estimated
from costs
left join ranked on costs.billing_currency = ranked.billing_currency and costs.value = ranked.value
group by 1, 2, 3
order by billing_currency, charge_date, place
