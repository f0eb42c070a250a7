-- title:   Order lines that are attributed to a recommendation
-- grain:   one row per namespace, event_id
-- source:  lake
-- note:    Last touch within 7 days. A counted purchase line belongs to the latest click on a recommendation of its product
--          that is not after it and not more than 7 times 24 hours before it, by the same customer, or in the same session
--          where the click or the line does not say who it is. Without such a click it belongs to the recommendation that it
--          names itself, if any; clicked_at is null then. Of clicks at the same instant the one whose event id comes last
--          counts. A counted refund line belongs where the first attributed purchase line of the same order and product does.
with touching as (
    -- a click counts once for its customer and once for its session
    select
        case when side.place = 1 then concat('c:', customer_id) else concat('s:', namespace, '/', session_id) end as visitor,
        customer_id, product_id, occurred_at, event_id, namespace,
        recommendation_surface as surface,
        recommendation_model as model
    from scoped_events
    cross join (values (1), (2)) as side (place)
    where event_type = 'recommendation_click'
        and product_id is not null
        and case when side.place = 1 then customer_id else session_id end is not null
),

bought as (
    select
        case when side.place = 1 then concat('c:', customer_id) else concat('s:', namespace, '/', session_id) end as visitor,
        customer_id, product_id, occurred_at, event_id, namespace
    from scoped_order_lines
    cross join (values (1), (2)) as side (place)
    where counted
        and event_type = 'purchase'
        and product_id is not null
        and case when side.place = 1 then customer_id else session_id end is not null
),

clicked as (
    select
        bought.namespace,
        bought.event_id,
        touching.occurred_at as clicked_at,
        touching.surface,
        touching.model,
        row_number() over (
            partition by bought.namespace, bought.event_id
            order by touching.occurred_at desc, touching.event_id desc, touching.namespace desc
        ) as place
    from bought
    inner join touching
        on bought.visitor = touching.visitor
        and bought.product_id = touching.product_id
        and touching.occurred_at <= bought.occurred_at
        and touching.occurred_at >= bought.occurred_at - interval '7' day
        and (
            bought.customer_id is null
            or touching.customer_id is null
            or bought.customer_id = touching.customer_id
        )
),

-- the last click comes before what a line names, also where the click does not say of which surface it is
chosen as (
    select
        namespace, event_id, clicked_at, surface, model,
        row_number() over (partition by namespace, event_id order by choice) as place
    from (
        select namespace, event_id, clicked_at, surface, model, 1 as choice
        from clicked
        where place = 1
        union all
        select
            namespace, event_id, cast(null as timestamp(6)) as clicked_at, recommendation_surface as surface,
            recommendation_model as model, 2 as choice
        from scoped_events
        where event_type = 'purchase'
            and coalesce(recommendation_surface, recommendation_model, recommendation_request_id) is not null
    ) as choices
),

purchases as (
    select scoped_order_lines.*, chosen.surface, chosen.model, chosen.clicked_at
    from scoped_order_lines
    inner join chosen
        on scoped_order_lines.namespace = chosen.namespace
        and scoped_order_lines.event_id = chosen.event_id
        and chosen.place = 1
    where scoped_order_lines.counted
        and scoped_order_lines.event_type = 'purchase'
),

refunds as (
    select scoped_order_lines.*, firsts.surface, firsts.model, firsts.clicked_at
    from scoped_order_lines
    inner join (
        select
            namespace, order_id, product_id, surface, model, clicked_at,
            row_number() over (
                partition by namespace, order_id, product_id
                order by occurred_at, event_id
            ) as place
        from purchases
    ) as firsts
        on scoped_order_lines.namespace = firsts.namespace
        and scoped_order_lines.order_id = firsts.order_id
        and scoped_order_lines.product_id = firsts.product_id
        and firsts.place = 1
    where scoped_order_lines.counted
        and scoped_order_lines.event_type = 'refund'
),

lines as (
    select * from purchases
    union all
    select * from refunds
)

select
    event_id, namespace, order_id, event_type, occurred_at, product_id, category, channel, region, currency, quantity, amount,
    cost, free_order, surface, model, clicked_at, order_date
from lines
