-- title:   Spend by day and the most expensive resources
-- grain:   one row per billing_currency, charge_date, place
-- source:  lake
-- note:    Place is the resource's rank in the whole period; 0 holds all resources beyond.
--          Estimated is null: the table does not say which part of a day is.
-- param:   most       int  How many values, the largest ones, are listed by name
with costs as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        charge_date,
        coalesce(resource_id, '(none)') as value,
        coalesce(max(resource_type) || '/' || max(resource_name), max(resource_name)) as label,
        sum(cost) as cost
    from selected_resources
    group by 1, 2, 3
),

ranked as (
    select billing_currency, value, row_number() over (partition by billing_currency order by sum(cost) desc, value) as place
    from costs
    group by billing_currency, value
)

select
    costs.billing_currency,
    costs.charge_date,
    case when ranked.place <= :most then cast(ranked.place as integer) else 0 end as place,
    max(case when ranked.place <= :most then costs.value end) as value,
    max(case when ranked.place <= :most then costs.label end) as label,
    sum(costs.cost) as cost,
    cast(null as integer) as estimated
from costs
inner join ranked on costs.billing_currency = ranked.billing_currency and costs.value = ranked.value
group by 1, 2, 3
order by billing_currency, charge_date, place
