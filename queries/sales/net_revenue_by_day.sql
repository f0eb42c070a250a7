-- title:   Net revenue by day
-- grain:   one row per order_date
-- source:  warehouse
-- term:    Net revenue = gross revenue − refunds, in the reporting currency.
-- term:    Gross revenue = the sum of quantity × unit price over purchase lines.
-- term:    Refunds = the sum of quantity × unit price over refund lines, on the day of the refund.
-- term:    Refund rate = refunds ÷ gross revenue.
-- term:    Units = the sum of quantities over purchase lines.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    order_date,
    sum(gross_revenue) - sum(refunds) as net_revenue,
    sum(gross_revenue) as gross_revenue,
    sum(refunds) as refunds,
    sum(cost) as cost,
    sum(gross_revenue) - sum(refunds) - sum(net_revenue_without_cost) as net_revenue_with_cost,
    cast(sum(units) as decimal(18, 3)) as units
from daily_sales
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
group by order_date
order by order_date
