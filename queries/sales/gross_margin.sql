-- title:   Gross margin
-- grain:   one row
-- source:  warehouse
-- term:    Gross margin = net revenue − cost of goods, over the lines whose unit cost is known. Where it is not, the
--          margin is unknown for that share of net revenue, and the share is shown; it is never taken as 0.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with sold as (
    select net_revenue, net_revenue_without_cost, cost
    from monthly_sales
    where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and order_month < cast(date_trunc('month', :end_date) as date)
        and currency = :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select net_revenue, net_revenue_without_cost, cost
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
    coalesce(sum(net_revenue), 0) as net_revenue,
    coalesce(sum(net_revenue) - sum(net_revenue_without_cost), 0) as net_revenue_with_cost,
    coalesce(sum(cost), 0) as cost,
    coalesce(sum(net_revenue) - sum(net_revenue_without_cost) - sum(cost), 0) as gross_margin
from sold
