-- title:   Order lines
-- grain:   one row per event_id
-- source:  lake
-- note:    A purchase counts positive, a refund negative, on the day it happened. What a line does not say about its
--          product comes from the product's latest description; borrowed marks such lines. ordered_on is the day of
--          the order's first purchase line, so that a refund can also be attributed to the order.
with sales as (
    select *
    from scoped_events
    where event_type in ('purchase', 'refund')
),

first_purchase as (
    select order_id, min(event_date) as ordered_on
    from sales
    where event_type = 'purchase'
    group by order_id
)

select
    sales.event_id,
    sales.order_id,
    sales.event_type,
    sales.occurred_at,
    sales.customer_id,
    sales.session_id,
    sales.product_id,
    coalesce(sales.product_name, current_products.product_name) as product_name,
    coalesce(sales.category, current_products.category) as category,
    coalesce(sales.category_path, current_products.category_path) as category_path,
    coalesce(sales.brand, current_products.brand) as brand,
    sales.channel,
    sales.device,
    sales.region,
    sales.store_id,
    sales.campaign,
    sales.currency,
    sales.quantity,
    sales.unit_price,
    cast(
        cast(case when sales.event_type = 'refund' then -sales.quantity else sales.quantity end as decimal(19, 0))
        * sales.unit_price as decimal(38, 4)
    ) as amount,
    cast(
        cast(case when sales.event_type = 'refund' then -sales.quantity else sales.quantity end as decimal(19, 0))
        * coalesce(sales.unit_cost, current_products.unit_cost) as decimal(38, 4)
    ) as cost,
    sales.recommendation_model,
    sales.recommendation_request_id,
    sales.product_name is null or sales.category is null or sales.brand is null or sales.unit_cost is null as borrowed,
    coalesce(first_purchase.ordered_on, sales.event_date) as ordered_on,
    sales.event_date as order_date
from sales
left join current_products on sales.product_id = current_products.product_id
left join first_purchase on sales.order_id = first_purchase.order_id
