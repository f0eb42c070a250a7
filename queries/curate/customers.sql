-- title:   Customers
-- grain:   one row per customer_id
-- source:  lake
-- note:    Orders are placed orders; net revenue is the sum over them and over refunds without a known purchase. Orders that
--          wait for a secret key to confirm them are left out.
-- param:   reporting_currency str  The lake's reporting currency
with sightings as (
    select customer_id, occurred_at as first_seen, occurred_at as last_seen
    from changed_events
    where customer_id is not null
    union all
    select customer_id, first_seen, last_seen
    from known_customers
),

seen as (
    select customer_id, min(first_seen) as first_seen, max(last_seen) as last_seen
    from sightings
    group by customer_id
),

bought as (
    select
        customer_id,
        min(case when placed then order_date end) as first_order_date,
        max(case when placed then order_date end) as last_order_date,
        sum(case when placed then 1 else 0 end) as orders,
        sum(case when currency = :reporting_currency and confirmed then net_revenue end) as net_revenue
    from scoped_orders
    where customer_id is not null
    group by customer_id
)

select
    seen.customer_id,
    seen.first_seen,
    seen.last_seen,
    bought.first_order_date,
    bought.last_order_date,
    cast(coalesce(bought.orders, 0) as bigint) as orders,
    cast(coalesce(bought.net_revenue, 0) as decimal(38, 4)) as net_revenue,
    case
        when bought.orders > 1
            then cast(date_diff('day', bought.first_order_date, bought.last_order_date) as double) / (bought.orders - 1)
    end as days_between_orders
from seen
left join bought on seen.customer_id = bought.customer_id
