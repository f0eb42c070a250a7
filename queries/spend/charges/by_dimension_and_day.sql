-- title:   Charges by day and the largest values of a dimension, of some resources or tags
-- grain:   one row per billing_currency, charge_date, place
-- source:  lake
-- note:    Place is the value's rank by usage and purchases in the whole period; 0 holds all values beyond, −1 tax, credits
--          and corrections.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   basis      str  billed, effective, list or contracted
-- param:   most       int  How many values, the largest ones, stand by name
-- param:   dimension  str  service, service_category, account, cloud_region, usage_type, charge, pricing, provider, resource or tag
-- param:   by_tag     str?  The tag key that dimension tag is about
-- param:   currencies str*  Billing currencies; empty for all: each stands in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   service_categories str*  Service categories; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
-- param:   usage_types str*  Usage types; empty for all
-- param:   charges    str*  Charge categories; empty for all
-- param:   providers  str*  Providers; empty for all
-- param:   pricing    str*  Pricing categories; empty for all
-- param:   resources str*  Resources; empty for all
-- param:   tag_key    str?  A tag's key; null for any
-- param:   tag_values str*  The tag's values; empty for all
-- param:   tag_text   str?  Text that the tags of every such charge hold, so that the others need not be read; null for any
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
            when 'tag' then coalesce(
                nullif(element_at(try(cast(json_parse(tags) as map(varchar, varchar))), :by_tag), ''), '(untagged)'
            )
        end as value,
        max(case :dimension when 'account' then sub_account_name when 'resource' then coalesce(resource_type || '/' || resource_name, resource_name) end) as label,
        sum(case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end) as cost,
        max(case when estimated then 1 else 0 end) as estimated
    from spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(service_category, '(none)') in (:service_categories)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(region_id, '(none)') in (:cloud_regions)
        and coalesce(usage_type, '(none)') in (:usage_types)
        and coalesce(charge_category, '(none)') in (:charges)
        and coalesce(provider_name, '(none)') in (:providers)
        and coalesce(pricing_category, '(none)') in (:pricing)
        and (:tag_text is null or strpos(tags, :tag_text) > 0)
        and coalesce(resource_id, '(none)') in (:resources)
        and (
            :tag_key is null
            or coalesce(nullif(element_at(try(cast(json_parse(tags) as map(varchar, varchar))), :tag_key), ''), '(untagged)')
                in (:tag_values)
        )
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
