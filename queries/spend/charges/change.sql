-- title:   What changed between two periods, of some resources or tags
-- grain:   one row per billing_currency, service_name, usage_type, region_id, sub_account_id, pricing_unit, kind
-- source:  lake
-- note:    The period is held against another one. Charges and charges_before tell a line of cost 0 from one that is not there.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   before_start date  First day of the other period, included
-- param:   before_end date  Day after its last one, not included
-- param:   basis      str  billed, effective, list or contracted
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
with lines as (
    select
        billing_currency,
        service_name,
        usage_type,
        region_id,
        sub_account_id,
        pricing_unit,
        charge_category,
        charge_class,
        charge_date >= :start_date and charge_date < :end_date as is_now,
        charge_date >= :before_start and charge_date < :before_end as is_before,
        sum(case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end) as cost,
        sum(pricing_quantity) as quantity,
        count(*) as charges
    from spend
    where (
        (charge_date >= :start_date and charge_date < :end_date)
        or (charge_date >= :before_start and charge_date < :before_end)
    )
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
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    coalesce(service_name, '(none)') as service_name,
    coalesce(usage_type, '(none)') as usage_type,
    coalesce(region_id, '(none)') as region_id,
    coalesce(sub_account_id, '(none)') as sub_account_id,
    coalesce(pricing_unit, '(none)') as pricing_unit,
    case
        when charge_class = 'Correction' or charge_category = 'Adjustment' then 'Correction'
        else coalesce(charge_category, '(none)')
    end as kind,
    sum(case when is_now then cost end) as cost,
    sum(case when is_before then cost end) as cost_before,
    sum(case when is_now then quantity end) as quantity,
    sum(case when is_before then quantity end) as quantity_before,
    cast(sum(case when is_now then charges else 0 end) as bigint) as charges,
    cast(sum(case when is_before then charges else 0 end) as bigint) as charges_before
from lines
group by 1, 2, 3, 4, 5, 6, 7
order by billing_currency, service_name, usage_type, region_id, sub_account_id, pricing_unit, kind
