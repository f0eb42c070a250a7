-- title:   Events, each once
-- grain:   one row per event_id
-- source:  lake
-- note:    Arrivals are the new raw events and what the lake already holds under the same ids. The copy received first
--          is kept; copies counts all of them. The day is the one in the reporting time zone.
-- param:   reporting_time_zone str  The lake's reporting time zone
with arrivals as (
    select event_id, cast(1 as bigint) as copies
    from raw_events
    union all
    select event_id, copies
    from known_events
),

repeated as (
    select event_id, sum(copies) as copies
    from arrivals
    group by event_id
    having count(*) > 1
),

-- repeated ids are few: only they pay for a window. Copies that were received at the same instant and differ are put in
-- the order of all they say, so that the same one is kept whatever order they are read in
ranked as (
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes,
        row_number() over (
            partition by event_id
            order by
                received_at, occurred_at, event_type, source, customer_id, session_id, product_id, quantity,
                unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name,
                category_path, brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
                recommendation_request_id, attributes
        ) as arrival
    from (
        select
            event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
            unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
            brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
            recommendation_request_id, attributes
        from raw_events
        where event_id in (select repeated.event_id from repeated)
        union all
        select
            event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
            unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
            brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
            recommendation_request_id, attributes
        from known_events
    ) as copies_of_repeated
),

kept as (
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, cast(1 as bigint) as copies
    from raw_events
    where event_id not in (select repeated.event_id from repeated)
    union all
    select
        ranked.event_id, ranked.event_type, ranked.occurred_at, ranked.received_at, ranked.source,
        ranked.customer_id, ranked.session_id, ranked.product_id, ranked.quantity, ranked.unit_price,
        ranked.currency, ranked.order_id, ranked.channel, ranked.device, ranked.region, ranked.store_id,
        ranked.campaign, ranked.product_name, ranked.category_path, ranked.brand, ranked.unit_cost,
        ranked.recommendation_surface, ranked.recommendation_model, ranked.recommendation_rank,
        ranked.recommendation_request_id, ranked.attributes,
        cast(repeated.copies as bigint) as copies
    from ranked
    inner join repeated on ranked.event_id = repeated.event_id
    where ranked.arrival = 1
)

select
    event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
    unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name,
    split_part(category_path, '/', 1) as category, category_path, brand, unit_cost, recommendation_surface,
    recommendation_model, recommendation_rank, recommendation_request_id, attributes, copies,
    cast((occurred_at at time zone 'UTC') at time zone :reporting_time_zone as date) as event_date
from kept
