-- title:   Net revenue by channel
-- grain:   one row per channel
-- source:  warehouse
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    coalesce(channel, '(none)') as channel,
    sum(net_revenue) as net_revenue,
    sum(gross_revenue) as gross_revenue,
    sum(refunds) as refunds,
    sum(cost) as cost,
    sum(net_revenue_with_cost) as net_revenue_with_cost,
    cast(sum(units) as bigint) as units
from daily_sales
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
group by 1
order by net_revenue desc, channel
