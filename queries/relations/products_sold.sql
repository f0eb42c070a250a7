-- title:   Sales of products that a reader chose: of whole months, and of the days of the months that the period cuts
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select product_id, category, gross_revenue, refunds, units, orders, cost, net_revenue_without_cost
from monthly_product_sales
where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
    and order_month < cast(date_trunc('month', :end_date) as date)
    and currency = :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
union all
select product_id, category, gross_revenue, refunds, units, orders, cost, net_revenue_without_cost
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
