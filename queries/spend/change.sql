-- title:   What changed between two periods
-- grain:   one row per billing_currency, service_name, usage_type, region_id, sub_account_id, pricing_unit, kind
-- source:  lake
-- question: change
-- question: charges/change where selected_spend = selected_charges:
--          What changed between two periods, of some resources or tags
-- term:    Quantity effect = (quantity now − quantity before) × the mean of the unit price before and now: what using more or
--          less changed. One of Bennet's two indicators (T. L. Bennet, 1920; W. E. Diewert, Index Number Theory Using
--          Differences Rather Than Ratios, 2005); both add up to the change exactly and favour neither.
-- term:    Price effect = (unit price now − unit price before) × the mean of the quantity before and now; the unit price is
--          cost ÷ quantity of a service, usage type, region, account and unit, discounts and commitments included.
-- term:    New spend = cost of a service, usage type, region, account and unit that was not charged before at all.
-- term:    Gone spend = cost of what was charged before and is not any more; negative.
-- note:    The period is compared with another one. Charges and charges_before are 0 where a line is missing, not only free.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   before_start date  First day of the other period, included
-- param:   before_end date  Day after its last one, not included
-- param:   basis      str  billed, effective, list or contracted
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
        sum(charges) as charges
    from selected_spend
    where (
        (charge_date >= :start_date and charge_date < :end_date)
        or (charge_date >= :before_start and charge_date < :before_end)
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
