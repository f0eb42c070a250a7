-- title:   Net revenue by product
-- grain:   one row per product_id
-- source:  warehouse
-- note:    The narrow reading of `products/sales`: names come from the products, which are stored once.
with totals as (
    select product_id, sum(gross_revenue) - sum(refunds) as net_revenue
    from products_sold
    group by product_id
)

select
    coalesce(totals.product_id, '(none)') as product_id,
    products.product_name,
    totals.net_revenue
from totals
left join products on totals.product_id = products.product_id
order by totals.net_revenue desc, product_id
