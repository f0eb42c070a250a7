-- title:   Effective cost by day and what allocation rules look at
-- grain:   one row per billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tag_value
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   tag_key    str  The tag that costs are allocated by
with tag_sets as (
    -- charges of a day share few sets of tags: each is read once
    select
        billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tags,
        sum(effective_cost) as effective_cost
    from spend
    where charge_date >= :start_date
        and charge_date < :end_date
    group by billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tags
),
tagged as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        coalesce(service_name, '') as service_name,
        coalesce(usage_type, '') as usage_type,
        coalesce(sub_account_id, '') as sub_account_id,
        coalesce(charge_category, '') as charge_category,
        coalesce(element_at(try(cast(json_parse(tags) as map(varchar, varchar))), :tag_key), '') as tag_value,
        effective_cost
    from tag_sets
)
select
    billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tag_value,
    cast(coalesce(sum(effective_cost), 0) as decimal(38, 12)) as effective_cost,
    cast(sum(case when effective_cost is null then 1 else 0 end) as bigint) as without_cost
from tagged
group by billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tag_value
order by billing_currency, charge_date, service_name, usage_type, sub_account_id, charge_category, tag_value
