-- title:   Cloud costs by day and resource
-- grain:   one row per charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id, usage_type, resource_id, resource_name, resource_type, pricing_unit
-- source:  lake
select
    charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id,
    usage_type, resource_id, resource_name, resource_type, pricing_unit,
    cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
    cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
    cast(sum(list_cost) as decimal(38, 12)) as list_cost,
    cast(sum(contracted_cost) as decimal(38, 12)) as contracted_cost,
    cast(sum(pricing_quantity) as decimal(38, 12)) as pricing_quantity,
    count(*) as charges,
    cast(date_trunc('month', charge_date) as date) as charge_month
from scoped_spend
group by
    charge_date, provider_name, billing_currency, sub_account_id, sub_account_name, service_category, service_name, region_id,
    usage_type, resource_id, resource_name, resource_type, pricing_unit
