-- title:   Products in one order, by day, channel and region
-- grain:   one row per order_date, product_id, other_product_id, category, other_category, channel, region, currency
-- source:  lake
-- note:    Two products are a pair where one order has a purchase line of a positive amount for each, on the same day, in
--          the same channel and region. The first of a pair is the one whose id comes first.
with baskets as (
    select namespace, order_id, order_date, product_id, channel, region, currency, max(category) as category
    from scoped_order_lines
    where counted
        and event_type = 'purchase'
        and amount > 0
        and product_id is not null
    group by namespace, order_id, order_date, product_id, channel, region, currency
)

select
    first_line.order_date,
    first_line.product_id,
    second_line.product_id as other_product_id,
    first_line.currency,
    count(*) as orders,
    first_line.channel,
    first_line.region,
    first_line.category,
    second_line.category as other_category,
    cast(date_trunc('month', first_line.order_date) as date) as order_month
from baskets as first_line
inner join baskets as second_line
    on first_line.namespace = second_line.namespace
    and first_line.order_id = second_line.order_id
    and first_line.order_date = second_line.order_date
    and first_line.currency = second_line.currency
    and first_line.channel is not distinct from second_line.channel
    and first_line.region is not distinct from second_line.region
    and first_line.product_id < second_line.product_id
group by
    first_line.order_date, first_line.product_id, second_line.product_id, first_line.currency, first_line.channel,
    first_line.region, first_line.category, second_line.category
