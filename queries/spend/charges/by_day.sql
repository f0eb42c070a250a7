-- title:   Charges by day, of some resources or tags
-- grain:   one row per billing_currency, charge_date, kind, estimated
-- source:  lake
-- note:    Kind is the charge category, but for corrections: charges of class Correction, and of category Adjustment
--          (what FOCUS 1.0 calls neither usage, purchase, tax nor credit; refunds in older exports) stand apart.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
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
        estimated,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(case when effective_cost is not null then list_cost end) as list_cost_with_effective,
        sum(case when list_cost is not null then effective_cost end) as effective_cost_with_list,
        sum(case when billed_cost is null then 1 else 0 end) as charges_without_billed_cost,
        sum(case when effective_cost is null then 1 else 0 end) as charges_without_effective_cost,
        sum(case when list_cost is null then 1 else 0 end) as charges_without_list_cost,
        sum(case when contracted_cost is null then 1 else 0 end) as charges_without_contracted_cost,
        count(*) as charges
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
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    charge_date,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Correction'
        else coalesce(charge_category, '(none)')
    end as kind,
    estimated,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost,
    sum(list_cost_with_effective) as list_cost_with_effective,
    sum(effective_cost_with_list) as effective_cost_with_list,
    cast(sum(charges_without_billed_cost) as bigint) as charges_without_billed_cost,
    cast(sum(charges_without_effective_cost) as bigint) as charges_without_effective_cost,
    cast(sum(charges_without_list_cost) as bigint) as charges_without_list_cost,
    cast(sum(charges_without_contracted_cost) as bigint) as charges_without_contracted_cost,
    cast(sum(charges) as bigint) as charges
from charged
group by 1, 2, 3, 4
order by billing_currency, charge_date, kind, estimated
