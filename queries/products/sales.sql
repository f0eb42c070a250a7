-- title:   Sales by product
-- grain:   one row per product_id
-- source:  warehouse
-- term:    Buyers = distinct customers with a purchase; anonymous orders have none.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    coalesce(product_id, '(none)') as product_id,
    max(product_name) as product_name,
    max(category) as category,
    max(brand) as brand,
    sum(amount) as net_revenue,
    sum(case when event_type = 'purchase' then amount else 0 end) as gross_revenue,
    sum(case when event_type = 'refund' then -amount else 0 end) as refunds,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as bigint) as units,
    count(distinct case when event_type = 'purchase' and amount > 0 then order_id end) as orders,
    count(distinct case when event_type = 'purchase' then customer_id end) as buyers,
    sum(cost) as cost,
    sum(case when cost is not null then amount else 0 end) as net_revenue_with_cost
from order_lines
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and category in (:categories)
    and region in (:regions)
group by 1
order by net_revenue desc, product_id
