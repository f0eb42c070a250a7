-- title:   Sales by product
-- grain:   one row per product_id
-- source:  warehouse
with totals as (
    select
        product_id,
        max(category) as category,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds,
        sum(units) as units,
        sum(orders) as orders,
        sum(cost) as cost,
        sum(net_revenue_without_cost) as net_revenue_without_cost
    from products_sold
    group by product_id
)

select
    coalesce(totals.product_id, '(none)') as product_id,
    products.product_name,
    totals.category,
    products.brand,
    totals.gross_revenue - totals.refunds as net_revenue,
    totals.gross_revenue,
    totals.refunds,
    cast(totals.units as decimal(18, 3)) as units,
    cast(totals.orders as bigint) as orders,
    totals.cost,
    totals.gross_revenue - totals.refunds - totals.net_revenue_without_cost as net_revenue_with_cost
from totals
left join products on totals.product_id = products.product_id
order by net_revenue desc, product_id
