-- title:   Buyers by product
-- grain:   one row per product_id
-- source:  warehouse
-- term:    Buyers = distinct customers with a purchase; anonymous orders have none.
-- note:    Reads every order line of the period: a customer who buys on two days is one buyer, so that no mart can add
--          them up.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    coalesce(product_id, '(none)') as product_id,
    count(distinct case when event_type = 'purchase' then customer_id end) as buyers
from order_lines
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
group by 1
order by buyers desc, product_id
