-- title:   Sales that a reader chose: of whole months, and of the days of the months that the period cuts
-- question: sold where place = region
-- question: sold_by_device where place = device, daily_sales = daily_device_sales, monthly_sales = monthly_device_sales
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    channel, category, place, currency, currency = :reporting_currency as is_reported, gross_revenue, refunds, net_revenue,
    cost, net_revenue_without_cost, units, lines
from monthly_sales
where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
    and order_month < cast(date_trunc('month', :end_date) as date)
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
union all
select
    channel, category, place, currency, currency = :reporting_currency as is_reported, gross_revenue, refunds, net_revenue,
    cost, net_revenue_without_cost, units, lines
from daily_sales
where order_date >= :start_date
    and order_date < :end_date
    and (
        order_date < cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        or order_date >= cast(date_trunc('month', :end_date) as date)
    )
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
