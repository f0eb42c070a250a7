-- title:   Order lines
-- grain:   one row per namespace, event_id
-- source:  lake
-- note:    A purchase counts positive, a refund negative, on the day it happened. What a line does not say about its
--          product comes from the product's latest description; borrowed marks such lines. ordered_on is the day of
--          the order's first purchase line, so that a refund can also be attributed to the order.
--          counted is false for lines that no sum holds: the purchase lines of a public key once a secret key has sent
--          purchase lines of the same order, and, where the lake asks for it, all of an order until a secret key has sent a
--          line of it.
-- param:   confirm_public_orders bool  Whether orders of public keys count only once a secret key has confirmed them
with sales as (
    select *
    from scoped_events
    where event_type in ('purchase', 'refund')
),

sent_orders as (
    select
        namespace,
        order_id,
        min(case when event_type = 'purchase' then event_date end) as first_purchase,
        min(case when event_type = 'purchase' and not public then event_date end) as first_secret_purchase,
        max(case when public then 0 else 1 end) = 1 as confirmed
    from sales
    group by namespace, order_id
)

select
    sales.event_id,
    sales.namespace,
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
        cast(case when sales.event_type = 'refund' then -sales.quantity else sales.quantity end as decimal(19, 3))
        * sales.unit_price as decimal(38, 4)
    ) as amount,
    cast(
        cast(case when sales.event_type = 'refund' then -sales.quantity else sales.quantity end as decimal(19, 3))
        * coalesce(sales.unit_cost, current_products.unit_cost) as decimal(38, 4)
    ) as cost,
    sales.free_order,
    sales.recommendation_model,
    sales.recommendation_request_id,
    sales.product_name is null or sales.category is null or sales.brand is null or sales.unit_cost is null as borrowed,
    not (sales.public and sales.event_type = 'purchase' and sent_orders.first_secret_purchase is not null)
    and (sent_orders.confirmed or not :confirm_public_orders) as counted,
    coalesce(sent_orders.first_secret_purchase, sent_orders.first_purchase, sales.event_date) as ordered_on,
    sales.event_date as order_date
from sales
left join current_products on sales.product_id = current_products.product_id
inner join sent_orders on sales.namespace = sent_orders.namespace and sales.order_id = sent_orders.order_id
