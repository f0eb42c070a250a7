-- title:   Net revenue in other currencies
-- grain:   one row per currency
-- source:  warehouse
-- term:    Other currencies = amounts in another currency than the reporting one: kept, shown apart, and in no total.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select currency, sum(net_revenue) as net_revenue, cast(sum(lines) as bigint) as lines
from daily_sales
where order_date >= :start_date
    and order_date < :end_date
    and currency <> :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
group by currency
order by currency
