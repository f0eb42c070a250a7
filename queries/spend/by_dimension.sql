-- title:   Spend by service, account, region, usage type or another dimension
-- grain:   one row per billing_currency, kind, value
-- source:  lake
-- question: by_dimension
-- question: charges/by_dimension where selected_spend = selected_charges:
--          Charges by service, account, region, usage type or resource, of some resources or tags
-- note:    Kind is the charge category, but for corrections: charges of class Correction, and of category Adjustment
--          (what FOCUS 1.0 calls neither usage, purchase, tax nor credit; refunds in older exports) are rows of their own.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   dimension  str  service, service_category, account, cloud_region, usage_type, charge, pricing, provider, and of charges resource or tag
with charged as (
    select
        billing_currency,
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
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(charges) as charges
    from selected_spend
    where charge_date >= :start_date
        and charge_date < :end_date
    group by 1, 2, 3, 4
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Correction'
        else coalesce(charge_category, '(none)')
    end as kind,
    coalesce(value, '(none)') as value,
    max(label) as label,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost,
    cast(sum(charges) as bigint) as charges
from charged
group by 1, 2, 3
order by billing_currency, kind, value
