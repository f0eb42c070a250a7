-- title:   Charges (FOCUS)
-- grain:   one row per charge_period_start, service_name, sku_id, resource_id
-- source:  lake
-- note:    A charge belongs to the UTC day its charge period starts on: providers bill in UTC.
select
    billed_cost, effective_cost, list_cost, contracted_cost, billing_currency, billing_period_start,
    billing_period_end, charge_period_start, charge_period_end, charge_category, charge_description, provider_name,
    service_category, service_name, sku_id, sub_account_id, sub_account_name, region_id, resource_id,
    pricing_quantity, pricing_unit, consumed_quantity, consumed_unit, tags,
    cast(charge_period_start as date) as charge_date
from raw_spend
