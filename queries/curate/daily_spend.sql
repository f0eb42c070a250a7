-- title:   Cloud costs by day and what is charged
-- grain:   one row per charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id, usage_type, charge_category, charge_class, pricing_category, commitment_discount_status, commitment_discount_type, pricing_unit, estimated, source
-- source:  lake
select
    charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id,
    usage_type, charge_category, charge_class, pricing_category, commitment_discount_status,
    commitment_discount_type, pricing_unit, estimated, source,
    cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(contracted_cost) as decimal(38, 12)) as contracted_cost,
    cast(sum(pricing_quantity) as decimal(38, 12)) as pricing_quantity,
    count(*) as charges
from scoped_spend
group by
    charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id,
    usage_type, charge_category, charge_class, pricing_category, commitment_discount_status,
    commitment_discount_type, pricing_unit, estimated, source
