-- title:   Net revenue by product
-- grain:   one row per product_id
-- source:  warehouse
-- note:    The narrow reading of `products/sales`: names come from the products, which are stored once.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with sold as (
    select product_id, gross_revenue, refunds
    from monthly_product_sales
    where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and order_month < cast(date_trunc('month', :end_date) as date)
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select product_id, gross_revenue, refunds
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
    select product_id, sum(gross_revenue) - sum(refunds) as net_revenue
    from sold
    group by product_id
)

select
    coalesce(totals.product_id, '(none)') as product_id,
    products.product_name,
    totals.net_revenue
from totals
left join products on totals.product_id = products.product_id
order by totals.net_revenue desc, product_id
