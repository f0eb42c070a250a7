-- title:   Products bought together
-- grain:   one row per product_id, other_product_id
-- source:  warehouse
-- term:    Support = orders with both products of a pair ÷ orders.
-- term:    Confidence = orders with both products of a pair ÷ orders with the first.
-- term:    Lift = confidence ÷ share of orders with the second product; 1 means chance, 3 three times as often.
-- note:    Pairs are made of the best-selling products only. With a category filter both products are in one of the
--          categories, and orders are those that hold one of them.
-- param:   best_sellers int  How many best-selling products are paired
-- param:   minimum_orders int  Pairs in fewer orders are left out
with totals as (
    select cast(sum(orders) as bigint) as orders
    from (
        select distinct order_date, channel, region, first_order, basket, orders
        from daily_baskets
        where order_date >= :start_date
            and order_date < :end_date
            and currency = :reporting_currency
            and channel in (:channels)
            and category in (:categories)
            and region in (:regions)
    ) as baskets
),

pairs as (
    select product_id, other_product_id, cast(sum(orders) as bigint) as orders
    from daily_pairs
    where order_month >= cast(date_trunc('month', :start_date) as date)
        and order_month < :end_date
        and order_date >= :start_date
        and order_date < :end_date
        and currency = :reporting_currency
        and channel in (:channels)
        and region in (:regions)
        and category in (:categories)
        and other_category in (:categories)
    group by product_id, other_product_id
),

sellers as (
    select product_id, orders
    from (
        select
            product_id,
            cast(sum(orders) as bigint) as orders,
            row_number() over (order by sum(orders) desc, product_id) as place
        from products_sold
        where product_id is not null
        group by product_id
        having sum(orders) > 0
    ) as ranked
    where place <= :best_sellers
),

-- the sellers are joined once to both products of a pair: a CTE that is named twice is read twice
ends as (
    select
        pairs.product_id,
        pairs.other_product_id,
        pairs.orders,
        side.place,
        case when side.place = 1 then pairs.product_id else pairs.other_product_id end as seller_id
    from pairs
    cross join (values (1), (2)) as side (place)
    where pairs.orders >= :minimum_orders
),

paired as (
    select
        ends.product_id,
        ends.other_product_id,
        ends.orders,
        max(case when ends.place = 1 then sellers.orders end) as first_orders,
        max(case when ends.place = 2 then sellers.orders end) as second_orders
    from ends
    inner join sellers on ends.seller_id = sellers.product_id
    group by ends.product_id, ends.other_product_id, ends.orders
    having count(*) = 2
)

select
    paired.product_id,
    first_product.product_name,
    paired.other_product_id,
    second_product.product_name as other_product_name,
    paired.orders,
    cast(paired.orders as double) / totals.orders as support,
    cast(paired.orders as double) / paired.first_orders as confidence,
    cast(paired.orders as double) * totals.orders / (cast(paired.first_orders as double) * paired.second_orders) as lift
from paired
cross join totals
left join products as first_product on paired.product_id = first_product.product_id
left join products as second_product on paired.other_product_id = second_product.product_id
order by lift desc, paired.orders desc, paired.product_id, paired.other_product_id
limit 200
