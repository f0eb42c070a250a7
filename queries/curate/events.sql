-- title:   Events, each once
-- grain:   one row per event_id
-- source:  lake
-- note:    Arrivals are the new raw events and what the lake already holds under the same ids. The copy received first
--          is kept; copies counts all of them. The day is the one in the reporting time zone.
-- param:   reporting_time_zone str  The lake's reporting time zone
with arrivals as (
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, cast(1 as bigint) as copies
    from raw_events
    union all
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, copies
    from known_events
),

repeated as (
    select event_id, sum(copies) as copies
    from arrivals
    group by event_id
    having count(*) > 1
),

-- repeated ids are few: only they pay for a window
ranked as (
    select
        arrivals.*,
        repeated.copies as all_copies,
        row_number() over (
            partition by arrivals.event_id
            order by
                arrivals.received_at, arrivals.occurred_at, arrivals.event_type, arrivals.order_id,
                arrivals.product_id, arrivals.customer_id, arrivals.session_id, arrivals.quantity,
                arrivals.unit_price, arrivals.source
        ) as arrival
    from arrivals
    inner join repeated on arrivals.event_id = repeated.event_id
),

kept as (
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, copies
    from arrivals
    where event_id not in (select repeated.event_id from repeated)
    union all
    select
        event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name, category_path,
        brand, unit_cost, recommendation_surface, recommendation_model, recommendation_rank,
        recommendation_request_id, attributes, cast(all_copies as bigint) as copies
    from ranked
    where arrival = 1
)

select
    event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
    unit_price, currency, order_id, channel, device, region, store_id, campaign, product_name,
    split_part(category_path, '/', 1) as category, category_path, brand, unit_cost, recommendation_surface,
    recommendation_model, recommendation_rank, recommendation_request_id, attributes, copies,
    cast((occurred_at at time zone 'UTC') at time zone :reporting_time_zone as date) as event_date
from kept
