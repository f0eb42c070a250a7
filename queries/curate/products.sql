-- title:   Products as last described
-- grain:   one row per product_id
-- source:  lake
-- note:    Name, category, brand and unit cost each come from the latest event that carries them; the column ending in
--          _at says when that was, so that what is known merges with what arrives.
with sightings as (
    select
        product_id,
        case when product_name is not null then occurred_at end as product_name_at,
        case when category_path is not null then occurred_at end as category_at,
        case when brand is not null then occurred_at end as brand_at,
        case when unit_cost is not null then occurred_at end as unit_cost_at,
        occurred_at as first_seen,
        occurred_at as last_seen
    from changed_events
    where product_id is not null
    union all
    select product_id, product_name_at, category_at, brand_at, unit_cost_at, first_seen, last_seen
    from known_products
),

latest as (
    select
        product_id,
        max(product_name_at) as product_name_at,
        max(category_at) as category_at,
        max(brand_at) as brand_at,
        max(unit_cost_at) as unit_cost_at,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen
    from sightings
    group by product_id
),

-- few events describe their product
descriptions as (
    select
        product_id,
        product_name,
        case when product_name is not null then occurred_at end as product_name_at,
        category_path,
        case when category_path is not null then occurred_at end as category_at,
        brand,
        case when brand is not null then occurred_at end as brand_at,
        unit_cost,
        case when unit_cost is not null then occurred_at end as unit_cost_at
    from changed_events
    where coalesce(product_name, category_path, brand) is not null or unit_cost is not null
    union all
    select
        product_id, product_name, product_name_at, category_path, category_at, brand, brand_at, unit_cost, unit_cost_at
    from known_products
)

-- two descriptions of the same instant: the greater text wins, whatever order they arrived in
select
    latest.product_id,
    max(case when descriptions.product_name_at = latest.product_name_at then descriptions.product_name end)
        as product_name,
    split_part(
        max(case when descriptions.category_at = latest.category_at then descriptions.category_path end), '/', 1
    ) as category,
    max(case when descriptions.category_at = latest.category_at then descriptions.category_path end) as category_path,
    max(case when descriptions.brand_at = latest.brand_at then descriptions.brand end) as brand,
    max(case when descriptions.unit_cost_at = latest.unit_cost_at then descriptions.unit_cost end) as unit_cost,
    latest.product_name_at,
    latest.category_at,
    latest.brand_at,
    latest.unit_cost_at,
    latest.first_seen,
    latest.last_seen
from latest
left join descriptions on latest.product_id = descriptions.product_id
group by
    latest.product_id, latest.product_name_at, latest.category_at, latest.brand_at, latest.unit_cost_at,
    latest.first_seen, latest.last_seen
