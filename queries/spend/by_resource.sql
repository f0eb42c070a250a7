-- title:   Spend by resource
-- grain:   one row per billing_currency, value
-- source:  lake
-- note:    The most expensive resources; what no resource is named for, such as tax and support, is (none).
-- param:   most       int  How many values, the largest ones, are listed by name
with resources as (
    select
        coalesce(billing_currency, '(none)') as billing_currency,
        coalesce(resource_id, '(none)') as value,
        coalesce(max(resource_type) || '/' || max(resource_name), max(resource_name)) as label,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        cast(sum(charges) as bigint) as charges,
        sum(cost) as cost
    from selected_resources
    group by 1, 2
),

ranked as (
    select
        billing_currency, value, label, billed_cost, effective_cost, list_cost, contracted_cost, charges,
        row_number() over (partition by billing_currency order by cost desc, value) as place
    from resources
)

select billing_currency, value, label, billed_cost, effective_cost, list_cost, contracted_cost, charges
from ranked
where place <= :most
order by billing_currency, place
