-- title:   Orders by day
-- grain:   one row per order_date
-- source:  warehouse
-- term:    Orders = distinct order ids with a line of positive amount, or a free one that says it counts, on the day of the
--          first purchase line.
-- term:    First orders = orders that are their customer's first; anonymous orders are never first.
-- term:    Unconfirmed = orders sent with a public key alone, where the lake counts them only once a secret key has sent a
--          line of them; in no total.
-- term:    Average order value (AOV) = net revenue ÷ orders.
-- term:    Units per order = units ÷ orders.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    order_date,
    cast(sum(orders) as bigint) as orders,
    cast(sum(first_orders) as bigint) as first_orders,
    cast(sum(unconfirmed_orders) as bigint) as unconfirmed_orders,
    cast(sum(unconfirmed_revenue) as decimal(38, 4)) as unconfirmed_revenue
from daily_orders
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and region in (:regions)
group by order_date
order by order_date
