-- title:   Events, each once
-- grain:   one row per namespace, event_id
-- source:  lake
-- note:    Made of the new raw events and what the lake already holds under the same ids. An id is that of its namespace:
--          the equal id of another sender is another event. The copy received first is kept, but one that a secret key
--          sent before one of a public key, which anybody may have sent; copies counts all of them. The day is the one
--          in the reporting time zone.
-- param:   reporting_time_zone str  The lake's reporting time zone
with ranked as (
    -- repeated ids are few: only they pay for a window. Copies that were received at the same instant and differ are put
    -- in the order of all they say, so that the same one is kept whatever order they are read in
    select
        event_id, event_type, occurred_at, received_at, source, namespace, public, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, rounded, free_order,
        row_number() over (
            partition by namespace, event_id
            order by
                public, received_at, occurred_at, event_type, source, customer_id, session_id, product_id, quantity,
                unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name,
                category_path, brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
                recommendation_request_id, attributes, rounded, free_order
        ) as arrival
    from (
        select
            raw_events.event_id, raw_events.event_type, raw_events.occurred_at, raw_events.received_at,
            raw_events.source, raw_events.namespace, raw_events.public, raw_events.customer_id,
            raw_events.session_id, raw_events.product_id, raw_events.quantity, raw_events.unit_price,
            raw_events.currency, raw_events.order_id, raw_events.channel, raw_events.device, raw_events.region,
            raw_events.store_id, raw_events.campaign, raw_events.product_name, raw_events.category_path,
            raw_events.brand, raw_events.unit_cost, raw_events.recommendation_surface,
            raw_events.recommendation_model, raw_events.recommendation_rank, raw_events.recommendation_request_id,
            raw_events.attributes, raw_events.rounded, raw_events.free_order
        from raw_events
        inner join repeated_ids
            on raw_events.namespace = repeated_ids.namespace and raw_events.event_id = repeated_ids.event_id
        union all
        select
            event_id, event_type, occurred_at, received_at, source, namespace, public, customer_id, session_id,
            product_id, quantity, unit_price, currency, order_id, channel, device, region, store_id, campaign,
            product_name, category_path, brand, unit_cost, recommendation_surface, recommendation_model,
            recommendation_rank, recommendation_request_id, attributes, rounded, free_order
        from known_events
    ) as copies_of_repeated
),

kept as (
    select
        raw_events.event_id, raw_events.event_type, raw_events.occurred_at, raw_events.received_at,
        raw_events.source, raw_events.namespace, raw_events.public, raw_events.customer_id, raw_events.session_id,
        raw_events.product_id, raw_events.quantity, raw_events.unit_price, raw_events.currency, raw_events.order_id,
        raw_events.channel, raw_events.device, raw_events.region, raw_events.store_id, raw_events.campaign,
        raw_events.product_name, raw_events.category_path, raw_events.brand, raw_events.unit_cost,
        raw_events.recommendation_surface, raw_events.recommendation_model, raw_events.recommendation_rank,
        raw_events.recommendation_request_id, raw_events.attributes, raw_events.rounded, raw_events.free_order,
        cast(1 as bigint) as copies
    from raw_events
    left join repeated_ids
        on raw_events.namespace = repeated_ids.namespace and raw_events.event_id = repeated_ids.event_id
    where repeated_ids.event_id is null
    union all
    select
        ranked.event_id, ranked.event_type, ranked.occurred_at, ranked.received_at, ranked.source, ranked.namespace,
        ranked.public, ranked.customer_id, ranked.session_id, ranked.product_id, ranked.quantity, ranked.unit_price,
        ranked.currency, ranked.order_id, ranked.channel, ranked.device, ranked.region, ranked.store_id,
        ranked.campaign, ranked.product_name, ranked.category_path, ranked.brand, ranked.unit_cost,
        ranked.recommendation_surface, ranked.recommendation_model, ranked.recommendation_rank,
        ranked.recommendation_request_id, ranked.attributes, ranked.rounded, ranked.free_order,
        repeated_ids.copies
    from ranked
    inner join repeated_ids on ranked.namespace = repeated_ids.namespace and ranked.event_id = repeated_ids.event_id
    where ranked.arrival = 1
)

select
    event_id, event_type, occurred_at, received_at, source, namespace, public, customer_id, session_id, product_id, quantity,
    unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name,
    split_part(category_path, '/', 1) as category, category_path, brand, unit_cost, recommendation_surface,
    recommendation_model, recommendation_rank, recommendation_request_id, attributes, rounded, free_order, copies,
    cast((occurred_at at time zone 'UTC') at time zone :reporting_time_zone as date) as event_date
from kept
