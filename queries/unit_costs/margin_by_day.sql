-- title:   Gross margin by day
-- grain:   one row per order_date
-- source:  lake
-- term:    Unit cost = effective cost of the cloud ÷ a business count of the same days, such as orders; the whole cost,
--          split into direct, shared and unallocated.
-- term:    Direct cost = cost that an allocation rule gives to one business function.
-- term:    Shared cost = cost that an allocation rule splits among business functions, by a driver or by fixed shares.
-- term:    Unallocated cost = cost that no rule fits, and shared cost on a day whose driver counts nothing.
-- term:    Margin after cloud = gross margin − effective cost of the cloud.
-- term:    Fixed share of cost = what a day costs without any volume ÷ what it costs at the usual volume, both by a straight
--          line through the days (median of all slopes; Theil 1950, Sen 1968).
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   reporting_currency str  The lake's reporting currency
select
    order_date,
    sum(net_revenue) as net_revenue,
    sum(net_revenue) - sum(net_revenue_without_cost) as net_revenue_with_cost,
    sum(cost) as cost
from daily_sales
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
group by order_date
order by order_date
