-- title:   Charges (FOCUS)
-- grain:   one row per charge_period_start, service_name, sku_id, resource_id
-- source:  lake
-- note:    A charge belongs to the UTC day its charge period starts on: providers bill in UTC. A charge without a usage
--          type of its own is known by its SKU.
select
    billed_cost, effective_cost, list_cost, contracted_cost, billing_currency, billing_account_id,
    billing_account_name, billing_period_start, billing_period_end, charge_period_start, charge_period_end,
    charge_category, charge_class, charge_frequency, charge_description, provider_name, publisher_name,
    invoice_issuer_name, service_category, service_name, sku_id, sku_price_id,
    coalesce(usage_type, sku_id) as usage_type,
    operation, sub_account_id, sub_account_name, region_id, region_name, availability_zone, resource_id,
    resource_name, resource_type, pricing_category, pricing_quantity, pricing_unit, list_unit_price,
    contracted_unit_price, consumed_quantity, consumed_unit, commitment_discount_id, commitment_discount_name,
    commitment_discount_category, commitment_discount_type, commitment_discount_status, tags,
    coalesce(estimated, false) as estimated,
    coalesce(source, 'focus') as source,
    cast(charge_period_start as date) as charge_date
from raw_spend
