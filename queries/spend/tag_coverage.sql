-- title:   Usage with and without tags, by service
-- grain:   one row per billing_currency, service_name, tag_key
-- source:  lake
-- term:    Tag coverage = cost of usage that carries a tag's key with a value ÷ cost of usage (FinOps Foundation, allocation:
--          percentage of costs that are tagged).
-- term:    Unallocated share = 1 − tag coverage of the key that spend is allocated by.
-- note:    Usage is what charge category Usage says: taxes, credits and most purchases cannot be tagged. The rows with the
--          key (all) hold the cost of all usage.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
with tagged as (
    select
        billing_currency,
        service_name,
        tag_key,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost
    from daily_spend_tags
    where charge_date >= :start_date
        and charge_date < :end_date
        and charge_category = 'Usage'
        and tag_value <> ''
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
    group by 1, 2, 3
),

charged as (
    select
        billing_currency,
        service_name,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost
    from daily_spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and charge_category = 'Usage'
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
    group by 1, 2
),

parts as (
    select billing_currency, service_name, tag_key, billed_cost, effective_cost, list_cost, contracted_cost
    from tagged
    union all
    select billing_currency, service_name, '(all)' as tag_key, billed_cost, effective_cost, list_cost, contracted_cost
    from charged
)

select
    coalesce(billing_currency, '(none)') as billing_currency,
    coalesce(service_name, '(none)') as service_name,
    tag_key,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost
from parts
group by 1, 2, 3
order by billing_currency, service_name, tag_key
