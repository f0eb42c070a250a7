-- title:   Cloud costs by day and tag
-- grain:   one row per charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, billing_currency
-- source:  lake
-- note:    A charge with several tags stands under each of them: costs add up within one key only. A charge without a
--          tag stands under none.
select
    charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, billing_currency,
    cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(contracted_cost) as decimal(38, 12)) as contracted_cost
from (
    select
        spend.charge_date, spend.service_name, spend.sub_account_id, spend.charge_category, spend.billing_currency,
        spend.billed_cost, spend.effective_cost, spend.list_cost, spend.contracted_cost, tag.tag_key,
        element_at(cast(json_parse(spend.tags) as map(varchar, varchar)), tag.tag_key) as tag_value
    from scoped_spend as spend
    cross join unnest(map_keys(cast(json_parse(spend.tags) as map(varchar, varchar)))) as tag (tag_key)
) as tagged
group by charge_date, tag_key, tag_value, service_name, sub_account_id, charge_category, billing_currency
