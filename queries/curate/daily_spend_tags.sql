-- title:   Cloud costs by day and tag
-- grain:   one row per charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, charge_class, billing_currency
-- source:  lake
-- note:    A charge with several tags stands under each of them: costs add up within one key only. A charge without a
--          tag, or with tags that are no JSON object, stands under none. A tag without a value has an empty one.
with tag_sets as (
    -- charges of a day share few sets of tags: each is read once
    select
        charge_date, service_name, sub_account_id, charge_category, charge_class, billing_currency, tags,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost
    from scoped_spend
    where tags is not null
    group by charge_date, service_name, sub_account_id, charge_category, charge_class, billing_currency, tags
),
tag_maps as (
    select
        charge_date, service_name, sub_account_id, charge_category, charge_class, billing_currency, billed_cost,
        effective_cost, list_cost, contracted_cost,
        try(cast(json_parse(tags) as map(varchar, varchar))) as tag_map
    from tag_sets
),
tagged as (
    select
        tag_maps.charge_date, tag_maps.service_name, tag_maps.sub_account_id, tag_maps.charge_category,
        tag_maps.charge_class, tag_maps.billing_currency, tag_maps.billed_cost, tag_maps.effective_cost, tag_maps.list_cost,
        tag_maps.contracted_cost, tag.tag_key,
        coalesce(element_at(tag_maps.tag_map, tag.tag_key), '') as tag_value
    from tag_maps
    cross join unnest(map_keys(tag_maps.tag_map)) as tag (tag_key)
)
select
    charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, charge_class, billing_currency,
    cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(contracted_cost) as decimal(38, 12)) as contracted_cost
from tagged
group by charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, charge_class, billing_currency
