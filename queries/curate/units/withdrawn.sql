-- title:   Events as they were, where another copy is kept now
-- grain:   one row per namespace, event_id
-- source:  lake
-- note:    A copy that was received earlier can arrive later with other content. How often, when and from where an event
--          arrived is no content.
select
    event_id, event_type, occurred_at, namespace, public, customer_id, session_id, product_id, quantity, unit_price,
    currency, order_id, channel, device, region, store_id, campaign, product_name, category, category_path, brand,
    unit_cost, recommendation_surface, recommendation_model, recommendation_rank, recommendation_request_id, attributes,
    rounded, free_order, event_date
from known_events
except
select
    new_events.event_id, new_events.event_type, new_events.occurred_at, new_events.namespace, new_events.public,
    new_events.customer_id, new_events.session_id, new_events.product_id, new_events.quantity, new_events.unit_price,
    new_events.currency, new_events.order_id, new_events.channel, new_events.device, new_events.region,
    new_events.store_id, new_events.campaign, new_events.product_name, new_events.category, new_events.category_path,
    new_events.brand, new_events.unit_cost, new_events.recommendation_surface, new_events.recommendation_model,
    new_events.recommendation_rank, new_events.recommendation_request_id, new_events.attributes, new_events.rounded,
    new_events.free_order, new_events.event_date
from new_events
inner join known_events
    on new_events.namespace = known_events.namespace and new_events.event_id = known_events.event_id
