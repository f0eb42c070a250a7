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
with sold as (
    -- not the relation of this name: the currency is asked where files are read, so that those of one currency are skipped
    select currency, net_revenue, lines
    from monthly_sales
    where order_month >= cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
        and order_month < cast(date_trunc('month', :end_date) as date)
        and currency <> :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
    union all
    -- the days of the months that the period cuts
    select currency, net_revenue, lines
    from daily_sales
    where order_date >= :start_date
        and order_date < :end_date
        and (
            order_date < cast(date_trunc('month', :start_date - interval '1' day) + interval '1' month as date)
            or order_date >= cast(date_trunc('month', :end_date) as date)
        )
        and currency <> :reporting_currency
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
)

select currency, sum(net_revenue) as net_revenue, cast(sum(lines) as bigint) as lines
from sold
group by currency
order by currency
