-- title:   Spend by the values of a tag
-- grain:   one row per billing_currency, value
-- source:  lake
-- note:    What does not carry the key, or carries it empty, is (untagged); tax, credits and corrections are among it where
--          the provider does not tag them.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   tag_key    str  The tag's key
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   charges    str*  Charge categories; empty for all
with tagged as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        tag_value as value,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost
    from daily_spend_tags
    where charge_date >= :start_date
        and charge_date < :end_date
        and tag_key = :tag_key
        and tag_value <> ''
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(charge_category, '(none)') in (:charges)
    group by 1, 2
),

parts as (
    select billing_currency, value, billed_cost, effective_cost, list_cost, contracted_cost
    from tagged
    union all
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        '(untagged)' as value,
        billed_cost,
        effective_cost,
        list_cost,
        contracted_cost
    from daily_spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(charge_category, '(none)') in (:charges)
    union all
    select billing_currency, '(untagged)' as value, -billed_cost, -effective_cost, -list_cost, -contracted_cost
    from tagged
)

select
    billing_currency,
    value,
    sum(billed_cost) as billed_cost,
    sum(effective_cost) as effective_cost,
    sum(list_cost) as list_cost,
    sum(contracted_cost) as contracted_cost
from parts
group by billing_currency, value
order by billing_currency, value
