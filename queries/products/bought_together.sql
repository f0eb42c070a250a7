-- title:   Products bought together
-- grain:   one row per product_id, other_product_id
-- source:  warehouse
-- term:    Support = orders with both products of a pair ÷ orders.
-- term:    Confidence = orders with both products of a pair ÷ orders with the first.
-- term:    Lift = confidence ÷ share of orders with the second product; 1 means chance, 3 three times as often.
-- note:    Pairs are made of the best-selling products only.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
-- param:   best_sellers int  How many best-selling products are paired
-- param:   minimum_orders int  Pairs in fewer orders are left out
with baskets as (
    select distinct order_id, product_id
    from order_lines
    where order_date >= :start_date
        and order_date < :end_date
        and event_type = 'purchase'
        and amount > 0
        and currency = :reporting_currency
        and product_id is not null
        and channel in (:channels)
        and category in (:categories)
        and region in (:regions)
),

totals as (
    select count(distinct order_id) as orders
    from baskets
),

sellers as (
    select product_id, orders
    from (
        select
            product_id,
            count(*) as orders,
            row_number() over (order by count(*) desc, product_id) as place
        from baskets
        group by product_id
    ) as ranked
    where place <= :best_sellers
),

sold as (
    select baskets.order_id, baskets.product_id
    from baskets
    inner join sellers on baskets.product_id = sellers.product_id
),

pairs as (
    select first_line.product_id, second_line.product_id as other_product_id, count(*) as orders
    from sold as first_line
    inner join sold as second_line
        on first_line.order_id = second_line.order_id
        and first_line.product_id < second_line.product_id
    group by first_line.product_id, second_line.product_id
)

select
    pairs.product_id,
    first_product.product_name,
    pairs.other_product_id,
    second_product.product_name as other_product_name,
    pairs.orders,
    cast(pairs.orders as double) / totals.orders as support,
    cast(pairs.orders as double) / first_seller.orders as confidence,
    cast(pairs.orders as double) * totals.orders / (cast(first_seller.orders as double) * second_seller.orders) as lift
from pairs
cross join totals
inner join sellers as first_seller on pairs.product_id = first_seller.product_id
inner join sellers as second_seller on pairs.other_product_id = second_seller.product_id
left join products as first_product on pairs.product_id = first_product.product_id
left join products as second_product on pairs.other_product_id = second_product.product_id
where pairs.orders >= :minimum_orders
order by lift desc, pairs.orders desc, pairs.product_id, pairs.other_product_id
limit 200
