-- title:   Sales by product
-- grain:   one row per product_id
-- source:  warehouse
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with sold as (
    select
        product_id, category, gross_revenue, refunds, units, orders, cost, net_revenue_without_cost
    from monthly_product_sales
    where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and order_month < cast(date_trunc('month', :end_date) as date)
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select
        product_id, category, gross_revenue, refunds, units, orders, cost, net_revenue_without_cost
    from daily_product_sales
    where order_month >= cast(date_trunc('month', :start_date) as date)
        and order_month < :end_date
        and (
            order_month < cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
            or order_month >= cast(date_trunc('month', :end_date) as date)
        )
        and order_date >= :start_date
        and order_date < :end_date
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
),

totals as (
    select
        product_id,
        max(category) as category,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds,
        sum(units) as units,
        sum(orders) as orders,
        sum(cost) as cost,
        sum(net_revenue_without_cost) as net_revenue_without_cost
    from sold
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
    cast(totals.units as bigint) as units,
    cast(totals.orders as bigint) as orders,
    totals.cost,
    totals.gross_revenue - totals.refunds - totals.net_revenue_without_cost as net_revenue_with_cost
from totals
left join products on totals.product_id = products.product_id
order by net_revenue desc, product_id
