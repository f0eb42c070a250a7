-- title:   Spend by day and the largest values of a tag
-- grain:   one row per billing_currency, charge_date, place
-- source:  lake
-- note:    Place is the value's rank in the whole period; 0 holds all values beyond, and what does not carry the key.
--          Estimated is null: the table does not say which part of a day is.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   basis      str  billed, effective, list or contracted
-- param:   most       int  How many values, the largest ones, are listed by name
-- param:   tag_key    str  The tag's key
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   charges    str*  Charge categories; empty for all
with tagged as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        tag_value as value,
        sum(case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end) as cost
    from daily_spend_tags
    where charge_date >= :start_date
        and charge_date < :end_date
        and tag_key = :tag_key
        and tag_value <> ''
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(charge_category, '(none)') in (:charges)
    group by 1, 2, 3
),

ranked as (
    select billing_currency, value, row_number() over (partition by billing_currency order by sum(cost) desc, value) as place
    from tagged
    group by billing_currency, value
),

parts as (
    select
        tagged.billing_currency,
        tagged.charge_date,
        case when ranked.place <= :most then cast(ranked.place as integer) else 0 end as place,
        case when ranked.place <= :most then tagged.value end as value,
        tagged.cost
    from tagged
    inner join ranked on tagged.billing_currency = ranked.billing_currency and tagged.value = ranked.value
    union all
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        0 as place,
        cast(null as varchar) as value,
        case :basis
            when 'billed' then billed_cost
            when 'effective' then effective_cost
            when 'list' then list_cost
            when 'contracted' then contracted_cost
        end as cost
    from daily_spend
    where charge_date >= :start_date
        and charge_date < :end_date
        and coalesce(billing_currency, '(none)') in (:currencies)
        and coalesce(service_name, '(none)') in (:services)
        and coalesce(sub_account_id, '(none)') in (:accounts)
        and coalesce(charge_category, '(none)') in (:charges)
    union all
    select billing_currency, charge_date, 0 as place, cast(null as varchar) as value, -cost as cost
    from tagged
)

select
    billing_currency,
    charge_date,
    place,
    max(value) as value,
    cast(null as varchar) as label,
    sum(cost) as cost,
    cast(null as integer) as estimated
from parts
group by billing_currency, charge_date, place
order by billing_currency, charge_date, place
