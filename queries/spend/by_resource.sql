-- title:   Spend by resource
-- grain:   one row per billing_currency, value
-- source:  lake
-- note:    The most expensive resources; what no resource is named for, such as tax and support, is (none).
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
with resources as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        coalesce(resource_id, '(none)') as value,
        coalesce(max(resource_type) || '/' || max(resource_name), max(resource_name)) as label,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        cast(sum(charges) as bigint) as charges,
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
    group by 1, 2
),

ranked as (
    select
        billing_currency, value, label, billed_cost, effective_cost, list_cost, contracted_cost, charges,
        row_number() over (partition by billing_currency order by cost desc, value) as place
    from resources
)

select billing_currency, value, label, billed_cost, effective_cost, list_cost, contracted_cost, charges
from ranked
where place <= :most
order by billing_currency, place
