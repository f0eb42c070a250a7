-- title:   Usage and commitments, by service and usage type
-- grain:   one row per billing_currency, service_name, usage_type, pricing_category, commitment_discount_status
-- source:  lake
-- term:    Commitment coverage = list cost of usage covered by a commitment discount ÷ list cost of usage that one could
--          cover (FinOps Foundation KPI, percent of compute spend covered by commitment discounts; here of every service
--          that sells commitments). List cost, because it is the same for covered and uncovered usage.
-- term:    Commitment utilisation = effective cost of the used part of commitments ÷ effective cost of the used and the
--          unused part (FOCUS CommitmentDiscountStatus Used and Unused); 1 − the FinOps Foundation's percentage of
--          commitment discount waste.
-- note:    Usage only, corrections left out.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
with used as (
    select
        billing_currency,
        service_name,
        usage_type,
        pricing_category,
        commitment_discount_status,
        sum(list_cost) as list_cost,
        sum(effective_cost) as effective_cost,
        sum(case when list_cost is null then charges else 0 end) as charges_without_list_cost
    from daily_spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and charge_category = 'Usage'
        and coalesce(charge_class, '(none)') <> 'Correction'
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(region_id, '(none)') in (:cloud_regions)
    group by 1, 2, 3, 4, 5
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    coalesce(service_name, '(none)') as service_name,
    coalesce(usage_type, '(none)') as usage_type,
    coalesce(pricing_category, '(none)') as pricing_category,
    coalesce(commitment_discount_status, '(none)') as commitment_discount_status,
    sum(list_cost) as list_cost,
    sum(effective_cost) as effective_cost,
    cast(sum(charges_without_list_cost) as bigint) as charges_without_list_cost
from used
group by 1, 2, 3, 4, 5
order by billing_currency, service_name, usage_type, pricing_category, commitment_discount_status
