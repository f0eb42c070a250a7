-- title:   Net revenue by dimension
-- grain:   one row per dimension
-- source:  warehouse
-- question: by_category where dimension = category
-- question: by_channel where dimension = channel
-- question: by_device where dimension = device, daily_sales = daily_device_sales, monthly_sales = monthly_device_sales
-- question: by_region where dimension = region
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with sold as (
    select dimension, gross_revenue, refunds, cost, net_revenue_without_cost, units
    from monthly_sales
    where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and order_month < cast(date_trunc('month', :end_date) as date)
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select dimension, gross_revenue, refunds, cost, net_revenue_without_cost, units
    from daily_sales
    where order_date >= :start_date
        and order_date < :end_date
        and (
            order_date < cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
            or order_date >= cast(date_trunc('month', :end_date) as date)
        )
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
)

select
    coalesce(dimension, '(none)') as dimension,
    sum(gross_revenue) - sum(refunds) as net_revenue,
    sum(gross_revenue) as gross_revenue,
    sum(refunds) as refunds,
    sum(cost) as cost,
    sum(gross_revenue) - sum(refunds) - sum(net_revenue_without_cost) as net_revenue_with_cost,
    cast(sum(units) as bigint) as units
from sold
group by 1
order by net_revenue desc, dimension
